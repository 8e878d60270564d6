"""Words made of numbers and lists, and lines of a limited width."""

import pytest

from autograder.core.text import WIDTH, amount, filled, listed, plural, row, wrapped


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
