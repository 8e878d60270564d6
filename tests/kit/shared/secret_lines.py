"""What students must not read: lines of code that only instructors have."""

from autograder.notebooks.course import Course
from autograder.notebooks.ipynb import parse_notebook

_MARK, _END = "### BEGIN SOLUTION", "### END SOLUTION"


def secret_lines(course: Course, stem: str) -> set[str]:
    """Lines that stand in answers, in the hidden suite or the reference, and in nothing that is meant for students.

    Meant for them are the public suite and the authored notebook but for its answers: what a demo says anyway, as a
    call of their own function, gives nothing away.
    """
    public = course.public_suite(stem).read_text(encoding="utf-8")
    lines: set[str] = set()
    for cell in parse_notebook(course.solution(stem).read_bytes()):
        answer = cell.source.partition(_MARK)[2].partition(_END)[0]
        lines |= {line.strip() for line in answer.splitlines()}
        if _MARK not in cell.source:
            public += "\n" + cell.source
    for path in (course.hidden_suite(stem), course.reference(stem)):
        lines |= {line.strip() for line in path.read_text(encoding="utf-8").splitlines()}
    return {line for line in lines if len(line) > 24 and line not in public}
