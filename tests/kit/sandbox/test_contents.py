"""What a sandbox can import, and that it gets no file with it: neither to read, nor to mark for the next sandbox."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import tested
from opened_sandboxes import confined, value_of

from autograder.sandbox.environments import NUMPY
from autograder.sandbox.fork_server import ForkServer
from autograder.sandbox.levels import Layer, Level

TOUCH = """
import ctypes, os, platform

libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(4096)
AT_FDCWD, O_PATH, O_DIRECTORY, O_NOATIME = -100, 0o10000000, 0o200000, 0o1000000

def touch(path, number_of_openat2):
    name = path.encode()
    how = ctypes.create_string_buffer(24)
    calls = [
        *(libc.open(name, flags) for flags in (0, O_PATH, O_NOATIME, O_DIRECTORY)),
        *(libc.openat(AT_FDCWD, name, flags) for flags in (0, O_PATH, O_NOATIME, O_DIRECTORY)),
        libc.syscall(number_of_openat2, AT_FDCWD, name, how, 24),
        libc.access(name, 0), libc.faccessat(AT_FDCWD, name, 0, 0), libc.faccessat(AT_FDCWD, name, 0, 0x200),
        libc.statx(AT_FDCWD, name, 0, 0xfff, buffer), libc.statx(AT_FDCWD, name, 0x100, 0xfff, buffer),
        libc.stat(name, buffer), libc.lstat(name, buffer), libc.fstatat(AT_FDCWD, name, buffer, 0),
        libc.readlink(name, buffer, 4096), libc.readlinkat(AT_FDCWD, name, buffer, 4096),
        libc.chdir(name), libc.chroot(name), libc.statfs(name, buffer),
        libc.getxattr(name, b"user.mark", buffer, 4096), libc.setxattr(name, b"user.mark", b"1", 1, 0),
        libc.utimes(name, None), libc.utimensat(AT_FDCWD, name, None, 0), libc.utimensat(AT_FDCWD, name, None, 0x100),
        libc.execve(name, None, None), libc.mkdir(name, 0o777), libc.mknod(name, 0o10666, 0), libc.link(name, b"/x"),
        libc.rename(name, b"/x"), libc.truncate(name, 0), libc.inotify_init(), libc.fanotify_init(0, 0),
        libc.name_to_handle_at(AT_FDCWD, name, buffer, buffer, 0x400), libc.acct(name), libc.swapon(name, 0),
        libc.mount(name, name, None, 4096, None), libc.quotactl(0x80000100, name, 0, buffer),
    ]
    return [index for index, result in enumerate(calls) if result != -1]

def look(path):
    found = []
    for call in (os.stat, os.lstat, os.readlink, os.listdir, os.scandir, open):
        try:
            call(path)
            found.append(call.__name__)
        except FileNotFoundError:
            pass
        except OSError:
            found.append(call.__name__)
    return [*found, os.path.exists(path), os.path.lexists(path), os.path.realpath(path) == path]
"""
OPENAT2 = 437  # on every architecture


@pytest.fixture
def marked() -> Iterator[list[Path]]:
    """Return paths that everybody may look at: a file, a link to it and their folder. Their access times are old."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file, link = folder / "file", folder / "link"
        file.write_text("text")
        link.symlink_to(file)
        for path, mode in ((file, 0o666), (folder, 0o777)):
            path.chmod(mode)
        for path in (link, file, folder):
            os.utime(path, (0, 0), follow_symlinks=False)
        yield [folder, file, link]


def times(paths: list[Path]) -> list[tuple[int, int]]:
    return [(path.lstat().st_atime_ns, path.lstat().st_mtime_ns) for path in paths]


@pytest.mark.parametrize("layers", ["as tested", "system calls"])
def test_no_call_marks_a_file_or_sees_one(marked: list[Path], layers: str) -> None:
    server = ForkServer(tested.level())
    server.layers = frozenset({Layer.SYSTEM_CALLS}) if layers == "system calls" else server.layers
    with server, confined(server, TOUCH) as student:
        for path in [*marked, Path(os.__file__), Path("/"), Path("/dev/null")]:
            assert value_of(student, "touch", str(path), OPENAT2) == []
            assert value_of(student, "look", str(path)) == [False, False, True]
    assert times(marked) == [(0, 0)] * 3


def test_without_a_sandbox_the_same_calls_see_a_file(marked: list[Path]) -> None:
    with ForkServer(Level.NONE) as server, confined(server, TOUCH) as student:
        expected = ["stat", "lstat", "readlink", "listdir", "scandir", "open", True, True, False]
        assert value_of(student, "look", str(marked[2])) == expected


# ---- what can be imported

IMPORT = """
import ctypes, importlib, importlib.util, inspect, sys
import numpy as np

def load(names):
    missing = []
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError:
            missing.append(name)
    return missing

def source_of(name, function):
    return inspect.getsource(getattr(importlib.import_module(name), function))

def memory():
    loader = importlib.util.find_spec("this").loader
    return loader, np.frombuffer(loader.files.memory, np.uint8)

def text():
    loader, _ = memory()
    return bytes(loader.get_data(loader.path)).decode()

def spoil():
    loader, memory_of_all = memory()
    copy = loader.files.copies[loader.path]
    start = memory_of_all.ctypes.data + copy.start
    libc = ctypes.CDLL(None)
    page = start - start % 4096
    size = start + 8 - page
    libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    if libc.mprotect(page, size, 3) == 0:
        ctypes.memmove(start, b"spoiled!", 8)
    return text()[:8]
"""
OFTEN = """
argparse asyncio bz2 concurrent.futures csv ctypes.util decimal doctest email.message encodings.cp1252 encodings.gbk
fractions gzip hashlib html.parser http.client json logging.config lzma multiprocessing numpy.fft numpy.linalg
numpy.polynomial numpy.random numpy.testing pickle pprint sqlite3 statistics tempfile timeit unittest.mock
urllib.request uuid xml.etree.ElementTree zipfile zoneinfo
""".split()


def test_the_standard_library_and_numpy_can_be_imported() -> None:
    with ForkServer(tested.level()) as server, confined(server, IMPORT) as student:
        assert value_of(student, "load", OFTEN) == []
        absent = ["pytest", "autograder", "core", "numpy.no_such_module"]
        assert value_of(student, "load", absent) == absent


@pytest.mark.parametrize(("module", "function"), [("csv", "DictReader"), ("numpy.polynomial.hermite", "herm2poly")])
def test_the_source_of_a_module_can_be_shown(module: str, function: str) -> None:
    with ForkServer(tested.level(), environment=NUMPY) as server, confined(server, IMPORT) as student:
        assert value_of(student, "source_of", module, function).startswith(("class", "def"))


def test_a_sandbox_that_spoils_the_copies_spoils_its_own() -> None:
    with ForkServer(tested.level()) as server:
        with confined(server, IMPORT) as student:
            original = value_of(student, "text")
            assert value_of(student, "spoil") == "spoiled!"
        with confined(server, IMPORT) as student:
            assert value_of(student, "text") == original
