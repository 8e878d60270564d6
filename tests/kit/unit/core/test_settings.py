"""Read course.toml: the defaults, what is allowed, and one clear message for everything that is not."""

import dataclasses
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.core.errors import UserError
from autograder.core.settings import (
    AttemptSettings,
    CourseSettings,
    GradingSettings,
    LateSettings,
    Settings,
    applied_settings,
    read_settings,
)

EXAMPLE = """
[course]
name = "Neural networks"          # pages and reports
term = "2026W"
assignments = ["01_perceptron"]   # taught, in order; missing: every folder of assignments/
[grading]
sandbox = "auto"                  # auto | namespaces | landlock | none; --sandbox overrides
feedback = "full"                 # full | verdicts (hidden tests: passed or failed, no diagnosis)
follow_through = 1.0              # share of the points, 0 = off
without_tests = []                # "06_convolution::test_gaps"; written by grade --without; part of suite_sha256
[attempts]
count = "last"                    # last | last_in_time
[late]
grace_minutes = 0
percent_per_day = 0               # of automatic + hand, per started day
most_percent = 100
refused_after_days = 0            # 0: never
"""

TABLES = [field.name for field in dataclasses.fields(Settings)]
KEYS = [(table, field.name) for table in TABLES for field in dataclasses.fields(getattr(Settings(), table))]


def written(root: Path, text: str | bytes) -> Path:
    (root / "course.toml").write_bytes(text.encode() if isinstance(text, str) else text)
    return root


def problems(root: Path, text: str | bytes) -> list[str]:
    """Return the lines of the message, without the first, which names the file."""
    with pytest.raises(UserError) as error:
        read_settings(written(root, text))
    first, *others = str(error.value).splitlines()
    assert first.startswith(str(root / "course.toml"))
    return [line.strip() for line in others]


def whole_message(root: Path, text: str | bytes) -> str:
    with pytest.raises(UserError) as error:
        read_settings(written(root, text))
    message = str(error.value)
    assert message.startswith(f"{root / 'course.toml'} ")
    return message.removeprefix(f"{root / 'course.toml'} ")


# ---- what is read


def test_defaults() -> None:
    assert Settings() == Settings(
        course=CourseSettings(name="Neural networks", term="", assignments=None),
        grading=GradingSettings(sandbox="auto", feedback="full", follow_through=1.0, without_tests=()),
        attempts=AttemptSettings(count="last"),
        late=LateSettings(grace_minutes=0, percent_per_day=0.0, most_percent=100.0, refused_after_days=0),
    )


def test_without_a_file(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == Settings()


@pytest.mark.parametrize("text", ["", "\n", "# a comment\r\n", "\ufeff", "[course]\n[late]\n"])
def test_a_file_that_sets_nothing(tmp_path: Path, text: str) -> None:
    assert read_settings(written(tmp_path, text)) == Settings()


def test_the_documented_example_equals_the_defaults_but_for_the_course(tmp_path: Path) -> None:
    course = CourseSettings(term="2026W", assignments=("01_perceptron",))
    assert read_settings(written(tmp_path, EXAMPLE)) == Settings(course=course)


def test_the_documented_example_has_every_key(tmp_path: Path) -> None:
    lines = [line.partition("=")[0].strip() for line in EXAMPLE.splitlines() if "=" in line.partition("#")[0]]
    assert lines == [key for _, key in KEYS]


def test_every_key_is_read(tmp_path: Path) -> None:
    text = """
    [late]
    grace_minutes = 15
    percent_per_day = 12.5
    most_percent = 50
    refused_after_days = 7
    [attempts]
    count = "last_in_time"
    [grading]
    sandbox = "landlock"
    feedback = "verdicts"
    follow_through = 0.5
    without_tests = ["06_convolution::test_gaps", "01_perceptron::test_gate[AND-1.5-x y]"]
    [course]
    name = "Réseaux de neurones"
    term = "Été 2026"
    assignments = ["02_activations", "01_perceptron"]
    """
    assert read_settings(written(tmp_path, text)) == Settings(
        course=CourseSettings(
            name="Réseaux de neurones", term="Été 2026", assignments=("02_activations", "01_perceptron")
        ),
        grading=GradingSettings(
            sandbox="landlock",
            feedback="verdicts",
            follow_through=0.5,
            without_tests=("06_convolution::test_gaps", "01_perceptron::test_gate[AND-1.5-x y]"),
        ),
        attempts=AttemptSettings(count="last_in_time"),
        late=LateSettings(grace_minutes=15, percent_per_day=12.5, most_percent=50.0, refused_after_days=7),
    )


@pytest.mark.parametrize("text", [f"\ufeff{EXAMPLE}", EXAMPLE.replace("\n", "\r\n")])
def test_what_editors_do_to_a_file(tmp_path: Path, text: str) -> None:
    assert read_settings(written(tmp_path, text)).course.term == "2026W"


@pytest.mark.parametrize(
    ("table", "line", "value"),
    [
        ("grading", "follow_through = 0", 0.0),
        ("grading", "follow_through = 1", 1.0),
        ("late", "percent_per_day = 100", 100.0),
        ("late", "most_percent = 0", 0.0),
        ("late", "grace_minutes = 525_600", 525_600),
        ("late", "refused_after_days = 3_650", 3_650),
        ("grading", "without_tests = []", ()),
        ("course", 'term = ""', ""),
    ],
)
def test_the_ends_of_a_range_are_allowed(tmp_path: Path, table: str, line: str, value: Any) -> None:
    settings = read_settings(written(tmp_path, f"[{table}]\n{line}\n"))
    read = getattr(getattr(settings, table), line.partition(" ")[0])
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("sandbox", ["auto", "namespaces", "landlock", "none"])
def test_every_sandbox(tmp_path: Path, sandbox: str) -> None:
    assert read_settings(written(tmp_path, f'grading.sandbox = "{sandbox}"')).grading.sandbox == sandbox


def test_a_linked_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.toml").write_text(EXAMPLE, encoding="utf-8")
    (tmp_path / "course.toml").symlink_to("elsewhere.toml")
    assert read_settings(tmp_path).course.term == "2026W"


# ---- names that are not known


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[grade]", "[grade] is unknown. Did you mean [grading]?"),
        ("[Late]\ngrace_minutes = 5", "[Late] is unknown. Did you mean [late]?"),
        ("grades = 1", "grades is unknown. Did you mean [grading]?"),
        ('[course]\ntitel = "x"', "[course] titel is unknown. Allowed here: name, term, assignments. "),
        ("[late]\ngrace_minuts = 5", "[late] grace_minuts is unknown. Did you mean grace_minutes?"),
        ("[late]\ngrace-minutes = 5", "[late] grace-minutes is unknown. Did you mean grace_minutes?"),
        ("[late]\nGRACE_MINUTES = 5", "[late] GRACE_MINUTES is unknown. Did you mean grace_minutes?"),
        ("[course]\ngrace_minuts = 5", "[course] grace_minuts is unknown. Did you mean grace_minutes in [late]?"),
        ("grace_minuts = 5", "grace_minuts is unknown. Did you mean grace_minutes in [late]?"),
        (
            "[course]\ngrace_minutes = 5",
            "[course] grace_minutes is in the wrong place. It belongs in [late]: move it there.",
        ),
        ("grace_minutes = 5", "grace_minutes is in the wrong place. It belongs in [late]: move it there."),
        ("[sandbox]\nx = 1", "[sandbox] is in the wrong place. It belongs in [grading]: move it there."),
        ("[zzz]", "[zzz] is unknown. Allowed here: [course], [grading], [attempts], [late]. Correct or delete it."),
        ('[late]\n"" = 5', '[late] "" is unknown.'),
        ('"a\\u001b[31m" = 5', '"a�[31m" is unknown.'),
        ("[late.penalty]\nx = 1", "[late] penalty is unknown."),
    ],
)
def test_an_unknown_name(tmp_path: Path, text: str, problem: str) -> None:
    (found,) = problems(tmp_path, text)
    assert found.startswith(problem)


# ---- values that are not allowed

TITLE = 'Write text in quotes on one line, not blank, for example "Neural networks".'
SANDBOX = 'Write one of "auto", "namespaces", "landlock", "none".'
TEST = 'Write each entry as text in quotes as <stem>::<test_name>, for example "06_convolution::test_gaps".'
STEM = 'Write each entry as text in quotes with the name of a folder of assignments/, for example "01_perceptron".'


@pytest.mark.parametrize(
    ("table", "line", "problem"),
    [
        ("course", "name = 3", f"name is 3. {TITLE}"),
        ("course", 'name = ""', f'name is "". {TITLE}'),
        ("course", 'name = " \\t"', f'name is "  ". {TITLE}'),
        ("course", 'name = "a\\nb"', f'name is "a⏎b". {TITLE}'),
        ("course", 'name = "\\u001b[2J"', f'name is "�[2J". {TITLE}'),
        ("course", 'name = ["x"]', f"name is a list. {TITLE}"),
        ("course", "term = 2026", 'term is 2026. Write text in quotes on one line, for example "2026W".'),
        ("course", "term = 2026-03-01", "term is 2026-03-01. Write text in quotes"),
        ("course", 'term = "  "', 'term is "  ". Write text in quotes'),
        ("course", 'assignments = "01_perceptron"', 'assignments is "01_perceptron". Write a list in square brackets;'),
        ("course", "assignments = []", "assignments is an empty list. Add an entry, or delete the line"),
        ("course", "assignments = [1]", f"assignments contains 1. {STEM}"),
        ("course", 'assignments = [["01_a"]]', f"assignments contains a list. {STEM}"),
        ("course", 'assignments = [""]', f'assignments contains "". {STEM}'),
        ("course", 'assignments = ["perceptron"]', f'assignments contains "perceptron". {STEM}'),
        ("course", 'assignments = ["../01_a"]', f'assignments contains "../01_a". {STEM}'),
        ("course", 'assignments = ["01_a/"]', f'assignments contains "01_a/". {STEM}'),
        ("course", 'assignments = ["01_a", "01_a"]', 'assignments contains "01_a" more than once. Keep one.'),
        ("grading", 'sandbox = "podman"', f'sandbox is "podman". {SANDBOX}'),
        ("grading", 'sandbox = "Auto"', f'sandbox is "Auto". {SANDBOX}'),
        ("grading", "sandbox = false", f"sandbox is false. {SANDBOX}"),
        ("grading", 'feedback = "none"', 'feedback is "none". Write one of "full", "verdicts".'),
        ("grading", "follow_through = 1.01", "follow_through is 1.01. Write a number from 0 to 1."),
        ("grading", "follow_through = -0.1", "follow_through is -0.1. Write a number from 0 to 1."),
        ("grading", "follow_through = nan", "follow_through is nan. Write a number from 0 to 1."),
        ("grading", "follow_through = inf", "follow_through is inf. Write a number from 0 to 1."),
        ("grading", "follow_through = true", "follow_through is true. Write a number from 0 to 1."),
        ("grading", 'follow_through = "0.5"', 'follow_through is "0.5". Write a number from 0 to 1.'),
        ("grading", 'without_tests = "a_b::test_c"', 'without_tests is "a_b::test_c". Write a list'),
        ("grading", 'without_tests = ["test_gaps"]', f'without_tests contains "test_gaps". {TEST}'),
        ("grading", 'without_tests = ["a_b:test_c"]', f'without_tests contains "a_b:test_c". {TEST}'),
        ("grading", 'without_tests = ["a_b::gaps"]', f'without_tests contains "a_b::gaps". {TEST}'),
        ("grading", 'without_tests = ["a_b::test_c::d"]', f'without_tests contains "a_b::test_c::d". {TEST}'),
        ("grading", 'without_tests = ["a_b::test_c "]', f'without_tests contains "a_b::test_c ". {TEST}'),
        ("grading", 'without_tests = ["a_b::test_c\\n"]', f'without_tests contains "a_b::test_c⏎". {TEST}'),
        ("grading", 'without_tests = ["::test_c"]', f'without_tests contains "::test_c". {TEST}'),
        ("grading", "without_tests = [{}]", f"without_tests contains a table. {TEST}"),
        (
            "grading",
            'without_tests = ["a_b::test_c", "a_b::test_d", "a_b::test_c"]',
            'without_tests contains "a_b::test_c" more than once. Keep one.',
        ),
        ("attempts", 'count = "best"', 'count is "best". Write one of "last", "last_in_time".'),
        ("attempts", "count = 1", 'count is 1. Write one of "last", "last_in_time".'),
        ("late", "grace_minutes = -1", "grace_minutes is -1. Write a whole number from 0 to 525600."),
        ("late", "grace_minutes = 525_601", "grace_minutes is 525601. Write a whole number from 0 to 525600."),
        ("late", "grace_minutes = 1.5", "grace_minutes is 1.5. Write a whole number from 0 to 525600."),
        ("late", "grace_minutes = true", "grace_minutes is true. Write a whole number from 0 to 525600."),
        ("late", "grace_minutes = 1e999", "grace_minutes is inf. Write a whole number from 0 to 525600."),
        ("late", f"grace_minutes = 0x{'f' * 5000}", "grace_minutes is a number of more than 18 digits. Write"),
        ("late", f"percent_per_day = 1{'0' * 400}", "percent_per_day is a number of more than 18 digits. Write"),
        ("late", "percent_per_day = 100.5", "percent_per_day is 100.5. Write a number from 0 to 100."),
        ("late", "percent_per_day = -inf", "percent_per_day is -inf. Write a number from 0 to 100."),
        ("late", "most_percent = -1", "most_percent is -1. Write a number from 0 to 100."),
        ("late", "refused_after_days = -1", "refused_after_days is -1. Write a whole number from 0 to 3650."),
        ("late", "refused_after_days.x = 1", "refused_after_days is a table. Write a whole number from 0 to 3650."),
    ],
)
def test_a_value_that_is_not_allowed(tmp_path: Path, table: str, line: str, problem: str) -> None:
    (found,) = problems(tmp_path, f"[{table}]\n{line}\n")
    assert found.startswith(f"[{table}] {problem}")


@pytest.mark.parametrize(("table", "key"), KEYS)
def test_every_key_refuses_another_type(tmp_path: Path, table: str, key: str) -> None:
    (found,) = problems(tmp_path, f"[{table}]\n{key} = 12:30:00\n")
    assert found.startswith(f"[{table}] {key} is 12:30:00. Write ")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(("text", "shown"), [("{} = 5", "5"), ('{} = "x"', '"x"'), ("[[{}]]", "a list")])
def test_a_table_must_be_a_table(tmp_path: Path, table: str, text: str, shown: str) -> None:
    problem = f"{table} is {shown}, but it must be a table. Write [{table}] on a line of its own."
    assert problems(tmp_path, text.format(table)) == [problem]


def test_a_long_text_is_cut(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, f'[grading]\nsandbox = "{"x" * 1000}"\n')
    assert found == f'[grading] sandbox is "{"x" * 60}…". {SANDBOX}'


def test_all_problems_are_told_together(tmp_path: Path) -> None:
    text = """
    follow_through = 1
    [course]
    name = ""
    assignments = ["01_a", 2, "01_a"]
    [late]
    grace_min = 3
    most_percent = 120
    """
    assert whole_message(tmp_path, text).splitlines() == [
        "has 6 problems to fix:",
        "  follow_through is in the wrong place. It belongs in [grading]: move it there.",
        f'  [course] name is "". {TITLE}',
        f"  [course] assignments contains 2. {STEM}",
        '  [course] assignments contains "01_a" more than once. Keep one.',
        "  [late] grace_min is unknown. Did you mean grace_minutes?",
        "  [late] most_percent is 120. Write a number from 0 to 100.",
    ]


def test_one_problem_is_one_problem(tmp_path: Path) -> None:
    assert whole_message(tmp_path, "[zzz]").startswith("has 1 problem to fix:\n  [zzz] is unknown.")


# ---- files that cannot be read


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[course]\nname = Neural networks\n", "line 2,"),
        ("[course\n", "line 1,"),
        ("[course]\n\n[course]\n", "line 3,"),
        ("[late]\ngrace_minutes = 1\ngrace_minutes = 2\n", "line 3,"),
        ("[late]\ngrace_minutes = 1, 2\n", "line 2,"),
        ('[course]\nterm = "x\n', "line 2,"),
        ('[course]\nterm = """x', "line 2, the end of the file"),
        ("[course]\nterm =", "line 2, the end of the file"),
        ("[late]\nx = 2026-02-30\n", "line 2,"),
        ("\x00", "line 1,"),
    ],
)
def test_a_syntax_error_names_its_line(tmp_path: Path, text: str, line: str) -> None:
    message = whole_message(tmp_path, text)
    assert message.startswith("is not valid TOML: ")
    assert f"(at {line}" in message
    assert message.endswith("). Correct this line. Text must be in quotes.")


@pytest.mark.parametrize("value", ["1" * 5000, "[" * 100_000])
def test_what_the_parser_gives_up_on(tmp_path: Path, value: str) -> None:
    message = whole_message(tmp_path, f"[late]\ngrace_minutes = {value}\n")
    assert message.startswith(("cannot be read: a number has thousands of digits, or", "is not valid TOML: "))


@pytest.mark.parametrize(
    ("data", "line"),
    [(b'[course]\nname = "R\xe9seaux"\n', 2), (EXAMPLE.encode("utf-16"), 1), (b"\xff", 1)],
)
def test_not_utf_8(tmp_path: Path, data: bytes, line: int) -> None:
    assert whole_message(tmp_path, data) == f"is not UTF-8 text (line {line}). Save it in UTF-8."


def refused(root: Path) -> str:
    with pytest.raises(UserError) as error:
        read_settings(root)
    return str(error.value)


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "course.toml").mkdir()
    assert refused(tmp_path).startswith(f"{tmp_path / 'course.toml'} is not a file. Rename or delete it,")


def test_a_link_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "course.toml").symlink_to("nowhere")
    assert refused(tmp_path).startswith(f"{tmp_path / 'course.toml'} is not a file. Rename or delete it,")


def test_a_link_to_itself(tmp_path: Path) -> None:
    (tmp_path / "course.toml").symlink_to("course.toml")
    assert refused(tmp_path).startswith(f"{tmp_path / 'course.toml'} cannot be read (")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "course.toml")
    assert refused(tmp_path).startswith(f"{tmp_path / 'course.toml'} is not a file. Rename or delete it,")


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, EXAMPLE)

    def denied(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    path = tmp_path / "course.toml"
    assert refused(tmp_path) == f"{path} cannot be read (Permission denied). Check its permissions."


# ---- the nouns


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().late.grace_minutes = 5  # type: ignore[misc]
    assert hash(Settings()) == hash(Settings())


# ---- what has an effect


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[course]\nterm = "2026W"', "[course] term"),
        ("[grading]\nfollow_through = 0.5", "[grading] follow_through"),
        ('[attempts]\ncount = "last_in_time"', "[attempts] count"),
        ("[late]\ngrace_minutes = 5", "[late] grace_minutes"),
    ],
)
def test_a_setting_that_would_do_nothing_is_refused(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(UserError) as error:
        applied_settings(written(tmp_path, text))
    assert str(error.value).startswith(f"{tmp_path / 'course.toml'}: {key} has no effect in this version.")


def test_settings_at_their_default_and_those_that_are_applied_pass(tmp_path: Path) -> None:
    text = EXAMPLE.replace('term = "2026W"', 'term = ""').replace('feedback = "full"', 'feedback = "verdicts"')
    assert applied_settings(written(tmp_path, text)).course.assignments == ("01_perceptron",)
