"""Tell the full kit from its student edition, the wheel that `autograder release` puts into the students' zip."""

from __future__ import annotations

STUDENT_LABEL = "+student"  # the end of the student edition's version, such as 0.1.0+student


def is_student_edition(version: str) -> bool:
    """Return whether this is the version of a student edition, which holds no code for instructors and authors."""
    return version.endswith(STUDENT_LABEL)
