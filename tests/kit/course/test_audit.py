"""The seeded answers of the course are judged correctly: mistakes, other right answers, hostile ones.

`autograder audit` lists the same, assignment by assignment, while suites are written.
"""

import pytest
from course_suites import STEMS, course_suites

from autograder.authoring.audit import audit


@pytest.mark.slow
@pytest.mark.parametrize("stem", STEMS)
def test_every_planted_answer_is_judged_rightly(stem: str) -> None:
    verdicts = list(audit(course_suites(stem)))
    assert verdicts
    assert [verdict for verdict in verdicts if verdict.problem is not None] == []
