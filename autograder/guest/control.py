"""What the grader tells the fork-server, and what that answers: fixed-size records on the control socket."""

from __future__ import annotations

import struct

OPEN = b"O"  # with the room's end of its door attached; answered by OPENED, with a pidfd attached on Linux
END = b"E"  # answered by ENDED
ORDER = struct.Struct("<cI")  # letter, pid
OPENED = struct.Struct("<I")  # pid, as the fork-server counts
ENDED = struct.Struct("<i")  # status, as `Popen.returncode` counts
READY = b"ready"
