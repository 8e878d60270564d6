"""Terminal escapes, bidirectional marks and odd line breaks in every field of a submission: no output carries them."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from nbgrader_course import convert, grade_and_fill, new_course
from places import ROOT

from autograder.cli.main import main
from autograder.notebooks.course import Course

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]

STEM = "01_perceptron"
HOSTILE = "\x1b]0;title\x07\x1b[31mred\x9b1m\x85\u202etfel\u2066\u2028\u2029\x0b\x0c\x1c\x08\x7f\u200f\ufeff"
ESCAPED = HOSTILE.encode("unicode_escape").decode()
BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
ANSWERS = {
    "threshold_unit": f"    raise ValueError('{ESCAPED}')  # {HOSTILE}",
    "perceptron_predict": f"    return '{ESCAPED}'  # {HOSTILE}",
    "gate": f"    return {{'{ESCAPED}': 1}}",
    "boundary_distance": f"    return type('{ESCAPED}', (), {{}})()",
    "perceptron_update": f"    import warnings\n    warnings.warn('{ESCAPED}')\n    return ['{ESCAPED}'] * 2",
    "perceptron_train": f"    raise type('{ESCAPED}', (ValueError,), {{}})('{ESCAPED}')",
    "xor_network": f"    return {HOSTILE}",
    "delta_rule": "    import types\n    def f(): raise NotImplementedError\n"
    f"    types.FunctionType(f.__code__.replace(co_name='{ESCAPED}'), globals())()",
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Return a course with one submission, graded and put into a gradebook."""
    course = new_course(tmp_path_factory.mktemp("hostile") / "course")
    path = course.submitted / "ada" / STEM / "perceptron.ipynb"
    path.parent.mkdir(parents=True)
    content = json.loads(course.release(STEM).read_bytes())
    content["metadata"]["authors"] = [{"name": HOSTILE}]
    for cell in content["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["metadata"]["tags"] = [*cell["metadata"].get("tags", []), HOSTILE]
        if name in ANSWERS:
            cell["source"] = "".join(cell["source"]).replace("    raise NotImplementedError", ANSWERS[name])
        elif cell["cell_type"] == "markdown":
            cell["source"] = f"{''.join(cell['source'])}\n{HOSTILE}"
    content["cells"] += [own_cell(kind, f"# {HOSTILE}\nmine = '{HOSTILE}'") for kind in ("code", "markdown", "raw")]
    path.write_text(json.dumps(content), encoding="utf-8")
    path.with_name("timestamp.txt").write_text(HOSTILE, encoding="utf-8")
    path.with_name(f"{HOSTILE}.ipynb").touch()
    grade_and_fill(course, STEM)
    return course


def own_cell(kind: str, source: str) -> dict[str, Any]:
    cell = {"cell_type": kind, "id": HOSTILE, "metadata": {"nbgrader": {"grade_id": HOSTILE}}, "source": source}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def require_clean(text: str, name: str) -> None:
    """Require that no character of some output does more than to be read; of JSON, none of the texts in it."""
    texts = [text, *texts_in(json.loads(text))] if name.endswith((".json", ".ipynb")) else [text]
    found = [repr(part[max(0, m.start() - 60) : m.end() + 20]) for part in texts for m in BAD.finditer(part)]
    assert not found, (name, found[:3])


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for part in [*value, *(value.values() if isinstance(value, dict) else ())]:
            yield from texts_in(part)


def test_results_and_marked_notebooks(course: Course) -> None:
    assert convert(course, "GenerateFeedback", STEM)
    paths = [path for name in ("results", "autograded", "feedback") for path in (course.root / name).rglob("*.*")]
    texts = {path: path.read_text(encoding="utf-8") for path in paths if path.is_file()}
    assert {path.suffix for path in texts} >= {".json", ".html", ".csv", ".ipynb"}
    for path, text in texts.items():
        require_clean(re.sub(r"<script.*?</script>|<style.*?</style>", "", text, flags=re.S), path.name)


COMMANDS = [
    *(["explain", "ada", STEM, exercise] for exercise in ANSWERS),
    ["grade", "--force"],
    ["report"],
    ["export", "csv"],
    ["export", "moodle", "--feedback"],
    ["export", "gradescope"],
    ["export", "canvas"],
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_what_commands_print_and_write(course: Course, tmp_path: Path, arguments: list[str]) -> None:
    out = ["--out", str(tmp_path / "out")] if arguments[0] in ("report", "export") else []
    done = CliRunner().invoke(main, [*arguments, "--course", str(course.root), *out])
    assert done.exit_code in (0, 1), done.output
    assert not isinstance(done.exception, Exception)
    require_clean(done.output, arguments[0])
    for path in tmp_path.rglob("*"):
        if path.is_file():
            require_clean(path.read_text(encoding="utf-8"), path.name)


def test_what_a_student_is_shown(tmp_path: Path, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "assignments" / STEM
    shutil.copytree(ROOT / "assignments" / STEM, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    shutil.copy(course.submitted / "ada" / STEM / "perceptron.ipynb", folder)
    monkeypatch.chdir(tmp_path)
    for arguments in (["check", STEM], ["submit", STEM, "--student", "ada"], ["reset", STEM, "gate"], ["progress"]):
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code in (0, 1), done.output
        require_clean(done.output, arguments[0])
