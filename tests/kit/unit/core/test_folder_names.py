"""The gate for names: what is refused at every entrance, what is proposed instead, and what is only cleaned."""

import os
import unicodedata

import pytest

from autograder.core.folder_names import (
    MARKUP,
    NAME_BYTES,
    display_text,
    folder_of_display_name,
    proposed_folder,
    why_no_folder,
    why_rename,
)

HONEST = [
    "ada", "Ada Lovelace", "O’Brien", "jürgen müller", "名前", "ünï 😀", "=cmd()", "-rf", "%s {0}", "[x]*", "a;b--",
    "a.b.",    "Lovelace, Ada", "{{ 7*7 }}", "s001_2", unicodedata.normalize("NFD", "Jörg"), "x" * NAME_BYTES,
]  # fmt: skip
CONTROL = [*map(chr, range(0x20)), "\x7f", *map(chr, range(0x80, 0xA0)), "\u2028", "\u2029"]
INVISIBLE = [
    *"\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\xad",
    *map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]),
    *"\u034f\u115f\u2800\u3164\ufe0f\uffa0\U000e0100",  # letters and marks that fonts show as nothing
]


@pytest.mark.parametrize("name", HONEST)
def test_honest_names_pass(name: str) -> None:
    assert why_no_folder(name) is None
    assert why_rename(name) is None


@pytest.mark.parametrize("character", MARKUP)
@pytest.mark.parametrize("where", ["{}ada", "a{}da", "ada{}"])
def test_no_markup(where: str, character: str) -> None:
    name = where.format(character)
    assert why_no_folder(name) == f"has the character {character} in it"


@pytest.mark.parametrize("character", CONTROL, ids=lambda character: f"U+{ord(character):04X}")
def test_no_control_characters(character: str) -> None:
    assert why_no_folder(f"a{character}da") == "has a control character in it"


@pytest.mark.parametrize("character", INVISIBLE, ids=lambda character: f"U+{ord(character):04X}")
def test_no_invisible_characters(character: str) -> None:
    assert why_no_folder(f"a{character}da") == "has an invisible character in it"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "is empty"),
        (".ada", "begins with a dot"),
        ("..", "begins with a dot"),
        ("a/b", "has a slash in it"),
        ("a\\b", "has a slash in it"),
        (os.fsdecode(b"j\xfcrgen"), "is not UTF-8 text"),
        ("\ud800", "is not UTF-8 text"),
        ("ö" * (NAME_BYTES // 2 + 1), f"is longer than {NAME_BYTES} bytes"),
    ],
)
def test_other_names_that_no_folder_has(name: str, problem: str) -> None:
    assert why_no_folder(name) == problem


PROPOSED = {
    "o'brien": "o’brien",
    "a`b": "a’b",
    '"><img src=x onerror=alert(1)>': "img src=x onerror=alert(1)",
    "../out": "-out",
    "two\nlines": "twolines",
    os.fsdecode(b"j\xfcrgen"): "jrgen",
    "x" * 300: "x" * NAME_BYTES,
    "ö" * 150: "ö" * 100,
    "<>": "",
    "\u202ekim": "kim",
}


@pytest.mark.parametrize("name", PROPOSED)
def test_what_is_proposed_may_be_a_folder(name: str) -> None:
    assert proposed_folder(name) == PROPOSED[name]
    assert not PROPOSED[name] or why_no_folder(PROPOSED[name]) is None
    told = (why_rename(name) or "").partition(": ")[2]
    assert told in (f"rename it to {PROPOSED[name]}", "rename it" if not PROPOSED[name] else "shorten it")


@pytest.mark.parametrize("character", [*MARKUP, *INVISIBLE], ids=lambda character: f"U+{ord(character):04X}")
def test_a_display_name_becomes_a_folder(character: str) -> None:
    folder = folder_of_display_name(f"Sinéad O{character}Brien")
    assert why_no_folder(folder) is None
    assert folder in ("Sinéad O’Brien", "Sinéad OBrien")


@pytest.mark.parametrize("name", ["Sinéad O'Brien", "Ada `Bee' Lovelace", 'Robert "Bob" Smith', "علی\u200cرضا"])
def test_nobody_of_an_honest_name_is_lost(name: str) -> None:
    folder = folder_of_display_name(name)
    assert why_no_folder(folder) is None
    assert folder


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Sinéad O'Brien", "Sinéad O'Brien"),
        ("<b>Ada</b>", "bAda/b"),
        ('"Ada" <ada@example.org>', "Ada ada@example.org"),
        ("o'brien@example.org", "o'brien@example.org"),
        ("a\u202eb\x1b[31m\ud800", "ab[31m"),
    ],
)
def test_text_that_is_only_shown(text: str, shown: str) -> None:
    assert display_text(text) == shown
