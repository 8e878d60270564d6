"""Which paths a sandbox may read, if rules can only allow."""

from __future__ import annotations

from pathlib import Path

import tested
from opened_sandboxes import confined, value_of

from autograder.sandbox import contents
from autograder.sandbox.fork_server import ForkServer

READ = """
import os

def readable(files):
    found = []
    for file in files:
        try:
            open(file).close()
            found.append(file)
        except OSError:
            pass
    return found
"""


def test_no_link_leads_to_what_is_hidden(tmp_path: Path) -> None:
    real = tmp_path / "usr" / "lib"
    for folder in ("c", "python3/dist-packages", "python3/other"):
        (real / folder).mkdir(parents=True)
    (tmp_path / "lib").symlink_to("usr/lib")
    (real / "packages").symlink_to("python3/dist-packages")
    (real / "outside").symlink_to(tmp_path)
    (real / "dangling").symlink_to("nowhere")
    expected = [real / "c", real / "python3" / "other"]
    for folder in (tmp_path / "lib", real):
        for hidden in ("lib", "usr/lib"):
            assert contents.without(folder, [tmp_path / hidden / "python3" / "dist-packages"]) == expected


def test_packages_beside_the_interpreter_cannot_be_read_by_any_path() -> None:
    folders = [str(folder) for folder in contents.other_packages()]
    folders += [folder.removeprefix("/usr") for folder in folders if folder.startswith("/usr/lib")]
    files = [str(path) for folder in folders for path in Path(folder).glob("*/*.py")]
    with ForkServer(tested.level()) as server, confined(server, READ) as student:
        assert value_of(student, "readable", files[:500]) == []
