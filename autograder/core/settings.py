"""Read `course.toml`, the settings of a course. Its root holds the file; no other module reads it.

To add a setting, add a field to its table's dataclass. The field's name is the key, its type says which values are
allowed, and its default applies if the key is missing. The reader takes all of this from the dataclasses.
"""

from __future__ import annotations

import math
import re
import stat
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from autograder.core.errors import UserError
from autograder.core.sanitize import clean
from autograder.core.text import plural

FILE_NAME = "course.toml"


@dataclass(frozen=True)
class _Rule:
    """Which values of a type are allowed, and how a message describes them."""

    allows: Callable[[Any], bool]
    wanted: str


def _between(lowest: int, highest: int) -> _Rule:
    return _Rule(lambda number: lowest <= number <= highest, f" from {lowest} to {highest}")


def _form(pattern: str, wanted: str) -> _Rule:
    return _Rule(lambda text: re.fullmatch(pattern, text) is not None, wanted)


# ---- what can be set

_ONE_LINE = r"(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029]+"  # printed, and not only blanks
_STEM = r"[^\W_][\w.-]*_[\w.-]*\w"  # the name of a folder of assignments/
_TEST = r"test_\w+(\[.+\])?"  # a test function, or one of its parametrized cases

Title = Annotated[str, _form(_ONE_LINE, ' on one line, not blank, for example "Neural networks"')]
Term = Annotated[str, _form(f"|{_ONE_LINE}", ' on one line, for example "2026W"')]
Stem = Annotated[str, _form(_STEM, ' with the name of a folder of assignments/, for example "01_perceptron"')]
TestId = Annotated[str, _form(f"{_STEM}::{_TEST}", ' as <stem>::<test_name>, for example "06_convolution::test_gaps"')]
Feedback = Literal["full", "verdicts"]
Share = Annotated[float, _between(0, 1)]
Percent = Annotated[float, _between(0, 100)]
Minutes = Annotated[int, _between(0, 525_600)]  # at most a year, so that adding them to a date cannot overflow
Days = Annotated[int, _between(0, 3_650)]  # at most ten years, for the same reason


SandboxChoice = Literal["auto", "namespaces", "landlock", "none"]


@dataclass(frozen=True, kw_only=True)
class CourseSettings:
    """The course and what it teaches: table `[course]`."""

    name: Title = "Neural networks"  # shown on pages and in reports
    term: Term = ""  # shown beside the name; empty: no term is shown
    assignments: tuple[Stem, ...] | None = None  # the stems taught, in order; None: every folder of assignments/


@dataclass(frozen=True, kw_only=True)
class GradingSettings:
    """How submissions run, what counts and what is shown: table `[grading]`."""

    sandbox: SandboxChoice = "auto"  # the option --sandbox overrides it
    feedback: Feedback = "full"  # verdicts: for hidden tests only passed or failed, no diagnosis
    follow_through: Share = 1.0  # share of a test's points, 0 to 1, for follow-through; 0: off
    without_tests: tuple[TestId, ...] = ()  # tests that are left out, each as <stem>::<test_name>


@dataclass(frozen=True, kw_only=True)
class AttemptSettings:
    """Which attempt counts if a student submits more than once: table `[attempts]`."""

    count: Literal["last", "last_in_time"] = "last"  # last_in_time: the last attempt before the due date


@dataclass(frozen=True, kw_only=True)
class LateSettings:
    """What a late submission costs: table `[late]`."""

    grace_minutes: Minutes = 0  # minutes after the due date that still count as in time
    percent_per_day: Percent = 0.0  # percent of automatic + hand points, for each started day
    most_percent: Percent = 100.0  # percent of automatic + hand points that the penalty never exceeds
    refused_after_days: Days = 0  # a submission more than this many days late is refused; 0: never


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings of a course, one field for each table of `course.toml`."""

    course: CourseSettings = CourseSettings()
    grading: GradingSettings = GradingSettings()
    attempts: AttemptSettings = AttemptSettings()
    late: LateSettings = LateSettings()


_TABLES: dict[str, Any] = get_type_hints(Settings)
_KEYS: dict[str, dict[str, Any]] = {table: get_type_hints(kind, include_extras=True) for table, kind in _TABLES.items()}


# Keys that no command acts on yet. The change that makes a key work takes it out of here.
_NOT_APPLIED_YET = {
    "course": ("name", "term"),
    "grading": ("follow_through", "without_tests"),
    "attempts": ("count",),
    "late": ("grace_minutes", "percent_per_day", "most_percent", "refused_after_days"),
}


# ---- reading


def read_settings(root: Path) -> Settings:
    """Return the settings of the course in `root`. If the file or a key is missing, its defaults apply.

    Raise UserError if the file cannot be read or says something that is not allowed. The message lists all problems.
    """
    path = root / FILE_NAME
    document = _parse(path, _read(path))
    if problems := list(_problems(document)):
        raise UserError("\n  ".join([f"{path} has {plural(len(problems), 'problem')} to fix:", *problems]))
    return Settings(
        **{
            table: _TABLES[table](**{key: _value(_KEYS[table][key], found) for key, found in keys.items()})
            for table, keys in document.items()
        }
    )


def applied_settings(root: Path) -> Settings:
    """Return the settings of the course in `root`; raise UserError also if one of them would have no effect.

    Nobody may rely on a setting that does nothing, so a key that no command acts on yet must have its default.
    """
    settings, defaults = read_settings(root), Settings()
    for table, keys in _NOT_APPLIED_YET.items():
        for key in keys:
            if getattr(getattr(settings, table), key) != getattr(getattr(defaults, table), key):
                raise UserError(
                    f"{root / FILE_NAME}: [{table}] {key} has no effect in this version. Delete the line, "
                    "or install a version that applies it."
                )
    return settings


def _read(path: Path) -> bytes:
    """Return the file's bytes, none if there is no such file."""
    try:
        if stat.S_ISREG(path.stat().st_mode):
            return path.read_bytes()
    except FileNotFoundError:
        if not path.is_symlink():
            return b""
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}). Check its permissions.") from None
    raise UserError(f"{path} is not a file. Rename or delete it, and write the settings to a text file of this name.")


def _parse(path: Path, data: bytes) -> dict[str, Any]:
    """Return the document as tomllib reads it."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path} is not UTF-8 text (line {line}). Save it in UTF-8.") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        last = f"at line {max(1, len(text.splitlines()))}, the end of the file"
        reason = clean(str(error).replace("at end of document", last))
        raise UserError(f"{path} is not valid TOML: {reason}. Correct this line. Text must be in quotes.") from None
    except (ValueError, RecursionError):  # what tomllib lets through
        raise UserError(
            f"{path} cannot be read: a number has thousands of digits, or brackets are nested too deeply. Shorten it."
        ) from None


def _value(hint: Any, found: Any) -> Any:
    """Return a checked value as the dataclass holds it: a list as a tuple, the number of a float field as a float."""
    kind = _without_none(hint)
    if get_origin(kind) is tuple:
        return tuple(_value(get_args(kind)[0], entry) for entry in found)
    return float(found) if kind is float or get_args(kind)[:1] == (float,) else found


def _without_none(hint: Any) -> Any:
    """Return `X` of the type `X | None`, which a file can only say by leaving the key out."""
    return get_args(hint)[0] if NoneType in get_args(hint) else hint


# ---- what is wrong


def _problems(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each thing in the file that is not allowed."""
    for table, keys in document.items():
        if table not in _TABLES:
            name = _shown_name(table)
            yield _unknown(f"[{name}]" if isinstance(keys, dict) else name, table, _TABLES)
        elif not isinstance(keys, dict):
            yield f"{table} is {_shown(keys)}, but it must be a table. Write [{table}] on a line of its own."
        else:
            for key, found in keys.items():
                if key in _KEYS[table]:
                    yield from _value_problems(f"[{table}] {key}", _KEYS[table][key], found)
                else:
                    yield _unknown(f"[{table}] {_shown_name(key)}", key, _KEYS[table])


def _unknown(subject: str, name: str, here: Mapping[str, Any]) -> str:
    """Say what is wrong with a name that is not among the names allowed `here`, and where it belongs."""
    if homes := _tables_with(name):
        return f"{subject} is in the wrong place. It belongs in {homes}: move it there."
    if near := get_close_matches(name.casefold()[:60], here, n=1):
        return f"{subject} is unknown. Did you mean {_named(near[0])}?"
    if near := get_close_matches(name.casefold()[:60], [key for keys in _KEYS.values() for key in keys], n=1):
        return f"{subject} is unknown. Did you mean {near[0]} in {_tables_with(near[0])}?"
    return f"{subject} is unknown. Allowed here: {', '.join(map(_named, here))}. Correct or delete it."


def _tables_with(key: str) -> str:
    """Return the tables that have a key, as `[late]`; empty if none has."""
    return " or ".join(f"[{table}]" for table, keys in _KEYS.items() if key in keys)


def _named(name: str) -> str:
    return f"[{name}]" if name in _TABLES else name


def _value_problems(subject: str, hint: Any, found: object) -> Iterator[str]:
    """Yield what is wrong with the value of a key that exists."""
    kind = _without_none(hint)
    if get_origin(kind) is tuple:
        yield from _list_problems(subject, get_args(kind)[0], found)
        if kind is not hint and found == []:
            yield f"{subject} is an empty list. Add an entry, or delete the line to get the default."
    elif not _fits(kind, found):
        yield f"{subject} is {_shown(found)}. Write {_wanted(kind)}."


def _list_problems(subject: str, kind: Any, found: object) -> Iterator[str]:
    if not isinstance(found, list):
        yield f"{subject} is {_shown(found)}. Write a list in square brackets; each entry is {_wanted(kind)}."
        return
    for entry in found:
        if not _fits(kind, entry):
            yield f"{subject} contains {_shown(entry)}. Write each entry as {_wanted(kind)}."
    for entry, times in Counter(entry for entry in found if _fits(kind, entry)).items():
        if times > 1:
            yield f"{subject} contains {_shown(entry)} more than once. Keep one."


_TYPES: dict[type, tuple[tuple[type, ...], str]] = {  # what TOML may hold for a type, and how a message describes it
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    str: ((str,), "text in quotes"),
}


def _fits(kind: Any, found: Any) -> bool:
    """Return whether a value is allowed. true is not a number, and neither is nan or inf."""
    if get_origin(kind) is Literal:
        return found in get_args(kind)
    if get_origin(kind) is Annotated:
        base, rule = get_args(kind)
        return _fits(base, found) and bool(rule.allows(found))
    return type(found) in _TYPES[kind][0] and not (type(found) is float and not math.isfinite(found))


def _wanted(kind: Any) -> str:
    """Describe the values that are allowed, to follow "Write"."""
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(_shown, get_args(kind)))
    if get_origin(kind) is Annotated:
        base, rule = get_args(kind)
        return f"{_wanted(base)}{rule.wanted}"
    return _TYPES[kind][1]


def _shown_name(name: str) -> str:
    """Return a key as TOML writes it: in quotes if it needs them."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", name) else _shown(name)


def _shown(found: object) -> str:
    """Return a value as TOML writes it, in short."""
    if isinstance(found, str):
        return f'"{clean(found, 60)}"'
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, int) and abs(found) >= 2**63:
        return "a number of more than 18 digits"  # Python may refuse to print it
    return "a list" if isinstance(found, list) else "a table" if isinstance(found, dict) else str(found)
