"""Words made of numbers and lists, and lines of a limited width."""

import ast

import pytest

from autograder.core.model import Source, SourceCell
from autograder.core.text import WIDTH, amount, filled, line_count, lines_of, listed, plural, row, wrapped


@pytest.mark.parametrize(("count", "words"), [(0, "0 tests"), (1, "1 test"), (2, "2 tests")])
def test_plural(count: int, words: str) -> None:
    assert plural(count, "test") == words


@pytest.mark.parametrize(("points", "words"), [(2.0, "2"), (1.5, "1.5"), (2 / 3, "0.67")])
def test_amount(points: float, words: str) -> None:
    assert amount(points) == words


@pytest.mark.parametrize(("names", "words"), [("", ""), ("a", "a"), ("ab", "a and b"), ("abc", "a, b and c")])
def test_listed(names: str, words: str) -> None:
    assert listed(names) == words


def test_a_row_aligns_its_lines_under_its_text() -> None:
    first, *more = row("expected", "number " * 20)
    assert first.startswith("  expected      number")
    assert all(line.startswith(" " * 16 + "number") for line in more)


def test_a_row_is_cut_after_four_lines() -> None:
    lines = row("the line", "x " * 1000)
    assert len(lines) == 4
    assert lines[-1].endswith("…")


def test_nothing_makes_no_line() -> None:
    assert row("expected", "") == wrapped("") == []


def test_no_line_is_too_wide() -> None:
    text = "word " * 100
    assert max(map(len, [*row("expected", text), *filled(text).splitlines(), *wrapped(text)])) <= WIDTH


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("odd", ["", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\t"])
def test_lines_are_counted_as_python_counts_them(end: str, odd: str) -> None:
    text = end.join(["", f"a = 1  # {odd}b{odd}{odd}", f'"""{odd}', f'{odd}"""', "wanted = 2", ""])
    line = ast.parse(text).body[-1].lineno
    assert lines_of(text)[line - 1] == "wanted = 2"
    assert line_count(text) == len(lines_of(text)) == 6
    source = Source((SourceCell("cell 1", text, ()),))
    assert source.line("cell 1", line) == "wanted = 2"
    assert [number for number in range(-2, 10) if source.has_line("cell 1", number)] == [1, 2, 3, 4, 5, 6]
    assert source.line("cell 2", line) == source.line("cell 1", 0) == source.line("cell 1", 7) == ""
