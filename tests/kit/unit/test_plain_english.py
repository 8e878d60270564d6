"""Plain English: phrases that nobody would say become fewer in every folder, and never more.

The phrases, what to write instead, and how many each folder may still have are in plain_english.toml. They are counted
in what people read: Markdown and HTML, docstrings, comments and strings of Python, and the cells of notebooks.

Run this file to list every place; with --write it records the numbers that it finds.
"""

from __future__ import annotations

import ast
import json
import os
import re
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
RECORD = Path(__file__).with_name("plain_english.toml")
GENERATED = ("assignments", "tests/sample_class/submitted")
COUNTED_BY_PACKAGE = ("autograder", "tests")  # each of their folders has a number of its own
SHOWN = 40  # places in the message of a failed test


@dataclass(frozen=True)
class Place:
    """One occurrence of a phrase."""

    file: str
    text: str  # the words around it
    instead: str


# ---- what people read


def texts_of(path: Path) -> Iterator[str]:
    """Return the texts of a file that people read, each in one line and in lower case."""
    text = path.read_text(encoding="utf-8")
    match path.suffix:
        case ".py":
            texts = python_texts(text)
        case ".ipynb":
            texts = notebook_texts(text)
        case _:
            texts = iter((text,))
    for one in texts:
        for paragraph in re.split(r"\n\s*\n", one):
            yield " ".join(paragraph.lower().split())


def notebook_texts(text: str) -> Iterator[str]:
    """Return the texts of each cell; a code cell that is not Python, such as one with a magic, is one text."""
    for cell in json.loads(text)["cells"]:
        source = "".join(cell["source"])
        try:
            yield from python_texts(source) if cell["cell_type"] == "code" else (source,)
        except SyntaxError:
            yield source


def python_texts(source: str) -> Iterator[str]:
    """Return all strings of a Python file, docstrings among them, and its comments.

    A value in an f-string is an ellipsis. Comments on consecutive lines are one text.
    """
    strings: list[ast.expr] = []
    nodes: list[ast.AST] = [ast.parse(source)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.JoinedStr):
            strings.append(node)
            values = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
            nodes += values
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            strings.append(node)
            if isinstance(node.value, str):
                yield node.value
        else:
            nodes += ast.iter_child_nodes(node)
    yield from _comments(source, strings)


def _comments(source: str, strings: list[ast.expr]) -> Iterator[str]:
    """Return the comments: what follows a # that is not in a string. (`tokenize` would take a second for the kit.)"""
    spans: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for node in strings:
        last = node.end_lineno or node.lineno
        for line in range(node.lineno, last + 1):
            begin = node.col_offset if line == node.lineno else 0
            end = (node.end_col_offset or 0) if line == last else float("inf")
            spans[line].append((begin, end))
    comment: list[str] = []
    for number, code in enumerate(source.encode().split(b"\n"), 1):
        at = _comment_start(code, spans.get(number, []))
        if comment and (at is None or code[:at].strip()):  # it does not continue
            yield " ".join(comment)
            comment = []
        if at is not None:
            comment.append(code[at:].decode().strip("# \r"))
    yield " ".join(comment)


def _comment_start(line: bytes, spans: list[tuple[int, float]]) -> int | None:
    at = line.find(b"#")
    while at >= 0:
        if not any(begin <= at < end for begin, end in spans):
            return at
        at = line.find(b"#", at + 1)
    return None


# ---- which files


def files() -> Iterator[Path]:
    """Return every file with text of ours, relative to the root."""
    ignored = set(re.findall(r"^/?([\w.]+)/$", (ROOT / ".gitignore").read_text(encoding="utf-8"), re.MULTILINE))
    for folder, inside, names in os.walk(ROOT):
        here = Path(folder).relative_to(ROOT)
        inside[:] = [
            name
            for name in sorted(inside)
            if name[0] != "." and name not in ignored and (here / name).as_posix() not in GENERATED
        ]
        for name in sorted(names):
            if name.endswith((".md", ".html", ".py", ".ipynb")) and (here / name) != Path(__file__).relative_to(ROOT):
                yield here / name


def folder_of(file: Path) -> str:
    """Return the folder under which a file is counted: its package, or the file itself at the root."""
    depth = 2 if file.parts[0] in COUNTED_BY_PACKAGE and len(file.parts) > 2 else 1
    return "/".join(file.parts[:depth])


# ---- counted


def phrases_in(text: str, phrases: Mapping[re.Pattern[str], str]) -> Iterator[tuple[str, str]]:
    """Return the words around each phrase, and what to write instead."""
    for phrase, instead in phrases.items():
        for found in phrase.finditer(text):
            begin, end = found.span()
            around = text[max(0, begin - 30) : end + 30].replace("\n", " ").encode(errors="replace").decode()
            yield around, instead


def phrases_for(suffix: str, record: Mapping[str, Mapping[str, str]]) -> dict[re.Pattern[str], str]:
    chosen = {**record["phrases"], **(record["documents"] if suffix == ".md" else {})}
    return {re.compile(phrase, re.MULTILINE): instead for phrase, instead in chosen.items()}


def all_places() -> dict[str, list[Place]]:
    """Return every phrase of the project, by folder."""
    record = tomllib.loads(RECORD.read_text(encoding="utf-8"))
    places: dict[str, list[Place]] = defaultdict(list)
    for file in files():
        text = "\n".join(texts_of(ROOT / file))
        for around, instead in phrases_in(text, phrases_for(file.suffix, record)):
            places[folder_of(file)].append(Place(file.as_posix(), around, instead))
    return places


def recorded() -> Counter[str]:
    return Counter(tomllib.loads(RECORD.read_text(encoding="utf-8"))["counts"])


def listing(places: list[Place]) -> str:
    return "\n".join(f"  {one.file}: … {one.text} …\n      better: {one.instead}" for one in places)


# ---- tests


def test_no_folder_has_more_archaic_phrases_than_before() -> None:
    allowed, found = recorded(), all_places()
    too_many = [
        f"{folder} has {len(places)} archaic phrases; {allowed[folder]} are allowed. Rewrite the new one:\n"
        + listing(places[:SHOWN])
        for folder, places in found.items()
        if len(places) > allowed[folder]
    ]
    assert not too_many, "\n".join(too_many)
    fewer = [
        f'"{folder}" in {RECORD.name}: lower the number to {len(found.get(folder, ()))}'
        for folder, count in allowed.items()
        if len(found.get(folder, ())) < count
    ]
    assert not fewer, "\n".join([*fewer, f"or run: python {Path(__file__).relative_to(ROOT)} --write"])


@pytest.mark.parametrize(
    "text",
    [
        "MNIST for who trained on it",
        "What is unchanged, is not graded again.",
        "It is no number.",
        "None where there is none",
        "a trace of ours",
        "NumPy warned on the way. Here it has to do without.",
        "something must be mended first",
        "it reads 20 % of the images rightly",
    ],
)
def test_an_archaic_phrase_is_found(text: str) -> None:
    assert _found_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "There is no student in this folder, and the file is no longer there.",
        "Students who trained on MNIST know who is who.",
        "What is unchanged? The file is.",
        "the folder where it lies, on the way to the notebook",
        "We recommend it; amend the commit.",
    ],
)
def test_plain_english_is_left_alone(text: str) -> None:
    assert not _found_in(text)


def test_a_phrase_is_found_across_lines_and_beside_values(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(
        '"""The first line.\n\nKept in\nplace of another."""\n'
        "x = 1  # a comment, in\n"
        "# place of another\n"
        'y = f"{x} is no " "number # in place of"\n'
        "z = in_place_of = {'a': b'# in place of'}\n",
        encoding="utf-8",
    )
    assert len(_found_in("\n".join(texts_of(file)))) == 4


def test_only_text_of_a_notebook_counts(tmp_path: Path) -> None:
    file = tmp_path / "notebook.ipynb"
    cells = [
        {"cell_type": "markdown", "source": ["Mend ", "it."]},
        {"cell_type": "code", "source": ["mend = 1  # mend it\n"]},
        {"cell_type": "code", "source": ["%time mend it\n"]},
    ]
    file.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert len(_found_in("\n".join(texts_of(file)))) == 3


def _found_in(text: str) -> list[tuple[str, str]]:
    record = tomllib.loads(RECORD.read_text(encoding="utf-8"))
    return list(phrases_in(text.lower(), phrases_for(".py", record)))


# ---- recorded


def write(found: Mapping[str, list[Place]]) -> None:
    """Record the present numbers, and print those that changed."""
    before, now = recorded(), Counter({folder: len(places) for folder, places in found.items()})
    for folder in sorted({*before, *now}):
        if before[folder] != now[folder]:
            print(f"{folder}: {before[folder]} -> {now[folder]}{'  MORE' if now[folder] > before[folder] else ''}")
    text = RECORD.read_text(encoding="utf-8")
    kept = text[: text.index("[counts]\n") + len("[counts]\n")]
    lines = [f'"{folder}" = {now[folder]}\n' for folder in sorted(now) if now[folder]]
    RECORD.write_text(kept + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    everything = all_places()
    if "--write" in sys.argv[1:]:
        write(everything)
    else:
        print("\n".join(f"{folder}: {len(places)}\n{listing(places)}" for folder, places in everything.items()))
