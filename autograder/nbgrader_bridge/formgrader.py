"""Make Formgrader show every name as text.

nbgrader's templates print names as they are, and its answers in JSON are sent as HTML. So a name with an element in it
would run a script in the instructor's Jupyter. The kit lets no such name in, but a gradebook may have others, which
`nbgrader db student import` brings.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import jinja2

_FORMGRADER = "nbgrader.server_extensions.formgrader"
_IN_A_SCRIPT = re.compile(r'(\bvar \w+ = )"\{\{ ([\w.]+) \}\}"')  # HTML's escapes mean nothing in a script


def escape_pages() -> None:
    """Escape all values of Formgrader's pages, if Formgrader runs in this process.

    `nbgrader_config.py` calls it, which Formgrader loads before it shows anything of the course.
    """
    base = sys.modules.get(f"{_FORMGRADER}.base")
    handlers = sys.modules.get(f"{_FORMGRADER}.handlers")
    if base is not None and handlers is not None:
        escape_handlers(base.BaseHandler, base.BaseApiHandler, handlers.template_path)


def escape_handlers(pages: Any, answers: Any, templates: str) -> None:
    """Change Formgrader's two classes of handlers: of pages, made from the templates in a folder, and of JSON."""
    environment = jinja2.Environment(loader=_Escaping(templates), autoescape=True)

    def render(_: Any, name: str, **values: Any) -> str:
        return environment.get_template(name).render(**values)

    def set_default_headers(handler: Any) -> None:
        super(answers, handler).set_default_headers()
        # Not application/json: nbgrader's scripts parse the text themselves.
        handler.set_header("Content-Type", "text/plain; charset=UTF-8")

    pages.render = render
    answers.set_default_headers = set_default_headers


class _Escaping(jinja2.FileSystemLoader):
    """Loads templates so that a value in a script is a literal of JavaScript."""

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, path, is_current = super().get_source(environment, template)
        return _IN_A_SCRIPT.sub(r"\1{{ \2 | tojson }}", source), path, is_current
