"""The two exceptions whose message is meant for a person."""

from __future__ import annotations


class UserError(Exception):
    """A problem that the user can fix. The message names the file or the option and says what to do."""

    def _render_traceback_(self) -> list[str]:
        """Return what Jupyter shows below a cell: the message without a traceback."""
        return str(self).splitlines()


class Ungradable(Exception):
    """This submission cannot be graded. The message says why and what to do; other submissions are still graded."""
