"""Fill the HTML templates beside this file. Every value is escaped: names, code and messages may be hostile.

A page is one file. It loads no script, font or image from elsewhere, and its content security policy forbids that:
images are in the page itself.
"""

from __future__ import annotations

import functools
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.core.text import amount, plural


def render(template: str, /, **values: Any) -> str:
    """Return the text of a template. Values are shown as text, never as markup, unless they are `Markup`."""
    return _environment().get_template(template).render(values)


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("autograder.rendering"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"amount": amount, "plural": plural}
    return environment
