"""A report without names: none is left anywhere, and everybody keeps a pseudonym."""

import json
import random
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from reports_by_hand import COURSE, STEM, course_with_roster, perceptron, put, table

from autograder.cli.main import main
from autograder.core.errors import UserError
from autograder.instructor.class_report.load import load_class_results
from autograder.instructor.class_report.pseudonyms import FILE, kept_pseudonyms, pseudonymize, with_new
from autograder.instructor.class_report.statistics import assignment_statistics
from autograder.instructor.submissions import Job, why_not_there


@pytest.mark.slow
def test_hidden_names_are_nowhere(tmp_path: Path) -> None:
    course = course_with_roster(tmp_path / "course")
    job = Job("benedikta", STEM, course.submitted / "benedikta" / STEM / "perceptron.ipynb")
    job.notebook.parent.mkdir(parents=True)
    job.notebook.with_name("Benedikta final.ipynb").touch()
    missing = why_not_there(job)
    assert missing is not None
    assert "Benedikta final" in missing
    put(
        course.results,
        perceptron("ada", remarks=("Ada Lovelace's cell was read as code: /home/ada/x, ADA_1, countess@example.org",)),
        perceptron("benedikta", reason=missing),
        perceptron("quirin", reason="quirin is a link, which may lead anywhere"),
        *(perceptron(f"xaver-{n}", {"gate": n % 3}) for n in range(12)),
    )
    (course.results / STEM / "ottokar.json").write_text("{")
    (course.submitted / "wendelin" / STEM).mkdir(parents=True)
    out = tmp_path / "out"
    done = CliRunner().invoke(main, ["--course", str(course.root), "report", "--hide-names", "--out", str(out)])
    assert done.exit_code == 0
    everything = done.output + "".join(path.read_text(encoding="utf-8") for path in out.iterdir())
    names = "ada|ben|zoe|benedikta|quirin|xaver|ottokar|wendelin|lovelace|countess"
    assert re.findall(rf"(?<![^\W_])(?:{names})", everything, re.IGNORECASE) == []
    assert set(re.findall(r"student \d+", everything)) == {f"student {n:02}" for n in range(1, 20)}
    scores = [row["student"] for row in table((out / "scores.csv").read_text(encoding="utf-8"))]
    assert scores == sorted(scores)
    kept = json.loads((course.results / FILE).read_text(encoding="utf-8"))
    assert len(kept) == 19  # fifteen graded, ben and zoe of the roster, ottokar, wendelin
    assert {"ada", "ben", "zoe", "ottokar", "wendelin", "xaver-11"} <= kept.keys()


def test_everybody_keeps_a_pseudonym(tmp_path: Path) -> None:
    first = kept_pseudonyms(tmp_path, ["b", "a", "\udcff"])
    assert sorted(first.values()) == ["student 01", "student 02", "student 03"]
    second = kept_pseudonyms(tmp_path, ["a", "c"])
    assert second == first | {"c": "student 04"}
    (tmp_path / FILE).write_text(json.dumps({"a": "student 02"}))
    assert kept_pseudonyms(tmp_path, ["a", "b", "c"]).keys() == {"a", "b", "c"}
    assert sorted(kept_pseudonyms(tmp_path, []).values()) == ["student 01", "student 02", "student 03"]


def test_the_order_of_pseudonyms_is_shuffled() -> None:
    names = [f"{n:03}" for n in range(120)]
    found = with_new({}, names, random.Random(1).shuffle)
    assert list(found) != names
    assert list(found.values())[:2] + list(found.values())[-1:] == ["student 01", "student 02", "student 120"]


@pytest.mark.parametrize("content", ["{", "[]", "7", '{"a": 1}', '{"a": "student 01", "b": "student 01"}'])
def test_damaged_pseudonyms_are_told(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(UserError, match=r"is damaged\. Delete it, and everybody gets a new pseudonym"):
        kept_pseudonyms(tmp_path, ["a"])


@pytest.mark.slow
def test_hidden_changes_no_number(tmp_path: Path) -> None:
    put(tmp_path, *(perceptron(f"s{n}", {"gate": n % 3}, mistakes={"gate": ["swapped"]}) for n in range(12)))
    open_class = load_class_results(COURSE, tmp_path, None)
    hidden_class = pseudonymize(open_class, with_new({}, open_class.students))
    for assignment in open_class.under_way:
        sentences = open_class.sentences[assignment.stem]
        shown, hidden = (
            assignment_statistics(assignment, class_results.summaries(assignment.stem), sentences)
            for class_results in (open_class, hidden_class)
        )
        assert shown.mistakes == hidden.mistakes
        lost = [exercise.lost for exercise in shown.exercises]
        assert [exercise.lost for exercise in hidden.exercises] == pytest.approx(lost)
