"""What the grader and the fork-server say to each other: records of fixed size on the control socket."""

from __future__ import annotations

import struct

COMMAND = struct.Struct("<cI")  # letter, pid
OPEN = b"O"  # the room's end of its connection is attached; the reply is OPENED, on Linux with a pidfd attached
END = b"E"  # the reply is ENDED
OPENED = struct.Struct("<I")  # pid, as the fork-server counts
ENDED = struct.Struct("<i")  # status, as `Popen.returncode` counts
READY = b"ready"
