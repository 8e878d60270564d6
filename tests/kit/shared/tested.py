"""The level of confinement that the tests run at: what pytest's option `--sandbox` says, else the strongest here."""

from __future__ import annotations

from autograder.sandbox.levels import Level
from autograder.sandbox.preflight import strongest

sandbox = "auto"  # set by the option; one of `autograder.sandbox.levels.CHOICES`


def level() -> Level:
    """Return the level. Raise UserError, which fails the test, if sandboxes cannot be confined here."""
    return strongest(sandbox, lambda possible: possible)
