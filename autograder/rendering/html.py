"""HTML from the templates beside this file. Whatever is put into one is escaped: names, code and messages are hostile.

Every page is one file: no script, no font, no picture from elsewhere, and a policy that forbids the browser any.
"""

from __future__ import annotations

import functools
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.core.text import amount, plural


def render(template: str, /, **values: Any) -> str:
    """The text of a template; values are shown as text, never as markup, unless they are `Markup` of our own."""
    return _environment().get_template(template).render(values)


@functools.cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("autograder.rendering"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"amount": amount, "plural": plural}
    return made
