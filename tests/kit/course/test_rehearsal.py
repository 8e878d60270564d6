"""A right answer is right as well when it is run again from the notebook's text: no check warns of it for nothing."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from course_suites import COURSE

from autograder.notebooks.ipynb import parse_notebook
from autograder.student.handout import read_handout
from autograder.student.rehearsal import rehearse
from autograder.student.selfcheck import Check

pytestmark = pytest.mark.slow
STEMS = [pytest.param(stem, marks=pytest.mark.torch if COURSE.assignment(stem).torch else ()) for stem in COURSE.stems]


@pytest.mark.parametrize("stem", STEMS)
def test_every_solution_passes_from_its_text(stem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=True)))
    suites = Check(read_handout(COURSE.release(stem).parent))._suites
    cells = parse_notebook(COURSE.solution(stem).read_bytes())
    for exercise in suites.assignment.exercises:
        rehearsal = rehearse(cells, suites, exercise)
        assert rehearsal.result is not None, rehearsal.reason
        assert [test.message for test in rehearsal.result.failures] == [], exercise.name
        assert rehearsal.remarks == ()
