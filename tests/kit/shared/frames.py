"""Frames that come in as from a socket."""

from __future__ import annotations

from typing import Any

from autograder.guest import wire


def unframed(frame: bytes, limit: wire.FrameLimit = wire.LARGEST) -> dict[str, Any]:
    """Return the message of a frame. Raise EOFError if the frame ends too early."""
    position = 0

    def read(count: int) -> bytes:
        nonlocal position
        if position + count > len(frame):
            raise EOFError
        position += count
        return frame[position - count : position]

    return wire.read_frame(read, limit)
