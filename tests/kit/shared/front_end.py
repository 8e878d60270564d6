"""A front end without a browser: it runs cells in a real kernel as JupyterLab, VS Code or nbclient asks for it."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

SECONDS = 60


@dataclass
class Shown:
    """What a cell showed."""

    text: str = ""
    error: str = ""  # the kind of the exception, if the cell failed
    traceback: str = ""

    @property
    def words(self) -> str:
        """Return the text and the error with single blanks, so that line breaks do not count."""
        return " ".join(f"{self.text} {self.traceback}".split())


@dataclass
class FrontEnd:
    """A front end that is connected to a kernel. `person`: whether it allows `input`, as only a person answers."""

    client: BlockingKernelClient
    person: bool = True
    shown: list[Shown] = field(default_factory=list)

    def run(self, code: str, cell: str | None = None) -> Shown:
        """Run a cell, of this id if the front end has ids, and return what it showed."""
        shown = Shown()

        def note(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["header"]["msg_type"] == "stream":
                shown.text += content["text"]
            elif message["header"]["msg_type"] in ("display_data", "update_display_data", "execute_result"):
                shown.text = content["data"]["text/plain"] + "\n"
            elif message["header"]["msg_type"] == "error":
                shown.error, shown.traceback = content["ename"], "\n".join(content["traceback"])

        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        request = self.client.session.msg(
            "execute_request",
            {**content, "allow_stdin": self.person, "stop_on_error": True},
            metadata={"cellId": cell} if cell else {},
        )
        self.client.shell_channel.send(request)
        while True:
            message = self.client.get_iopub_msg(timeout=SECONDS)
            if message["parent_header"].get("msg_id") != request["header"]["msg_id"]:
                continue
            if message["header"]["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return shown
            note(message)


@contextlib.contextmanager
def kernel(folder: Path, *, person: bool = True, **variables: str) -> Iterator[FrontEnd]:
    """Start a kernel in a folder, with more environment variables. `JPY_SESSION_NAME` is what a session has."""
    manager = KernelManager(kernel_name="python3")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("JPY_")}
    manager.start_kernel(cwd=str(folder), env=environment | variables, stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=SECONDS)
        yield FrontEnd(client, person)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def save(path: Path, cells: dict[str, str], *, at: float | None = None) -> None:
    """Replace the texts of a notebook's cells, by their ids; a new id becomes a new cell at the end.

    at: the time of the file, in seconds since 1970; by default now
    """
    notebook = nbformat.read(path, as_version=4)
    known = {cell.id: cell for cell in notebook.cells}
    for cell_id, text in cells.items():
        if cell_id in known:
            known[cell_id].source = text
        else:
            notebook.cells.append(nbformat.v4.new_code_cell(text, id=cell_id))
    nbformat.write(notebook, path)
    if at is not None:
        os.utime(path, (at, at))
