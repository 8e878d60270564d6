"""An instructor's way in Formgrader, in a real browser: the class's scores, a submission, a score of their own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from lab import KIT, PATIENCE, Jupyter, jupyter
from nbgrader_course import SAMPLE, grade_and_fill, grades, new_course

from autograder.core.text import amount
from autograder.instructor.results.store import report_of
from autograder.notebooks.course import Course

if TYPE_CHECKING:
    from playwright.sync_api import Page

STEM = "01_perceptron"
LIST = f"formgrader/gradebook/{STEM}/perceptron"
STUDENTS = ("ada", "ben", "carla", "dilip", "o’brien", "tomas")  # tomas's cannot be read
NEED_A_HUMAN = {"ada", "tomas"}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Some of the sample class, in a gradebook."""
    course = new_course(tmp_path_factory.mktemp("formgrader") / "course")
    for student in STUDENTS:
        shutil.copytree(SAMPLE / "submitted" / student, course.submitted / student)
    grade_and_fill(course)
    return course


@pytest.fixture(scope="module")
def server(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    with jupyter(course.root, tmp_path_factory.mktemp("home"), KIT, height=1000) as running:
        running.browser.route("https://**", lambda route: route.abort())  # as in a sandbox without network
        yield running


@pytest.fixture
def submissions(server: Jupyter) -> Iterator[Page]:
    """The list of submissions, with the students' names."""
    page = server.page(LIST)
    page.locator("td.name a").nth(len(STUDENTS)).wait_for(state="attached")  # two in each row
    page.get_by_text("Show All Names").click()
    yield page
    page.close()


def keep(page: Page, name: str, *, whole: bool = False) -> None:
    """A picture, where the environment names a folder for them."""
    if folder := os.environ.get("SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.mouse.move(0, 0)
        page.screenshot(path=Path(folder) / f"formgrader_{name}.png", full_page=whole)


def test_the_list_has_everybodys_score(course: Course, submissions: Page) -> None:
    rows = {
        row.locator(".name-shown a, a.name-shown").inner_text(): row for row in submissions.locator("tbody tr").all()
    }
    assert set(rows) == set(STUDENTS)
    for student, row in rows.items():
        report = report_of(course.results, STEM, student)
        assert report is not None
        assert row.locator("td.code-score").inner_text() == f"{amount(report.score or 0)} / 24"
        assert row.locator("td.score").inner_text() == f"{amount(report.score or 0)} / 28"
        flags = row.locator("td.needs-manual-grade .glyphicon").count()
        assert (flags == 1) == (student in NEED_A_HUMAN), student
    keep(submissions, "list")


def open_submission(submissions: Page, student: str) -> None:
    submissions.locator("td.name a.name-shown", has_text=student).click()
    submissions.locator("#why_not_xor").wait_for()
    submissions.locator("#test_gate[placeholder]").wait_for()  # the scores have come


def test_a_submission_shows_our_words(course: Course, submissions: Page) -> None:
    open_submission(submissions, "dilip")
    report = report_of(course.results, STEM, "dilip")
    assert report is not None
    shown = " ".join(submissions.locator("#notebook").first.inner_text().split())
    for one in report.exercises:
        if one.first_failure is not None:
            assert " ".join((one.first_failure.message or "").split()) in shown
        assert submissions.locator(f"#test_{one.name}").get_attribute("placeholder") == f"{one.score:g}"
    submissions.locator("code", has_text="test_perceptron_predict").scroll_into_view_if_needed()
    keep(submissions, "mistake")


def test_the_rubric_is_in_view_and_a_score_can_be_typed(course: Course, submissions: Page) -> None:
    open_submission(submissions, "ada")
    rubric = submissions.locator(".text_cell", has_text="For the grader.").first
    rubric.scroll_into_view_if_needed()
    assert rubric.is_visible()
    assert grades(course)["ada", STEM, "why_not_xor"] == (None, None, None, True)
    score = submissions.locator("#why_not_xor")
    score.fill("1.5")
    keep(submissions, "answer")
    with submissions.expect_response(lambda said: "/api/grade/" in said.url and said.request.method == "PUT"):
        score.press("Tab")
    assert grades(course)["ada", STEM, "why_not_xor"] == (None, 1.5, None, False)


def test_what_was_typed_stays_when_the_class_is_graded_again(course: Course) -> None:
    before = grades(course)
    grade_and_fill(course)
    assert grades(course) == before


IMAGE = '"><img src=x onerror="window.pwned=1">'


@pytest.fixture(scope="module")
def imported(course: Course) -> Iterator[str]:
    """A student whom `nbgrader db student import` would bring: each of the columns is an element."""
    from nbgrader.api import Gradebook

    columns = {"first_name": f"first {IMAGE}", "last_name": f"last {IMAGE}", "email": f"email {IMAGE}"}
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        gradebook.add_student(IMAGE, **columns)
        yield IMAGE
        gradebook.remove_student(IMAGE)


def test_names_are_text_on_every_page(server: Jupyter, imported: str) -> None:
    page = server.page("formgrader/manage_students")
    link = page.get_by_text(f"last {imported}, first {imported}")
    link.wait_for()
    page.locator("input[type=search]").fill("img & src")
    page.locator("input[type=search]").fill("")
    assert page.evaluate("window.pwned") is None
    for address in (f"manage_students/{quote(imported)}", f"manage_students/{quote(imported)}/{STEM}"):
        page.goto(f"{server.url}/formgrader/{address}")
        page.locator(".breadcrumb", has_text=imported).wait_for()
        assert page.evaluate("student_id") == imported
        assert page.evaluate("window.pwned") is None
    answer = page.goto(f"{server.url}/formgrader/api/students")
    assert answer is not None
    assert "onerror" in page.inner_text("body")
    assert answer.headers["content-type"] == "text/plain; charset=UTF-8"
    page.wait_for_timeout(500)
    assert page.evaluate("window.pwned") is None
    page.close()


PAGES = ("manage_students/{}", "manage_students/x/{}", "gradebook/{}", "gradebook/x/{}", "manage_submissions/{}")


@pytest.mark.parametrize("address", PAGES)
def test_an_address_brings_no_script(server: Jupyter, address: str) -> None:
    """A link that somebody sends: what it names need not be in the gradebook."""
    page = server.page(f"formgrader/{address.format(quote(IMAGE))}")
    page.locator("li.active", has_text=IMAGE).wait_for()
    assert page.evaluate("window.pwned") is None
    page.close()


def test_the_tabs_are_there(server: Jupyter) -> None:
    page = server.page("lab?reset")
    page.wait_for_selector("#jp-main-statusbar")
    for command in ("nbgrader:open-formgrader", "nbgrader:open-assignment-list"):
        page.wait_for_function(f"() => window.jupyterapp.commands.hasCommand('{command}')", timeout=PATIENCE)
        page.evaluate(f"() => {{ window.jupyterapp.commands.execute('{command}') }}")
    tabs = page.locator("#jp-main-dock-panel .lm-TabBar-tabLabel")
    for name in ("Formgrader", "Assignments"):
        tabs.filter(has_text=name).first.wait_for()
    keep(page, "tabs")
    page.close()
