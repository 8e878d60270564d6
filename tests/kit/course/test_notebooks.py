"""The authored notebooks: valid, clean, and running from top to bottom; the release the same without answers."""

import json
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
    pictures = [output for output in said if "image/png" in output.get("data", {})]
    demos = [cell for cell in notebook.cells if "demo" in cell.metadata.get("tags", [])]
    assert len(pictures) >= len(demos) - 1  # one may only define how the others draw


@pytest.mark.series(3)
@pytest.mark.parametrize("stem", STEMS)
def test_in_a_release_every_check_says_that_the_stub_is_there(stem: str) -> None:
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
