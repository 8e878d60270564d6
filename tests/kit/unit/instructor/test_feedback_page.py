"""The page that a student gets back: what is on it, what never is, and when it is written."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from places import ROOT

from autograder.core.model import CodeCell, ExerciseResult, Outcome, Place, Report, TestResult, Visibility
from autograder.grading import messages
from autograder.instructor.batch import run
from autograder.instructor.batch.run import Options, ProgressListener, grade_class
from autograder.instructor.results import record
from autograder.instructor.results.feedback_page import LINES, exercise_html, feedback_page
from autograder.instructor.submissions import Job
from autograder.notebooks.course import Course

TEMPLATES = ROOT / "autograder" / "rendering" / "templates"
STEM = "01_perceptron"
VOID = {"meta"}
HEADINGS = {f"h{level}": level for level in range(1, 7)}


# ---- reading a page


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    within: tuple[str, ...]
    text: str = ""


class Page(HTMLParser):
    """The elements of a page in order, each with all of its text; refuses what is not properly nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.open: list[Element] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs), tuple(one.tag for one in self.open))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def all(self, tag: str) -> list[Element]:
        return [one for one in self.elements if one.tag == tag]

    def texts(self, tag: str) -> list[str]:
        return [one.text for one in self.all(tag)]

    def of(self, look: str) -> list[Element]:
        """The elements of a class."""
        return [one for one in self.elements if look in (one.attributes.get("class") or "").split()]

    @property
    def text(self) -> str:
        """What is read, each run of blanks as one."""
        return " ".join("".join(self.texts("main") or self.texts("div")[:1]).split())


def shown_messages(page: Page) -> list[str]:
    """As they are shown: a browser drops one line end at the start of a <pre>."""
    return [one.text.removeprefix("\n") for one in page.of("message")]


# ---- reports by hand


def verdict(outcome: Outcome, message: str | None = None, **options: object) -> TestResult:
    made = TestResult(
        "test_it",
        "it is right",
        exercise="gate",
        visibility=Visibility.PUBLIC,
        points=1.0,
        outcome=outcome,
        message=message,
    )
    return replace(made, **options)  # type: ignore[arg-type]


def graded(*tests: TestResult, code: Sequence[CodeCell] = (), **options: object) -> Report:
    made = Report("ada", STEM, 2.0, (ExerciseResult("gate", 2.0, tests),), code=tuple(code))
    return replace(made, **options)  # type: ignore[arg-type]


PASSED = verdict(Outcome.PASSED, name="it is there")
GATE = CodeCell("your cell gate", "def gate(name):\n    return 1 / 0", ("gate",))
COLUMNS = "gate returned a wrong value.\n  you returned  [1,\n                 2]\n  expected      3"


# ---- what is on it


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome.PASSED, "✓ passed"),
        (Outcome.FAILED, "✗ not yet right"),
        (Outcome.RAISED, "✗ raised an exception"),
        (Outcome.STUB, "○ not written yet"),
        (Outcome.TIMEOUT, "✗ took too long"),
        (Outcome.KILLED, "✗ had to be stopped"),
        (Outcome.SKIPPED, "– not run"),
        (Outcome.BROKEN, "! not graded"),
    ],
)
def test_each_outcome_is_told_in_words_with_a_sign(outcome: Outcome, said: str) -> None:
    message = None if outcome is Outcome.PASSED else COLUMNS
    page = Page(feedback_page(graded(PASSED, verdict(outcome, message), code=[GATE])))
    assert page.texts("td")[0] == said
    assert f"{1 + (outcome is Outcome.PASSED)} of 2 tests passed" in page.text
    assert shown_messages(page) == ([message] if message else [])
    assert [one.text[:1] for one in page.of("test")] == (["✓", "✓"] if message is None else [said[0], "✓"])
    assert "outcome" not in page.text
    assert outcome.value not in page.text  # a word of ours


def test_scores_are_shown_as_everywhere() -> None:
    page = Page(feedback_page(graded(PASSED, verdict(Outcome.FAILED, COLUMNS, points=0.0), PASSED, max_score=24.0)))
    assert page.of("score")[0].text == "2 of 24"
    assert [one.text for one in page.of("points")] == ["2 of 2"]
    assert [one.text for one in page.of("number") if one.tag == "td"] == ["2 of 2"]
    page = Page(feedback_page(graded(replace(PASSED, points=2 / 3), verdict(Outcome.FAILED, COLUMNS))))
    assert page.of("score")[0].text == "0.67 of 2"


def test_public_and_hidden_are_marked() -> None:
    hidden = verdict(Outcome.FAILED, "other words", name="and unseen", visibility=Visibility.HIDDEN)
    page = Page(feedback_page(graded(PASSED, verdict(Outcome.FAILED, COLUMNS), hidden)))
    assert [one.text for one in page.of("test")] == ["✗it is right public", "✓it is there public"]
    assert [one.text for one in page.of("folded")] == ["✗and unseen hidden"]


def test_a_message_of_several_tests_is_told_once() -> None:
    again = verdict(Outcome.FAILED, COLUMNS, id="test_it[1]")
    other = verdict(Outcome.FAILED, COLUMNS, name="also in a batch", visibility=Visibility.HIDDEN)
    page = Page(feedback_page(graded(verdict(Outcome.FAILED, COLUMNS), again, verdict(Outcome.FAILED, "else"), other)))
    assert shown_messages(page) == [COLUMNS, "else"]
    assert page.of("failure")[0].text.startswith("\n\n✗it is right (2 tests) public\n✗also in a batch hidden\n")
    assert len(page.of("test")) == 2
    assert page.of("failure")[1].text.startswith("\n✗it is right public\n")


@pytest.mark.parametrize("message", ["\n  begins with a line", "  blanks ", "a\n\n\nb", "tab\tin it", "x" * 300])
def test_a_message_is_shown_exactly(message: str) -> None:
    assert shown_messages(Page(feedback_page(graded(verdict(Outcome.FAILED, message))))) == [message]


def test_a_failure_without_a_message_says_what_it_is() -> None:
    assert shown_messages(Page(feedback_page(graded(verdict(Outcome.KILLED))))) == ["had to be stopped"]


def test_only_what_passed_is_folded_away() -> None:
    other = ExerciseResult("delta", 1.0, (verdict(Outcome.FAILED, COLUMNS, exercise="delta"),))
    report = graded(PASSED, code=[GATE, CodeCell("your cell delta", "delta = 3", ("delta",))])
    page = Page(feedback_page(replace(report, exercises=(*report.exercises, other))))
    folded = {one.text.split()[-1]: "details" in one.within for one in page.of("code")}
    assert folded == {"0": True, "3": False}
    assert not any("details" in one.within for one in page.of("message"))
    assert page.texts("summary") == ["✓ 1 of 1 test passed"]


def test_remarks_stand_at_the_end() -> None:
    page = Page(feedback_page(graded(PASSED, remarks=("cell gate appears 2 times",), submission_sha256="ab" * 32)))
    assert page.texts("h2")[-1] == "About the notebook"
    assert page.text.endswith(f"cell gate appears 2 times The file that was read has the sha256 {'ab' * 32}")


# ---- code


def test_the_line_that_raised_is_marked() -> None:
    page = Page(feedback_page(graded(verdict(Outcome.RAISED, "raised", place=Place(GATE.label, 2)), code=[GATE])))
    assert page.texts("mark") == ["▶ 2    return 1 / 0\n"]
    assert [one.text for one in page.of("line")] == ["1def gate(name):\n"]
    assert "your cell gate; ▶ marks where it raised an exception" in page.text


def test_a_cell_of_another_that_raised_is_shown_as_well() -> None:
    cells = [GATE, CodeCell("cell 9", "def other():\n    raise", ("delta",)), CodeCell("cell 12", "unused = 1")]
    tests = [verdict(Outcome.RAISED, "a", place=Place("cell 9", 2)), verdict(Outcome.RAISED, "b")]
    page = Page(feedback_page(graded(*tests, code=cells)))
    assert [one.text for one in page.of("label")] == [
        "your cell gate",
        "cell 9; ▶ marks where it raised an exception",
        "cell 12",
    ]
    assert page.texts("h2")[-1] == "Your other cells that were used"
    assert "details" in page.of("code")[-1].within  # of no exercise, and lost to nobody


@pytest.mark.parametrize("place", [Place("given", 2), Place(GATE.label, 3), Place(GATE.label, 10**9)])
def test_a_place_that_is_not_in_the_students_code(place: Place) -> None:
    page = Page(feedback_page(graded(verdict(Outcome.RAISED, "raised", place=place), code=[GATE])))
    assert page.texts("mark") == []
    assert len(page.of("line")) == 2


@pytest.mark.parametrize(
    ("count", "marks", "left_out"),
    [
        (1, [], []),
        (LINES, [LINES], []),
        (LINES + 1, [], ["… line 201 is left out\n"]),
        (1000, [], ["… lines 201 to 1000 are left out\n"]),
        (1000, [1000], ["… lines 101 to 900 are left out\n"]),
        (1000, [150, 160], ["… lines 65 to 86 are left out\n", "… lines 223 to 1000 are left out\n"]),
        (1000, [500], ["… lines 68 to 433 are left out\n", "… lines 567 to 1000 are left out\n"]),
    ],
)
def test_long_code_is_cut_around_what_matters(count: int, marks: list[int], left_out: list[str]) -> None:
    cell = CodeCell("cell 1", "\n".join(f"x = {number}" for number in range(1, count + 1)), ("gate",))
    tests = [verdict(Outcome.RAISED, "raised", place=Place("cell 1", mark)) for mark in marks]
    page = Page(feedback_page(graded(*tests or [verdict(Outcome.FAILED)], code=[cell])))
    shown = [int(one.text.removeprefix("▶ ").partition("x = ")[0]) for one in page.of("line") + page.of("marked")]
    assert len(shown) == len(set(shown)) == min(count, LINES)
    assert page.texts("mark") == [f"▶ {mark}x = {mark}\n" for mark in sorted(marks)]
    assert [one.text for one in page.of("omitted")] == left_out


def test_a_long_line_is_cut() -> None:
    page = Page(feedback_page(graded(PASSED, code=[CodeCell("cell 1", "y" * 150_000, ("gate",))])))
    assert page.of("line")[0].text == f"1{'y' * 400}…\n"


# ---- ungraded


def test_a_file_that_cannot_be_read_has_a_reason_and_no_score() -> None:
    page = Page(feedback_page(Report.ungraded("tomas", STEM, 24.0, "the file looks cut off: hand it in again")))
    assert page.text == (
        "01_perceptron tomas not graded This submission has no score yet. A person will look at it. "
        "Why: the file looks cut off: hand it in again"
    )
    assert page.all("table") == []


def test_a_test_of_ours_that_broke_costs_no_work_and_tells_no_input() -> None:
    broken = verdict(Outcome.BROKEN, messages.broken(), id="test_hidden[0.75-secret]", visibility=Visibility.HIDDEN)
    failed = verdict(Outcome.FAILED, COLUMNS)
    reason = f"the grader broke in {broken.id}; nothing is wrong with the submission"
    page = Page(feedback_page(graded(PASSED, failed, broken, code=[GATE], reason=reason)))
    assert page.of("score")[0].text == "not graded"
    assert [one.text for one in page.of("points")] == ["of 2"]
    assert "secret" not in page.text
    assert "Something broke in the grader, not in your code." in page.text
    assert shown_messages(page) == [COLUMNS, messages.broken()]
    assert "return 1 / 0" in page.text


# ---- what is never on it


def full_report(text: str) -> Report:
    """A report of every kind of part, with a text wherever others decide what is written."""
    outcomes = [one for one in Outcome if one is not Outcome.PASSED]
    tests = [
        verdict(one, f"{text} {number}", id=f"{text}!", name=text, mistakes=(f"{text}?",), place=Place(text, 2))
        for number, one in enumerate(outcomes)
    ]
    cells = (CodeCell(text, f"1\n{text}", (text,)), CodeCell(f"{text} 2", text))
    exercises = (ExerciseResult(text, 2.0, (*tests, PASSED)), ExerciseResult(f"{text} 2", 2.0, (PASSED,)))
    return Report(
        text,
        text,
        4.0,
        exercises,
        reason=text,
        remarks=(text, text),
        code=cells,
        submission_sha256=text,
        suite_sha256=text,
        kit_version=text,
        sandbox=text,
    )


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</style></pre></title></textarea><b>",
    "<!-- --><![CDATA[",
    "{{ 7*7 }}{% raw %}{# #}",
    "&lt;b&gt; &amp; &#60;",
    "javascript:alert(1)",
    "x" * 5000,
]
UNPRINTABLE = ["\udcff\ud800", "\u202e\u2066\u200f", "\x00\x1b[31m\x07", "\u2028\u2029\ufeff"]


@pytest.mark.parametrize("text", HOSTILE + UNPRINTABLE)
def test_nothing_that_others_wrote_becomes_markup(text: str) -> None:
    plain, hostile = (full_report(one) for one in ("plain", text))
    shapes = []
    for report in (plain, hostile):
        pages = [feedback_page(report), *(exercise_html(report, one) for one in report.exercises)]
        sent = [page.encode("utf-8", "backslashreplace").decode() for page in pages]
        shapes.append([[(one.tag, sorted(one.attributes), one.within) for one in Page(page).elements] for page in sent])
    assert shapes[0] == shapes[1]
    assert shown_messages(Page(feedback_page(hostile)))[0] == f"{text} 0"


@pytest.mark.parametrize("text", HOSTILE[:-1])
def test_what_others_wrote_is_read_as_they_wrote_it(text: str) -> None:
    page = Page(feedback_page(full_report(text)))
    assert page.texts("title") == [f"{text}, {text}"]
    assert page.texts("h1") == [text]
    assert page.of("marked")[0].text == f"▶ 2{text}\n"
    assert page.texts("li")[-1] == text
    assert "49" not in page.text


def test_a_name_cannot_turn_the_text_around() -> None:
    page = feedback_page(graded(PASSED, student="ada\u202egnp.\udcff\x1b"))
    assert not set("\u202e\udcff\x1b") & set(page)


def test_nothing_is_fetched_from_anywhere() -> None:
    report = full_report("plain")
    for text in (feedback_page(report), exercise_html(report, report.exercises[0])):
        page = Page(text)
        assert "url(" not in text
        assert "@import" not in text
        assert not {"script", "link", "img", "iframe", "object", "base", "form"} & {one.tag for one in page.elements}
        for one in page.elements:
            assert not [name for name in one.attributes if name.startswith("on") or name in ("src", "srcset", "action")]
            assert (one.attributes.get("href") or "#").startswith("#")


def test_links_lead_to_the_exercises() -> None:
    page = Page(feedback_page(full_report("plain")))
    ids = [one.attributes["id"] for one in page.elements if "id" in one.attributes]
    assert len(ids) == len(set(ids)) == 2
    assert [one.attributes["href"] for one in page.all("a")] == [f"#{name}" for name in ids]


def test_of_a_hidden_test_there_is_its_sentence_and_its_message_alone() -> None:
    hidden = TestResult(
        "test_update_wrong_answer[0.75-0]",
        "a wrong answer moves the weights",
        exercise="gate",
        visibility=Visibility.HIDDEN,
        points=1.0,
        outcome=Outcome.FAILED,
        message="gate returned a wrong value.",
        mistakes=("sign_of_error",),
        seconds=0.1234,
    )
    report = graded(PASSED, hidden, suite_sha256="cd" * 32)
    for text in (feedback_page(report), exercise_html(report, report.exercises[0])):
        assert "a wrong answer moves the weights" in text
        for secret in ("test_update", "0.75", "sign_of_error", "0.1234", "cd" * 32):
            assert secret not in text


# ---- a page for everybody


def test_the_markup_is_for_everybody() -> None:
    page = Page(feedback_page(full_report("plain")))
    assert page.all("html")[0].attributes["lang"] == "en"
    levels = [HEADINGS[one.tag] for one in page.elements if one.tag in HEADINGS]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert {one.attributes.get("scope") for one in page.all("th")} == {"col", "row"}


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`; WCAG 2.2, "relative luminance"."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_text_stands_out_in_light_dark_and_print() -> None:
    """At least 4.5 to 1: WCAG 2.2, success criterion 1.4.3 (AA)."""
    themes = re.findall(r":root \{(.*?)\}", (TEMPLATES / "page.css").read_text(encoding="utf-8"), re.DOTALL)
    assert len(themes) == 3
    for theme in themes:
        colours = dict(re.findall(r"--(\w+): (#\w{6})", theme))
        texts = [(colours[name], colours[ground]) for name in TEXTS for ground in ("paper", "card")]
        assert all(contrast(*pair) >= 4.5 for pair in [*texts, (colours["ink"], colours["mark"])])


TEXTS = ("ink", "faint", "good", "bad", "note")


def test_a_notebooks_output_brings_its_own_look() -> None:
    report = graded(PASSED, verdict(Outcome.RAISED, COLUMNS, place=Place(GATE.label, 2)), code=[GATE], max_score=9.0)
    page = Page(exercise_html(report, report.exercises[0]))
    assert not [one for one in page.elements if {"class", "id"} & set(one.attributes)]
    assert page.all("style") == []
    assert page.texts("h4") == ["gate: 1 of 2"]
    assert page.texts("pre")[0].removeprefix("\n") == COLUMNS
    assert page.texts("mark") == ["▶ 2    return 1 / 0\n"]
    styles = [one.attributes.get("style") or "" for one in page.elements]
    pairs = [(a[1], b[1]) for s in styles if (a := COLOUR.search(s)) and (b := GROUND.search(s))]
    assert len(pairs) == 4  # all of it, a message, code, the marked line
    assert all(contrast(*pair) >= 4.5 for pair in pairs)
    for colour in {found[1] for style in styles if (found := COLOUR.search(style))}:
        assert all(contrast(colour, ground) >= 4.5 for ground in ("#ffffff", "#f4f6f8"))


COLOUR, GROUND = re.compile(r"(?<![\w-])color: (#\w{6})"), re.compile(r"background: (#\w{6})")


def test_an_ungraded_output_has_no_points() -> None:
    report = graded(PASSED, verdict(Outcome.BROKEN, messages.broken()), reason="the grader broke")
    assert Page(exercise_html(report, report.exercises[0])).texts("h4") == ["gate: of 2"]


# ---- when it is written


@dataclass
class Class:
    """Students of a class; a number that is handed in is its score, and anything else cannot be graded."""

    folder: Path
    asked: list[str] = field(default_factory=list)

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def hand_in(self, student: str, content: bytes) -> None:
        path = self.folder / "submitted" / student / STEM / "perceptron.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def judge(self, _: Options, jobs: Sequence[Job], __: ProgressListener) -> Iterator[tuple[Job, Report]]:
        for job in jobs:
            self.asked.append(job.student)
            content = job.notebook.read_bytes()
            report = Report.ungraded(job.student, STEM, 24.0, "the file is empty: hand it in again")
            report = replace(report, remarks=("what is no text: \ud800",))  # stops no batch
            if content.isdigit():
                test = replace(PASSED, points=float(content))
                exercises = (ExerciseResult("gate", 24.0, (test,)),)
                sha256 = hashlib.sha256(content).hexdigest()
                report = replace(report, exercises=exercises, reason=None, submission_sha256=sha256)
            yield job, report

    def grade(self, *, force: bool = False) -> list[str]:
        """Who was graded."""
        self.asked.clear()
        submitted = self.folder / "submitted"
        grade_class(Options(Course(ROOT), submitted, self.results, (STEM,), force=force), ProgressListener())
        return list(self.asked)

    def path(self, student: str, kind: str = "html") -> Path:
        return self.results / STEM / f"{student}.{kind}"

    def score(self, student: str) -> str:
        return Page(self.path(student).read_text(encoding="utf-8")).of("score")[0].text


@pytest.fixture
def students(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Class:
    made = Class(tmp_path)
    monkeypatch.setattr(run, "run_jobs", made.judge)
    made.hand_in("ada", b"7")
    made.hand_in("ben", b"")
    assert made.grade() == ["ada", "ben"]
    return made


def test_everybody_gets_a_page(students: Class) -> None:
    assert (students.score("ada"), students.score("ben")) == ("7 of 24", "not graded")
    assert {one.name for one in (students.results / STEM).iterdir()} == {
        *("ada.html", "ada.json", "ben.html", "ben.json"),
    }


def test_a_page_that_is_up_to_date_is_left_alone(students: Class) -> None:
    as_it_was = students.path("ada").read_text(encoding="utf-8") + "<!-- as it was -->"
    students.path("ada").write_text(as_it_was, encoding="utf-8")
    assert students.grade() == ["ben"]
    assert students.path("ada").read_text(encoding="utf-8") == as_it_was
    students.grade(force=True)
    assert students.score("ada") == "7 of 24"


def test_a_new_score_is_a_new_page(students: Class) -> None:
    students.hand_in("ada", b"9")
    students.hand_in("ben", b"8")
    students.grade()
    assert (students.score("ada"), students.score("ben")) == ("9 of 24", "8 of 24")


def test_a_missing_page_is_written_without_grading(students: Class) -> None:
    students.path("ada").unlink()
    assert students.grade() == ["ben"]
    assert students.score("ada") == "7 of 24"


@pytest.mark.parametrize("missing", [False, True])
def test_a_result_that_is_kept_keeps_its_page(students: Class, missing: bool) -> None:
    students.hand_in("ada", b"")
    if missing:
        students.path("ada").unlink()
    students.grade()
    assert students.score("ada") == "7 of 24"


def test_the_page_is_there_before_the_record(students: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    students.hand_in("ben", b"3")
    before = students.path("ben", "json").read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(record, "write", stopped)
        with pytest.raises(KeyboardInterrupt):
            students.grade()
    assert (students.score("ben"), students.path("ben", "json").read_bytes()) == ("3 of 24", before)
    students.path("ben").write_text("of the run that was stopped")
    assert students.grade() == ["ben"]
    assert students.score("ben") == "3 of 24"


@pytest.mark.parametrize("student", ["a.b.", "o’brien", "=b", "x.html", "x.json", "名前"])
def test_a_page_lies_beside_its_record(students: Class, student: str) -> None:
    students.hand_in(student, b"5")
    students.hand_in("x", b"6")
    students.grade()
    assert (students.score(student), students.score("x")) == ("5 of 24", "6 of 24")
    assert students.path(student, "json").exists()
