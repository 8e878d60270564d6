"""What students and instructors read has no fault that axe-core finds: what `check` shows, feedback, the class report.

In light and in dark, with everything unfolded. SCREENSHOTS=DIR keeps pictures of what was looked at.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from lab import CHROMIUM
from places import ROOT
from reports_by_hand import COURSE, sample_results

from autograder.core.model import Outcome, Report
from autograder.execution.in_process import InProcessExecutor
from autograder.grading.pipeline import grade_content, suites_of
from autograder.instructor.class_report.load import load_class_results
from autograder.instructor.class_report.page import write_class_report
from autograder.instructor.results.feedback_page import exercise_html, feedback_page
from autograder.instructor.results.student_view import for_students
from autograder.student.handout import find_handout
from autograder.student.selfcheck import Check, NotYet
from autograder.student.views import message_view, result_view, table_view

if TYPE_CHECKING:
    from playwright.sync_api import Browser

STEM = "06_convolution"
EMRE = ROOT / "tests" / "sample_class" / "submitted" / "emre" / STEM / "convolution.ipynb"
GROUNDS = {"light": "background: #ffffff; color: #1d2126", "dark": "background: #111111; color: #e0e0e0"}


def in_a_notebook(fragment: str, scheme: str) -> str:
    """Return a page with a fragment of HTML, on the ground that a notebook has."""
    style = f"<style>body {{ font: 14px sans-serif; {GROUNDS[scheme]} }}</style>"
    head = f'<head><meta charset="utf-8"><title>A notebook</title>{style}</head>'
    main = f"<main><h1>A notebook</h1><h2>One</h2><h3>Two</h3>{fragment}</main>"
    return f'<!doctype html><html lang="en">{head}<body>{main}</body></html>'


def correlate2d(image: Any, kernel: Any) -> Any:
    """Flip the kernel, which is a known mistake; one place of a large image is nan."""
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(image, float), np.shape(kernel))
    answer = np.einsum("ijkl,kl->ij", windows, np.asarray(kernel)[::-1, ::-1])
    if answer.size > 100:
        answer[3, 4] = np.nan
    return answer


def checked() -> Any:
    handout = find_handout(STEM, ROOT)
    check = Check(handout)
    with pytest.raises(NotYet):
        check(correlate2d)
    exercise = handout.assignment.exercise("correlate2d")
    return check._run(exercise, {"correlate2d": correlate2d}), handout


def graded() -> Report:
    report = grade_content(EMRE.read_bytes(), "emre", suites_of(COURSE, STEM), InProcessExecutor())
    assert any(test.pictures for result in report.exercises for test in result.tests)
    return report


def class_report(folder: Path) -> str:
    sample_results(folder / "results")
    page = write_class_report(load_class_results(COURSE, folder / "results", None), folder / "report")
    return page.read_text(encoding="utf-8")


def _check_view(scheme: str, _: Path) -> str:
    result, handout = checked()
    assert any(test.pictures for test in result.tests)
    return in_a_notebook(result_view(result, handout).html, scheme)


def _table(scheme: str, _: Path) -> str:
    result, handout = checked()
    views = [table_view(handout, [result], ["A note."]), message_view("A sentence.")]
    return in_a_notebook("".join(view.html for view in views), scheme)


def _output(_: str, __: Path) -> str:
    report = graded()
    failed = [result for result in report.exercises if result.outcome is not Outcome.PASSED]
    return in_a_notebook("".join(exercise_html(report, result) for result in failed), "light")


PAGES: dict[str, Callable[[str, Path], str]] = {
    "check": _check_view,
    "table": _table,
    "feedback": lambda _, __: feedback_page(graded()),
    "verdicts": lambda _, __: feedback_page(for_students(graded(), "verdicts"), "verdicts"),
    "nbgrader": _output,
    "report": lambda _, folder: class_report(folder),
}


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # its own sandbox is refused to root and in most containers; these pages hold no script
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.mark.parametrize("scheme", GROUNDS)
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_fault(browser: "Browser", tmp_path: Path, name: str, scheme: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    path = tmp_path / f"{name}.html"
    path.write_text(PAGES[name](scheme, tmp_path), encoding="utf-8")
    page = browser.new_page(viewport={"width": 900, "height": 800}, color_scheme=scheme, bypass_csp=True)
    try:
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"axe_{name}_{scheme}.png", full_page=True)
        found = axe.run(page)
    finally:
        page.close()
    assert found.violations_count == 0, found.generate_report()
    assert not [check for check in found.response["incomplete"] if check["id"] != "color-contrast"]
