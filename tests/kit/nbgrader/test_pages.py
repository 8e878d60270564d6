"""Pages that nbgrader makes of what we graded: our words are in them, and nothing that a student wrote is markup."""

import dataclasses
import json
import re
import shutil
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import damage as d
import jinja2
import pytest
from jinja2 import meta
from jupyter_server.base.handlers import JupyterHandler
from nbgrader_course import SAMPLE, convert, copy_of, grade_and_fill, grades, nbgrader_settings, new_course
from reports_by_hand import perceptron, put
from secret_lines import secret_lines
from student import as_file

from autograder.core.model import CodeCell, Outcome, Report, Visibility
from autograder.instructor.results.store import report_of
from autograder.nbgrader_bridge.fill import fill_gradebook
from autograder.nbgrader_bridge.formgrader import escape_handlers
from autograder.notebooks.course import Course

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # nbgrader's own
STEM = "01_perceptron"
ADA = json.loads((SAMPLE / "submitted" / "ada" / STEM / "perceptron.ipynb").read_bytes())

# ---- what a student reads


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Two students, graded: one with known mistakes, one who answered in words, both with their feedback."""
    course = new_course(tmp_path_factory.mktemp("wrong") / "course")
    for student in ("ada", "dilip"):
        shutil.copytree(SAMPLE / "submitted" / student, course.submitted / student)
    grade_and_fill(course)
    assert convert(course, "GenerateFeedback", STEM)
    return course


def feedback(course: Course, student: str) -> str:
    return (course.root / "feedback" / student / STEM / "perceptron.html").read_text(encoding="utf-8")


class Text(HTMLParser):
    """All text of a page, and its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.elements: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []  # (element, name, value)
        self.feed(page)
        self.close()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def test_feedback_has_our_words_and_the_scores(wrong: Course) -> None:
    page = Text(feedback(wrong, "dilip"))
    report = report_of(wrong.results, STEM, "dilip")
    assert report is not None
    for exercise in report.exercises:
        assert f"(Score: {float(round(exercise.score, 2))} / {exercise.max_score})" in page.text
        for test in exercise.tests:
            if test.outcome is not Outcome.PASSED:
                assert " ".join((test.message or "").split()) in page.text, test.id
    assert f"perceptron (Score: {report.score} / 28.0)" in page.text


def test_feedback_holds_no_rubric_and_nothing_of_the_hidden_suites(wrong: Course) -> None:
    lines = secret_lines(wrong, STEM)
    for student in ("ada", "dilip"):
        page = feedback(wrong, student)
        text = Text(page).text
        written = (wrong.submitted / student / STEM / "perceptron.ipynb").read_text(encoding="utf-8")
        secret = {line for line in lines if json.dumps(line, ensure_ascii=False)[1:-1] not in written}
        assert len(secret) > 100
        assert [line for line in secret if line in page or line in text] == []
        assert "For the grader." not in text
    marked = (wrong.root / "autograded" / "ada" / STEM / "perceptron.ipynb").read_text(encoding="utf-8")
    assert marked.count("For the grader.") == 2  # whom they are for has them in view
    assert "cuts the plane along a straight line" in Text(feedback(wrong, "ada")).text


def test_verdicts_alone_reach_nbgrader_as_soon_as_the_course_says_so(wrong: Course, tmp_path: Path) -> None:
    course = copy_of(wrong, tmp_path / "course")
    before = grades(course)
    (course.root / "course.toml").write_text('[grading]\nfeedback = "verdicts"\n')
    course = Course(course.root)  # settings are read once
    grade_and_fill(course)
    assert grades(course) == before
    assert convert(course, "GenerateFeedback", STEM)
    report = report_of(course.results, STEM, "dilip")
    assert report is not None
    failed = [test for result in report.exercises for test in result.tests if test.outcome is not Outcome.PASSED]
    told = {test.message for test in failed if test.visibility is Visibility.PUBLIC}
    secret = {test.message for test in failed if test.visibility is Visibility.HIDDEN} - told
    assert told
    assert secret
    page = Text(feedback(course, "dilip")).text
    assert "This hidden test failed. No details are shown." in page
    assert [message for message in secret if one_line(message) in page] == []
    assert [message for message in told if one_line(message) not in page] == []


def one_line(message: str | None) -> str:
    return " ".join((message or "").split())


# ---- what a student wrote

EVIL = "<img src=pwned onerror=pwned()>"
HOSTILE = [
    "<script>pwned()</script>",
    EVIL,
    "<svg/onload=pwned()>",
    f"<!-- pwned --> <!{EVIL}> <?pwned {EVIL}?>",
    f"</pre></div></textarea></script><iframe src=pwned></iframe>{EVIL}",
    "[pwned](javascript:pwned())",
    '![pwned](javascript:pwned() "pwned\\" onload=\\"pwned()")',
    f'[pwned](https://example.org "{EVIL}")',
    "[words][pwned]\n\n[pwned]: javascript:pwned()\n\n> [also\n> pwned]: <javascript:pwned()>",
    f"${EVIL}$ and $$\\href{{javascript:pwned()}}{{x}} {EVIL}$$ and \\begin{{a}}{EVIL}\\end{{a}}",
    f"`{EVIL}` and ``` {EVIL} ```",
    f'```mermaid\ngraph TD; A["{EVIL}"]; click A href "javascript:pwned()"\n```',
    f'```pwned"onmouseover="pwned()\n{EVIL}\n```',
    "&lt;script&gt;pwned()&lt;/script&gt; &#60;img src=pwned onerror=pwned()&#62; &#x3c;svg/onload=pwned()>",
    '<javascript:pwned()> <a\nhref="javascript:pwned()">x</a> <pwned@example.org>',
    "![a picture](attachment:pwned.png)",  # that is not there
    f"# {EVIL}\n\n- [ ] {EVIL}\n\n| a |\n|---|\n| {EVIL} |\n\n~~{EVIL}~~\n\nterm\n: {EVIL}",
    "\\<script>pwned()\\</script> <\\!-- \\[pwned\\](javascript:pwned()) [pwned]\\(javascript:pwned())",
]
PLAIN = "words, and no more"
NAMED = "pwned <img src=x onerror=pwned()> '\"&"
BRINGS = "script iframe img svg object embed form button link meta base style video audio textarea".split()
ADDRESSES = ("href", "src", "action", "data", "xlink:href", "formaction", "srcset", "style", "data-link")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A student for each text, who put it everywhere; and one who wrote nothing of the kind."""
    course = new_course(tmp_path_factory.mktemp("hostile") / "course")
    reports = []
    for student, text in students().items():
        path = course.submitted / student / STEM / "perceptron.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(as_file(everywhere(text)))
        reports.append(report_with(student, text))
    put(course.results, *reports)
    fill_gradebook(course, course.submitted, course.results, [report.result_summary for report in reports])
    assert convert(course, "GenerateFeedback", STEM)
    return course


def students() -> dict[str, str]:
    """What each of them wrote, by name."""
    return {"plain": PLAIN} | {f"student {number}": text for number, text in enumerate(HOSTILE)}


def everywhere(text: str) -> dict[str, Any]:
    """A notebook with a text as answer, as code, in cells of the student's own, as metadata."""
    own = [{"cell_type": kind, "id": kind, "metadata": {text: text, "tags": [text]}} for kind in ("markdown", "raw")]
    metadata = {"kernelspec": {"name": text, "display_name": text, "language": text}, "title": text, text: text}
    changed = d.together(
        d.rewrite("why_not_xor", text),
        d.add_at_end(f"'''{text}'''\ngate = {text!r}  # {text}", "own-code"),
        d.on_cells(lambda cells: [*cells, *(cell | {"source": d.lines(text)} for cell in own)]),
    )(ADA)
    return changed | {"metadata": metadata}


def report_with(student: str, text: str) -> Report:
    """As it would be graded; the text also comes back in a message."""
    right = perceptron(student, {"gate": 0.5}, remarks=(text,), code=(CodeCell("your cell gate", text, ("gate",)),))
    exercises = tuple(
        dataclasses.replace(exercise, tests=tuple(dataclasses.replace(test, message=text) for test in exercise.tests))
        for exercise in right.exercises
    )
    return dataclasses.replace(right, exercises=exercises)


def formgrader_page(course: Course, of: str, **named: str) -> str:
    """As nbgrader's SubmissionHandler makes it; `named` is what the gradebook and the folder say."""
    from nbconvert.exporters import HTMLExporter
    from nbgrader.server_extensions.formgrader import handlers

    config = nbgrader_settings(course).config
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    path = course.root / "autograded" / of / STEM / "perceptron.ipynb"
    resources = {
        **{"assignment_id": STEM, "notebook_id": "perceptron", "submission_id": "1", "index": 0, "total": 1},
        **{"base_url": "", "student": of, "last_name": None, "first_name": None},
        "notebook_path": str(path.relative_to(course.root)),
        **named,
    }
    page: str = HTMLExporter(config=config).from_filename(str(path), resources=resources)[0]
    return page


PAGES = {"feedback": feedback, "formgrader": formgrader_page}


@pytest.fixture(scope="module", params=PAGES)
def pages(request: pytest.FixtureRequest, hostile: Course) -> dict[str, Text]:
    return {student: Text(PAGES[request.param](hostile, student)) for student in students()}


@pytest.mark.parametrize("student", [name for name in students() if name != "plain"])
def test_nothing_that_a_student_wrote_is_markup(pages: dict[str, Text], student: str) -> None:
    page, plain = pages[student], pages["plain"]
    brought = {tag: (page.elements[tag], plain.elements[tag]) for tag in BRINGS}
    assert {tag: counts for tag, counts in brought.items() if counts[0] != counts[1]} == {}
    events = [(tag, name, value) for tag, name, value in page.attributes if name.startswith("on") or "pwned" in name]
    assert events == [attribute for attribute in plain.attributes if attribute[1].startswith("on")]
    addresses = [(tag, name, value) for tag, name, value in page.attributes if name in ADDRESSES]
    assert [value for _, _, value in addresses if "javascript:" in value.lower() or value.startswith("pwned")] == []


def test_what_a_student_wrote_can_be_read(pages: dict[str, Text]) -> None:
    for number in range(len(HOSTILE)):
        assert "pwned" in pages[f"student {number}"].text
    assert "< script>pwned()< /script>" in pages["student 0"].text
    assert "[pwned] (javascript:pwned())" in pages["student 5"].text


def test_a_name_is_text(hostile: Course) -> None:
    """Those that the gate refuses reach a gradebook through nbgrader's own commands."""
    assert NAMED in Text(formgrader_page(hostile, "plain", student=NAMED)).text
    names = {"last_name": f"last {NAMED}", "first_name": f"first {NAMED}", "notebook_path": NAMED}
    page = Text(formgrader_page(hostile, "plain", **names))
    assert f"last {NAMED}, first {NAMED}" in page.text
    assert page.elements["img"] == Text(formgrader_page(hostile, "plain")).elements["img"]


# ---- Formgrader's other pages


@pytest.fixture
def handlers() -> tuple[Any, Any, Path]:
    """Formgrader's two classes of handlers, changed as in a course, and where its templates are."""
    from nbgrader.server_extensions.formgrader import base
    from nbgrader.server_extensions.formgrader import handlers as nbgraders

    class Pages(base.BaseHandler):  # type: ignore[misc]
        def __init__(self) -> None:
            pass

    class Answers(base.BaseApiHandler):  # type: ignore[misc]
        def __init__(self) -> None:
            self.sent: dict[str, str] = {}

        def set_header(self, name: str, value: str) -> None:
            self.sent[name] = value

    escape_handlers(Pages, Answers, nbgraders.template_path)
    return Pages(), Answers(), Path(nbgraders.template_path)


def test_every_page_of_formgrader_shows_every_value_as_text(handlers: tuple[Any, Any, Path]) -> None:
    """Whatever a template prints, a student's, an assignment's or the course's name: it is text there."""
    pages, _, templates = handlers
    tested = 0
    for path in sorted(templates.glob("*.tpl")):
        if path.name == "formgrade_404.tpl":  # nbgrader's own fault: it includes a file that is not there
            continue
        parsed = [
            jinja2.Environment(autoescape=True).parse(part.read_text()) for part in (path, templates / "base.tpl")
        ]
        values = sorted(set().union(*map(meta.find_undeclared_variables, parsed)))
        harmless = Text(pages.render(path.name, **dict.fromkeys(values, "x")))
        for name in values:
            hostile = f"{NAMED}</script><script>pwned()</script>"
            page = Text(pages.render(path.name, **{**dict.fromkeys(values, "x"), name: hostile}))
            brought = {tag: (page.elements[tag], harmless.elements[tag]) for tag in BRINGS}
            assert {tag: counts for tag, counts in brought.items() if counts[0] != counts[1]} == {}, (path.name, name)
            assert not any("pwned" in attribute for _, attribute, _ in page.attributes), (path.name, name)
            tested += 1
    assert tested >= 25


@pytest.mark.parametrize("student", [NAMED, "Ada & Ben", "O’Brien", "a\\", "a\nb", "</script>"])
def test_a_script_gets_the_name_as_it_is(handlers: tuple[Any, Any, Path], student: str) -> None:
    pages, _, _ = handlers
    page = pages.render("manage_students_notebook_submissions.tpl", base_url="", student_id=student, assignment_id=STEM)
    (literal,) = re.findall(r"var student_id = (.*);", page)
    assert json.loads(literal) == student
    assert not set("<>&'") & set(literal)


def test_formgraders_answers_are_no_html(handlers: tuple[Any, Any, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    _, answers, _ = handlers
    monkeypatch.setattr(JupyterHandler, "set_default_headers", lambda handler: handler.set_header("A", "b"))
    answers.set_default_headers()
    assert answers.sent == {"A": "b", "Content-Type": "text/plain; charset=UTF-8"}
