"""In JupyterLab: a notebook that is renamed, copied by Save As or moved while its kernel lives is the one that is
handed in. Run All goes on after a wrong answer. SCREENSHOTS=DIR keeps pictures of what was seen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from answers import answers, unpacked_release
from lab import KIT, Jupyter, Lab, jupyter, keep

STEM = "01_perceptron"
NAME = "threshold_unit"
RIGHT = answers(STEM)[NAME]
CHECK = f"test_{NAME}"


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """Return the folder with the assignment, as the zip has it."""
    return unpacked_release(tmp_path / "student", STEM)


@pytest.fixture
def server(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    with jupyter(unpacked, tmp_path_factory.mktemp("home"), KIT) as ready:
        yield ready


@pytest.fixture
def opened(server: Jupyter) -> Iterator[Lab]:
    with server.opened(f"{STEM}/perceptron.ipynb") as page:
        page.close_sidebar()
        page.run("setup", "given")
        page.write(NAME, RIGHT)
        page.run(NAME)
        yield page


def hand_in(opened: Lab, name: str) -> str:
    """Save the notebook, run `check.submit` in a new cell, and return what it printed."""
    opened.save()
    cell = opened.add_below(CHECK, 'check.submit("mia")')
    keep(opened, cell, name)
    return opened.shown(cell)


def assert_handed_in(said: str, notebook: Path) -> None:
    """Assert that the saved text of this notebook, and of no other one, was packed."""
    file = notebook.parent / f"mia__{STEM}.ipynb"
    assert f"Read: {notebook}" in said
    assert f"Hand in this file: {file}" in said
    assert RIGHT.splitlines()[-1].strip() in file.read_text(encoding="utf-8")


def test_renamed(opened: Lab, unpacked: Path) -> None:
    opened.rename(f"{STEM}/perceptron.ipynb", f"{STEM}/my perceptron.ipynb")
    assert_handed_in(hand_in(opened, "renamed"), unpacked / STEM / "my perceptron.ipynb")


def test_moved_to_another_folder(opened: Lab, unpacked: Path) -> None:
    (unpacked / "mine" / "solved").mkdir(parents=True)
    opened.rename(f"{STEM}/perceptron.ipynb", "mine/solved/p.ipynb")
    assert_handed_in(hand_in(opened, "moved"), unpacked / "mine/solved/p.ipynb")


def test_save_as(opened: Lab, unpacked: Path) -> None:
    opened.save_as(f"{STEM}/copy.ipynb")
    opened.run("setup", "given", NAME)
    said = hand_in(opened, "save_as")
    assert_handed_in(said, unpacked / STEM / "copy.ipynb")
    assert "raise NotImplementedError" in (unpacked / STEM / "perceptron.ipynb").read_text(encoding="utf-8")


def test_not_saved(opened: Lab, unpacked: Path) -> None:
    cell = opened.add_below(CHECK, 'check.submit("mia")')
    keep(opened, cell, "not_saved")
    said = " ".join(opened.shown(cell).split())
    assert "This file does not hold what the kernel ran in threshold_unit. So nothing was written. Save" in said
    assert "Traceback" not in said
    assert not list(unpacked.rglob("mia__*"))


def test_a_cell_that_was_edited_and_not_run(opened: Lab) -> None:
    opened.write(NAME, RIGHT + ")")
    opened.run(CHECK)
    assert "changed since it was run" not in opened.shown(CHECK)  # nobody but the browser knows
    opened.save()
    opened.run(CHECK)
    keep(opened, CHECK, "edited")
    assert "The cell of threshold_unit changed since it was run (SyntaxError, line" in opened.shown(CHECK)


def test_run_all_goes_on_after_a_wrong_answer(opened: Lab) -> None:
    opened.write(NAME, RIGHT.replace("w > threshold", "w >= threshold"))
    below = opened.add_below(CHECK, "visits = globals().get('visits', 0) + 1\nprint(visits)")
    assert opened.shown(below).strip() == "1"
    opened.run_all()
    keep(opened, CHECK, "run_all")
    assert "you returned" in opened.shown(CHECK)
    assert [output["output_type"] for output in opened.outputs(CHECK)] == ["display_data"]
    assert opened.shown(below).strip() == "2"
