"""Random zips, given to `collect`: whatever they hold, there is no traceback, and no more is read than the budget."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import pytest
from downloads import ADA, BEN, CANVAS, HERE, MOODLE, STEM, notebook, zipped
from fuzzing import cases

from autograder.cli.output.collect import collected_text
from autograder.core.folder_names import why_no_folder
from autograder.core.sanitize import is_shown
from autograder.instructor.collect import archives
from autograder.instructor.collect.place import collect
from autograder.instructor.collect.spool import Spool
from autograder.notebooks.course import Course

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

OWN_BYTES, FILE_BYTES = 1 << 18, 1 << 16  # small budgets, so that small zips exceed them
PRINTED = 20_000  # characters; a download of these few files has no more to tell


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = tmp_path_factory.mktemp("fuzz") / "course"
    (root / "assignments" / STEM).mkdir(parents=True)
    (root / "assignments" / STEM / "perceptron.ipynb").write_bytes(notebook(STEM))
    return Course(root)


class Read:
    """Counts the bytes that are unpacked and kept."""

    def __init__(self) -> None:
        self.unpacked = self.kept = 0


@contextmanager
def counted() -> Iterator[Read]:
    read, unzip, keep = Read(), archives._unzip, Spool.keep

    def counted_unzip(archive: zipfile.ZipFile, index: int) -> bytes:
        data = unzip(archive, index)
        read.unpacked += len(data)
        return data

    def counted_keep(spool: Spool, data: bytes) -> Any:
        read.kept += len(data)
        return keep(spool, data)

    with (
        patch.object(archives, "_unzip", counted_unzip),
        patch.object(Spool, "keep", counted_keep),
        patch.object(archives, "OWN_BYTES", OWN_BYTES),
        patch.object(archives, "FILE_BYTES", FILE_BYTES),
    ):
        yield read


def require_harmless(course: Course, data: bytes) -> None:
    """Collect a download and look at all that came of it."""
    with TemporaryDirectory() as folder, counted() as read:
        source, submitted = Path(folder, "download.zip"), Path(folder, "submitted")
        source.write_bytes(data)
        text = collected_text(collect([source], course, submitted), submitted)
        assert sorted(path.name for path in Path(folder).iterdir() if path != submitted) == ["download.zip"]
        assert all(why_no_folder(path.name) is None for path in submitted.glob("[!.]*"))
        files = {len(path.relative_to(submitted).parts) for path in submitted.rglob("*") if path.is_file()}
        assert files <= {1, 3}  # .senders.csv, and <student>/<stem>/<topic>.ipynb
    assert len(text) < PRINTED
    assert all(is_shown(character) or character == "\n" for character in text)
    entries = data.count(b"PK\1\2")
    assert read.unpacked <= entries * (FILE_BYTES + OWN_BYTES)
    assert read.kept <= read.unpacked


# ---- bytes of valid zips, changed

INNER = zipped({"perceptron.ipynb": HERE, "data.csv": b"1,2", "b/._x.ipynb": b""})
VALID = (
    zipped({ADA + "perceptron.ipynb": HERE, BEN + "work.zip": INNER}),
    zipped({f"ada{CANVAS}x.ipynb": HERE, "ben_2_3_work.zip": INNER, "s001__01_perceptron.ipynb": HERE}),
    INNER,
)
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["change", "insert", "delete", "copy", "signature"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=6),
    ),
    min_size=1,
    max_size=8,
)
SIGNATURES = (b"PK\1\2", b"PK\3\4", b"PK\5\6", b"PK\6\6", b"PK\6\7", b"\xff\xff\xff\xff", b"\xff" * 8, bytes(4))


def edited(data: bytes, edits: list[tuple[str, float, bytes]]) -> bytes:
    for kind, place, new in edits:
        at = int(place * len(data))
        if kind == "change":
            data = data[:at] + new + data[at + len(new) :]
        elif kind == "insert":
            data = data[:at] + new + data[at:]
        elif kind == "delete":
            data = data[:at] + data[at + new[0] :]
        elif kind == "copy":
            data = data[:at] + data[: new[0]] + data[at:]
        else:
            signature = SIGNATURES[new[0] % len(SIGNATURES)]
            data = data[:at] + signature + data[at + len(signature) :]
    return data


@pytest.mark.slow
@cases(full=5_000, quick=150)
@given(data=st.sampled_from(VALID), edits=EDITS, nested=st.booleans())
def test_a_zip_whose_bytes_were_changed(
    course: Course, data: bytes, edits: list[tuple[str, float, bytes]], nested: bool
) -> None:
    hostile = edited(data, edits)
    require_harmless(course, zipped({f"Eve_6{MOODLE}/own.zip": hostile, BEN + "x.ipynb": HERE}) if nested else hostile)


# ---- zips of odd entries

ODD = st.sampled_from([
    "", ".", "..", "/", "\\", "\0", "\n", "\x1b[2J", "\u202e", "\ud7ff", "<b>", '"', "'", "`", "=cmd()", "C:", "~", "_",
    "__", "_1_2_", "_LATE", "anon_1_2_", "assignsubmission", f"_3{MOODLE}", f"{MOODLE}_", CANVAS, "Ada_1", "Ben", "é",
    "participant", ".ipynb", ".zip", ".IPYNB", "perceptron", STEM, f"__{STEM}.ipynb", "._", "__MACOSX", "x" * 300,
    "e\u0301", "名",
])  # fmt: skip
NAMES = st.lists(st.one_of(ODD, st.text(max_size=4)), min_size=1, max_size=6).map("".join)
CONTENTS = st.one_of(
    st.sampled_from(
        [HERE, b"", b"{", b"{}", b"[]", b"null", b'{"cells": 7}', b"PK\5\6" + bytes(18), bytes(FILE_BYTES + 1)]
    ),
    st.binary(max_size=40),
)
ENTRY = st.tuples(
    NAMES,
    CONTENTS,
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]),
    st.sampled_from([0, 0o120777, 0o040755, 0o010644, 0o060644, 0o100644]),
)
Entries = list[tuple[str, bytes, int, int]]


def archive_of(entries: Entries) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data, method, mode in entries:
            info = zipfile.ZipInfo("x")
            info.filename = name  # as it is: the constructor would cut it at a NUL
            info.compress_type, info.external_attr = method, mode << 16
            archive.writestr(info, data)
    return made.getvalue()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Duplicate name")
@cases(full=5_000, quick=150)
@given(outer=st.lists(ENTRY, max_size=6), inner=st.lists(ENTRY, max_size=6), own=NAMES)
def test_a_zip_of_odd_entries(course: Course, outer: Entries, inner: Entries, own: str) -> None:
    """The inner zip is also a student's own one, whatever else it is."""
    packed = archive_of(inner)
    zips = [(name, packed, zipfile.ZIP_DEFLATED, 0) for name in (f"Eve_6{MOODLE}/own.zip", f"{own}.zip")]
    require_harmless(course, archive_of([*outer, *zips, (BEN + "x.ipynb", HERE, zipfile.ZIP_STORED, 0)]))
