"""The authored notebooks: valid, clean, and running from top to bottom; the release the same without answers."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from course_suites import COURSE, STEMS

NOTEBOOKS = [path for stem in COURSE.stems for path in (COURSE.solution(stem), COURSE.release(stem))]


def cells_of(path: Path) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return cells


def grading_of(cell: dict[str, Any]) -> dict[str, Any]:
    grading: dict[str, Any] = cell["metadata"].get("nbgrader", {})
    return grading


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: "/".join(path.parts[-3:]))
def test_it_is_valid_and_clean(path: Path) -> None:
    import nbformat
    from nbgrader.nbgraderformat import ValidationError, read

    try:
        notebook = read(str(path), as_version=4)  # nbgrader's own schema, version 3
    except ValidationError as error:
        pytest.fail(f"{path.name}: {error}")
    nbformat.validate(notebook)
    for cell in cells_of(path):
        assert cell["id"]
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        assert "HIDDEN TESTS" not in "".join(cell["source"])
    assert "language_info" not in notebook.metadata


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: "/".join(path.parts[-3:]))
def test_each_exercise_has_its_cells(path: Path) -> None:
    cells = cells_of(path)
    tags = [cell["metadata"].get("tags", []) for cell in cells]
    assert "setup" in tags[0]
    assert "given" in tags[1]
    graded = {grading_of(cell)["grade_id"]: cell for cell in cells if grading_of(cell)}
    exercises = [name for name, cell in graded.items() if grading_of(cell)["solution"] and cell["cell_type"] == "code"]
    assert exercises
    for name in exercises:
        test = graded[f"test_{name}"]
        assert "".join(test["source"]) == f"check({name})"
        assert grading_of(test)["locked"]
        assert grading_of(test)["grade"]
        assert grading_of(test)["points"] > 0
        assert grading_of(test)["schema_version"] == 3


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: "/".join(path.parts[-3:]))
def test_it_says_to_run_the_top_cells_first_and_after_a_restart(path: Path) -> None:
    setup, given, start, *_ = cells_of(path)
    assert [cell["cell_type"] for cell in (setup, given, start)] == ["code", "code", "markdown"]
    text = "".join(start["source"])
    assert "First run the two cells above, and run them again whenever the kernel was restarted" in text


@pytest.mark.series(5)
@pytest.mark.parametrize("stem", STEMS)
def test_a_solution_runs_from_top_to_bottom(stem: str) -> None:
    import nbformat
    from nbclient import NotebookClient

    path = COURSE.solution(stem)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}).execute()
    said = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output for output in said if output.output_type == "error" or output.get("name") == "stderr"] == []
    assert [output for output in said if "image/png" in output.get("data", {})] == []  # they would have no alt text
    for cell in demos_of(notebook.cells):
        outputs = [output.get("data", {}) for output in cell.outputs]
        pictures = [html for data in outputs if "<img" in (html := data.get("text/html", ""))]
        assert len(pictures) >= cell.source.count("plt.subplots(") + cell.source.count("plt.figure("), cell.id
        assert all(re.search(r'<img alt="[^"]{40,}"', html) for html in pictures), cell.id
        assert len(pictures) == len([data for data in outputs if data]), cell.id  # no sentence that it could not finish


def demos_of(cells: list[Any]) -> list[Any]:
    return [cell for cell in cells if "demo" in cell["metadata"].get("tags", [])]


SHOWN_FOR_STUDENTS_TO_EDIT = {"demo-train"}  # the seed and the number of epochs


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: "/".join(path.parts[-3:]))
def test_demo_cells_are_folded_and_describe_their_figure(path: Path) -> None:
    demos = demos_of(cells_of(path))
    assert demos
    for cell in demos:
        folded = cell["metadata"].get("jupyter", {}).get("source_hidden", False)
        assert folded == (cell["id"] not in SHOWN_FOR_STUDENTS_TO_EDIT), cell["id"]
        source = "".join(cell["source"])
        blocks = [node.items[0].context_expr for node in ast.parse(source).body if isinstance(node, ast.With)]
        calls = [block for block in blocks if isinstance(block, ast.Call) and ast.unparse(block.func) == "check.demo"]
        if "plt.subplots(" in source or "plt.figure(" in source:
            (call,) = calls
            assert len(ast.literal_eval(call.args[0])) > 40, cell["id"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: "/".join(path.parts[-3:]))
def test_images_in_text_have_alternative_text(path: Path) -> None:
    text = "\n".join("".join(cell["source"]) for cell in cells_of(path) if cell["cell_type"] == "markdown")
    assert re.findall(r"!\[\s*\]|<img(?![^>]*alt=)", text) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: "/".join(path.parts[-3:]))
def test_it_says_how_to_get_hints_and_how_to_hand_in(path: Path) -> None:
    texts = ["".join(cell["source"]) for cell in cells_of(path) if cell["cell_type"] == "markdown"]
    assert "`check.hint(f)`" in texts[0]
    assert 'check.submit("your-name")' in texts[-1]
    assert "!autograder" not in "".join(texts)


def test_the_capstone_tells_the_steps_of_the_scale_that_is_graded() -> None:
    cells = {cell["id"]: "".join(cell["source"]) for cell in cells_of(COURSE.solution("09_capstone"))}
    graded = (Path(__file__).parents[2] / "suites" / "test_capstone.py").read_text(encoding="utf-8")
    told = re.search(r"^scale = (\{.*?^\})", cells["demo-scale"], re.DOTALL | re.MULTILINE)
    needed = re.search(r"^SCALE = (\{.*?^\})", graded, re.DOTALL | re.MULTILINE)
    assert told is not None
    assert needed is not None
    scale = ast.literal_eval(told[1])
    assert scale == ast.literal_eval(needed[1])
    for name in ("pass", "good", "excellent"):
        row = next(line for line in cells["text-scale"].splitlines() if line.startswith(f"| {name} |"))
        shown = tuple(float(number) for number in re.findall(r"([\d.]+) %", row))
        assert shown == tuple(round(100 * share, 1) for data in ("mnist", "digits") for share in scale[data][name])


@pytest.mark.series(3)
@pytest.mark.parametrize("stem", STEMS)
def test_in_a_release_every_check_says_that_the_stub_is_there_and_no_demo_fails(stem: str) -> None:
    import nbformat
    from nbclient import NotebookClient

    path = COURSE.release(stem)
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=120, allow_errors=True, resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute()
    checks = [
        cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("points") and cell.cell_type == "code"
    ]
    assert checks
    for cell in checks:
        shown, error = cell.outputs
        assert error.ename == "NotYet"
        name = cell.metadata["nbgrader"]["grade_id"].removeprefix("test_")
        assert shown.data["text/plain"] == error.evalue
        if "which is still a stub. Write that one first." not in error.evalue:  # a model that is to be trained
            assert "is still the stub" in error.evalue
            assert error.traceback == [f"{name}: not written yet."]
        assert max(map(len, error.evalue.splitlines())) <= 85
    for cell in demos_of(notebook.cells):
        assert [output for output in cell.outputs if output.output_type == "error"] == [], cell.id
        sentences = [data["text/plain"] for output in cell.outputs if (data := output.get("data", {}))]
        assert not [words for words in sentences if words.startswith("This cell could not finish")], cell.id


@pytest.mark.series(1)
@pytest.mark.parametrize("stem", STEMS)
def test_no_demo_fails_if_every_exercise_returns_nothing(stem: str) -> None:
    import nbformat
    from nbclient import NotebookClient

    path = COURSE.release(stem)
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("raise NotImplementedError", "return None")
    NotebookClient(
        notebook, timeout=120, allow_errors=True, resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    for cell in demos_of(notebook.cells):
        assert [output for output in cell.outputs if output.output_type == "error"] == [], cell.id
