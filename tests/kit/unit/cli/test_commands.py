"""What a person types and reads: exit codes, one line for an error that can be fixed, a bar on a terminal."""

import contextlib
import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from places import ROOT

STEM = "01_perceptron"
RELEASE = ROOT / "assignments" / STEM / "perceptron.ipynb"
QUICKLY = ["--jobs", "1", "--sandbox", "none"]
COMMAND = [sys.executable, "-m", "autograder.cli.main"]


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course of one's own, small enough to copy."""
    copy = tmp_path / "course"
    for folder in ("assignments", "solutions", "reference_impl", "tests/suites"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", ".*", "0[2-9]_*"))
    shutil.copy(ROOT / "nbgrader_config.py", copy)
    return copy


@pytest.fixture
def class_of_two(course: Path) -> Path:
    """The same course, with two students who have written nothing yet."""
    for student in ("ada", "ben"):
        hand_in(course, student)
    return course


def hand_in(course: Path, student: str, notebook: Path = RELEASE) -> Path:
    folder = course / "submitted" / student / STEM
    folder.mkdir(parents=True)
    return Path(shutil.copy(notebook, folder / "perceptron.ipynb"))


def run(folder: Path, *arguments: object, **environment: str) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr of a command that is typed in a folder."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        timeout=60,
        encoding="utf-8",
        env=os.environ | environment,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, done.stdout, done.stderr


# ---- wrong usage: exit code 2, one sentence, no traceback


def refusal(folder: Path, *arguments: object) -> str:
    code, out, err = run(folder, *arguments)
    assert code == 2
    assert out == ""
    return err


def test_an_unknown_assignment(class_of_two: Path) -> None:
    message = refusal(class_of_two, "grade", "02_nothing")
    assert message == f"There is no assignment '02_nothing' in {class_of_two}. Known: {STEM}.\n"


def test_no_folder_of_submissions(course: Path) -> None:
    message = refusal(course, "grade")
    assert message.startswith(f"There is no folder {course}/submitted. Put notebooks into ")
    assert "--submitted" in message


def test_outside_of_a_course(tmp_path: Path) -> None:
    message = refusal(tmp_path, "grade")
    assert message.startswith(f"{tmp_path} lies in no course:")
    assert "--course" in message


def test_a_course_that_is_none(tmp_path: Path) -> None:
    for words in (["--course", tmp_path, "grade"], ["grade", "--course", tmp_path]):
        assert refusal(Path("/"), *words).startswith(f"{tmp_path} lies in no course:")


def test_an_unknown_student(class_of_two: Path) -> None:
    message = refusal(class_of_two, "grade", "--student", "carla\x1b")
    assert message == f"There is no student 'carla\\x1b' in {class_of_two}/submitted.\n"


def test_no_submission(course: Path) -> None:
    (course / "submitted").mkdir()
    assert refusal(course, "grade") == f"No submission found in {course}/submitted.\n"


def test_submissions_that_lie_in_the_wrong_place(course: Path) -> None:
    """The message also says why nothing is found."""
    (course / "submitted" / "ada" / "week 1").mkdir(parents=True)
    assert refusal(course, "grade") == (
        f"No submission found in {course}/submitted.\n"
        "note: ada/week 1 is no assignment of this course and was left alone\n"
    )


@pytest.mark.parametrize("arguments", [["--jobs", "0"], ["--jobs", "many"], ["--sandbox", "half"], ["--nonsense"]])
def test_an_option_that_is_wrong(course: Path, arguments: list[str]) -> None:
    assert "Try 'python -m autograder.cli.main grade --help' for help." in refusal(course, "grade", *arguments)


def test_an_unknown_command(course: Path) -> None:
    assert "No such command 'grad'" in refusal(course, "grad")


def test_a_course_with_a_file_missing(class_of_two: Path) -> None:
    path = class_of_two / "tests" / "suites" / "seed.txt"
    path.unlink()
    message = refusal(class_of_two, "grade")
    assert message == f"{path} cannot be read (No such file or directory); {STEM} needs it.\n"


@pytest.mark.slow
def test_results_that_cannot_be_written(class_of_two: Path) -> None:
    (class_of_two / "results").write_text("a file is in the way")
    code, _, err = run(class_of_two, "grade", *QUICKLY)
    assert code == 2
    assert re.fullmatch(r".*/results/01_perceptron/(ada|ben)\.html cannot be written \(.*\)\.\n", err)


def test_building_what_is_not_authored(course: Path) -> None:
    message = refusal(course, "build", "02_nothing")
    assert message == f"{course}/solutions/02_nothing has no notebook nothing.ipynb.\n"


# ---- help


def test_help_and_version() -> None:
    code, out, _ = run(Path("/"), "--help")
    assert code == 0
    assert {"grade", "build", "demo"} <= set(out.split())
    code, out, _ = run(Path("/"), "grade", "-h")
    assert code == 0
    assert {"--submitted", "--results", "--student", "--jobs", "--force", "--sandbox"} <= set(out.split())
    assert "submitted/<student>/<assignment>/<topic>.ipynb" in out
    code, out, _ = run(Path("/"), "--version")
    assert (code, out.split()[:2]) == (0, ["autograder,", "version"])


# ---- grading


@pytest.mark.slow
def test_from_anywhere_with_the_course_named(class_of_two: Path, tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, "--course", class_of_two, "grade", *QUICKLY)
    assert code == 0
    table = (class_of_two / "results" / "grades.csv").read_bytes().decode()
    assert table == f"student,{STEM}\r\nada,0\r\nben,0\r\n"
    assert f"Scores: {class_of_two}/results/grades.csv" in out


@pytest.mark.slow
def test_from_a_folder_within_the_course_with_other_folders(class_of_two: Path) -> None:
    (class_of_two / "submitted").rename(class_of_two / "handed in")
    options = ["--submitted", "../handed in", "--results", "../out"]
    code, out, _ = run(class_of_two / "solutions", "grade", STEM, STEM, "--student", "ben", *options, *QUICKLY)
    assert code == 0
    assert "1 of 1 submission graded, 1 of them now." in out
    assert {path.name for path in (class_of_two / "out" / STEM).iterdir()} == {"ben.html", "ben.json"}


@pytest.mark.slow
def test_without_a_sandbox_is_said(class_of_two: Path) -> None:
    code, out, _ = run(class_of_two, "grade", *QUICKLY)
    assert code == 0
    assert out.startswith("sandbox: none. Students' code runs with your rights.\n")
    assert json.loads((class_of_two / "results" / STEM / "ada.json").read_bytes())["sandbox"] == "none"


@pytest.mark.sandbox
@pytest.mark.slow
def test_plain_lines_where_nobody_watches(class_of_two: Path) -> None:
    (class_of_two / "submitted" / "cleo" / STEM).mkdir(parents=True)
    code, out, err = run(class_of_two, "grade", "--jobs", 2)
    assert (code, err) == (1, "")
    assert "\x1b" not in out
    assert "graded 3 of 3\n" in out
    assert max(map(len, out.replace(str(class_of_two), "").splitlines())) <= 120
    assert "nothing written yet" in out
    assert "2 of 3 submissions graded, 2 of them now.\n" in out
    code, out, _ = run(class_of_two, "grade", "--jobs", 2)
    assert code == 1
    assert "2 submissions up to date, 1 to grade\n" in out
    assert "2 of 3 submissions graded, 0 of them now.\n" in out


@pytest.mark.slow
def test_an_output_without_unicode(class_of_two: Path) -> None:
    hand_in(class_of_two, "名前")
    code, out, err = run(class_of_two, "grade", *QUICKLY, PYTHONIOENCODING="ascii")
    assert (code, err) == (0, "")
    assert "3 of 3 submissions graded, 3 of them now." in out


@pytest.mark.sandbox
@pytest.mark.slow
def test_a_bar_on_a_terminal(class_of_two: Path) -> None:
    columns = 40
    (class_of_two / "submitted" / "cleo" / STEM).mkdir(parents=True)  # counted although no worker sees it
    code, out = on_a_terminal(class_of_two, columns, "grade", "--jobs", "1")
    assert code == 1
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out)
    assert "3/3" in shown
    assert "graded 3 of 3" not in shown
    assert "2 of 3 submissions graded, 2 of them now." in shown
    rows = [line for line in re.split(r"[\r\n]+", shown) if line[:1] in "│┃┏┡└━"]
    assert rows
    assert max(map(len, rows)) <= columns
    assert "\x1b[?25h" in out  # the cursor is back


def on_a_terminal(folder: Path, columns: int, *arguments: str) -> tuple[int, str]:
    """Return the exit code, and all that a terminal of this width shows."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment | {"TERM": "xterm-256color"},
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # how a terminal says that the other side has gone
        while chunk := os.read(ours, 65536):
            shown += chunk
    os.close(ours)
    return process.wait(timeout=60), shown.decode()


# ---- building


@pytest.mark.slow
def test_a_release_that_is_stale_and_then_current(course: Path) -> None:
    solution = course / "solutions" / STEM / "perceptron.ipynb"
    solution.write_text(solution.read_text(encoding="utf-8").replace("McCulloch", "McCullock"), encoding="utf-8")
    before = (course / "assignments" / STEM / "perceptron.ipynb").read_bytes()
    assert run(course, "build", "--check")[:2] == (1, f"{STEM}: stale perceptron.ipynb and selfcheck.json\n")
    assert (course / "assignments" / STEM / "perceptron.ipynb").read_bytes() == before
    assert run(course, "build")[:2] == (0, f"{STEM}: wrote perceptron.ipynb and selfcheck.json\n")
    assert run(course, "build", "--check")[:2] == (0, f"{STEM}: current\n")
    assert "McCullock" in (course / "assignments" / STEM / "perceptron.ipynb").read_text(encoding="utf-8")


# ---- checking a saved notebook


@pytest.mark.slow
def test_a_right_notebook_is_checked(course: Path) -> None:
    code, out, err = run(course, "check", f"solutions/{STEM}/perceptron.ipynb")
    assert (code, err) == (0, "")
    table, following, questions = out.split("\n\n")
    assert table.splitlines()[-1].split()[:5] == ["together", "8", "of", "8", "passed"]
    assert following == "All 8 exercises pass."
    assert questions.startswith("Questions in words, answered: why_not_xor and convergence_promise.")


@pytest.mark.slow
def test_a_wrong_notebook_is_told_what_is_wrong(course: Path) -> None:
    wrong = ROOT / "tests" / "sample_class" / "submitted" / "dilip" / STEM / "perceptron.ipynb"
    code, out, _ = run(course, "check", hand_in(course, "dilip", wrong))
    assert code == 1
    assert "threshold_unit: 1 of 4 public tests passed." in out
    assert "> in place of" in out  # the hint
    assert max(map(len, out.splitlines())) <= 85


def test_a_student_checks_in_the_folder_that_was_handed_out(course: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(course / "assignments" / STEM, mine)
    code, out, _ = run(mine, "check", "perceptron.ipynb")
    assert code == 1
    assert out.count("not written yet") == 8


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("nowhere.ipynb", None, "There is no notebook nowhere.ipynb."),
        ("perceptron.ipynb", "{", "perceptron.ipynb: the file looks cut off"),
    ],
)
def test_a_notebook_that_cannot_be_checked(course: Path, name: str, content: str | None, reason: str) -> None:
    folder = course / "assignments" / STEM
    if content is not None:
        (folder / name).write_text(content)
    code, _, err = run(folder, "check", name)
    assert code == 2
    assert reason in err


def test_a_notebook_that_is_no_assignment_s(tmp_path: Path) -> None:
    shutil.copy(RELEASE, tmp_path / "perceptron.ipynb")
    code, _, err = run(tmp_path, "check", "perceptron.ipynb")
    assert code == 2
    assert "were not found. Looked in" in err
