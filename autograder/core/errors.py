"""The two exceptions whose message is meant for a person."""

from __future__ import annotations


class UserError(Exception):
    """Something the operator can mend: the message names the file or the option and says what to do."""

    def _render_traceback_(self) -> list[str]:
        """What Jupyter shows below a cell: the message, and no trace of ours."""
        return str(self).splitlines()


class Ungradable(Exception):
    """This submission cannot be graded; the message says why and what to do. The batch goes on."""
