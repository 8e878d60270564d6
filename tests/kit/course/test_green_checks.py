"""A check is never green where the public tests of the grade are not: in a live kernel and in grading, case by case.

The cases are generic mutants of the solutions, and whatever makes a kernel and a notebook's text differ. The
catalogue's mistakes are functions without a text of their own, so they are compared in this process.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import tested
from course_suites import COURSE, course_suites
from front_end import FrontEnd, kernel, save

from autograder.authoring.audit import result_of
from autograder.authoring.mutation_audit import mutated_solutions
from autograder.core.model import Outcome, Visibility
from autograder.grading.pipeline import grade_content
from autograder.grading.suites import Suites
from autograder.notebooks.submission import read_submission
from autograder.sandbox.confined import SandboxExecutor
from autograder.sandbox.fork_server import ForkServer
from autograder.student.handout import read_handout
from autograder.student.selfcheck import Check

pytestmark = pytest.mark.slow
NUMPY_STEMS = [stem for stem in COURSE.stems if not COURSE.assignment(stem).torch]
STEM, NAME = "01_perceptron", "threshold_unit"
WARNINGS = (
    "not when it is graded",
    "When it is graded",
    "Not in the saved file yet",
    "changed since it was run",
    "is not Python",
)


def is_green(said: str) -> bool:
    """Return whether a check says that all public tests pass, and nothing that a student would take for a warning."""
    passed = re.search(r"(\d+) of (\d+) public tests? passed", said)
    return passed is not None and passed[1] == passed[2] and not any(warning in said for warning in WARNINGS)


def public(suites: Suites) -> Suites:
    return replace(suites, tests=tuple(test for test in suites.tests if test.visibility is Visibility.PUBLIC))


@dataclass
class Desk:
    """A student's solved notebook, open in a kernel, and the grader."""

    stem: str
    path: Path
    front_end: FrontEnd
    server: ForkServer

    def check(self, name: str) -> str:
        return self.front_end.run(f"check({name})", f"test_{name}").words

    def passes_when_graded(self, name: str) -> bool:
        """Return whether the exercise passes the public tests when the saved notebook is graded."""
        suites = public(course_suites(self.stem))
        report = grade_content(self.path.read_bytes(), "ada", suites, SandboxExecutor(self.server))
        (result,) = (result for result in report.exercises if result.name == name)
        return result.outcome is Outcome.PASSED

    def run_and_save(self, cells: dict[str, str]) -> None:
        for cell, text in cells.items():
            self.front_end.run(text, cell)
        save(self.path, cells)


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer(tested.level()) as started:
        yield started


def solved(stem: str, folder: Path) -> Path:
    """Write a release with the solutions in it, and return the notebook's path."""
    release = COURSE.release(stem)
    shutil.copytree(release.parent, folder / stem, ignore=shutil.ignore_patterns("__pycache__"))
    answers = {
        cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"])
        for cell in json.loads(COURSE.solution(stem).read_text(encoding="utf-8"))["cells"]
        if cell["metadata"].get("nbgrader", {}).get("solution") and cell["cell_type"] == "code"
    }
    path = folder / stem / release.name
    save(path, answers)
    return path


@pytest.fixture(scope="module")
def desks(server: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a function that opens the solved notebook of an assignment in a kernel, once."""
    with contextlib.ExitStack() as open_kernels:

        @functools.cache
        def desk(stem: str) -> Desk:
            path = solved(stem, tmp_path_factory.mktemp("desk"))
            front_end = open_kernels.enter_context(kernel(path.parent, JPY_SESSION_NAME=str(path)))
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
                tags = cell["metadata"].get("tags", [])
                if "setup" in tags or "given" in tags or cell["metadata"].get("nbgrader", {}).get("solution"):
                    front_end.run("".join(cell["source"]), cell["id"])
            return Desk(stem, path, front_end, server)

        yield desk


@functools.cache
def mutants() -> dict[str, tuple[str, str, str]]:
    """Return each mutant by its id: its assignment, its exercise, and the text of the cell."""
    found = {}
    for stem in NUMPY_STEMS:
        solution = read_submission(COURSE.solution(stem), COURSE.assignment(stem), "solution").source
        for exercise in COURSE.assignment(stem).exercises:
            for name, source in mutated_solutions(solution, exercise.name):
                (cell,) = (cell for cell in source.cells if exercise.name in cell.exercises)
                found[f"{stem}-{exercise.name}-{name}"] = (stem, exercise.name, cell.text)
    return found


@pytest.mark.series(12)
@pytest.mark.parametrize("mutant", mutants())
def test_a_mutant(mutant: str, desks: Any) -> None:
    stem, name, text = mutants()[mutant]
    desk: Desk = desks(stem)
    before = desk.path.read_bytes()
    cell = next(
        c["id"] for c in json.loads(before)["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name
    )
    (right,) = ("".join(c["source"]) for c in json.loads(before)["cells"] if c["id"] == cell)
    try:
        desk.run_and_save({cell: text})
        said = desk.check(name)
        assert not is_green(said) or desk.passes_when_graded(name), said
    finally:
        desk.run_and_save({cell: right})


# What a student ran and saved beside an answer that is right in the kernel.
ANSWER = "def threshold_unit(x, w, threshold):\n    {}\n    return (np.dot(x, w) > threshold) * 1"
KERNEL_ONLY: dict[str, dict[str, str]] = {
    "a variable of a demo cell": {"demo": "corners = np.array([0, 1])", NAME: ANSWER.format("corners.sum()")},
    "a package that only this computer has": {NAME: "import pytest\n" + ANSWER.format("pytest.approx(1)")},
    "a package in the function": {NAME: ANSWER.format("import pytest")},
    "a part of a package": {"own": "from IPython.display import Markdown as M", NAME: ANSWER.format("M('x')")},
    "a star import": {"own": "from IPython.display import *", NAME: ANSWER.format("Markdown('x')")},
    "a plot in the function": {NAME: ANSWER.format("import matplotlib.pyplot as plt; plt.plot([1])")},
    "a thread": {NAME: "import threading\n" + ANSWER.format("threading.Thread(target=print).start()")},
    "a pool": {NAME: "import concurrent.futures as c\n" + ANSWER.format("list(c.ThreadPoolExecutor(1).map(abs, [1]))")},
    "a file that is read": {"own": "np.save('w.npy', np.ones(2))", NAME: ANSWER.format("np.load('w.npy')")},
    "a file that is written": {NAME: ANSWER.format("open('log.txt', 'w').close()")},
    "a module that a cell wrote": {
        "own": "%%writefile helper_module.py\nk = 1",
        "own2": "import helper_module",
        NAME: ANSWER.format("helper_module.k"),
    },
    "a top-level await": {
        "own": "import asyncio\nawait asyncio.sleep(0)\nk = await asyncio.sleep(0, 1)",
        NAME: ANSWER.format("k"),
    },
    "the history of the kernel": {NAME: ANSWER.format("In[1]; Out")},
    "IPython itself": {"own": "k = get_ipython().execution_count", NAME: ANSWER.format("[][:k][0:k]; range(k)")},
    "a magic that assigns": {"own": "k = %sx echo 1", NAME: ANSWER.format("k[0]")},
    "a shell line that assigns": {"own": "k = !echo 1", NAME: ANSWER.format("k[0]")},
    "a capture": {"own": "%%capture k\nprint(1)", NAME: ANSWER.format("k.stdout")},
    "a timed definition": {NAME: "%%time\n" + ANSWER.format("pass")},
    "a cell in another language": {"own": "%%bash\ntrue", NAME: ANSWER.format("pass")},
    "an environment variable": {
        "own": "import os\nos.environ['UNIT_K'] = '1'",
        NAME: ANSWER.format("import os; os.environ['UNIT_K']"),
    },
    "exec in a cell of one's own": {"own": "exec('k = 1')", NAME: ANSWER.format("k")},
    "a call with a side effect": {
        "own": "T = {}\ndef fill():\n    T[0] = 1\nfill()",
        NAME: ANSWER.format("T[0]"),
    },
    "a call in the answer's cell": {NAME: "T = {}\ndef fill():\n    T[0] = 1\nfill()\n" + ANSWER.format("T[0]")},
    "NumPy is changed": {"own": "np.unit_k = 1", NAME: ANSWER.format("np.unit_k")},
    "a line that takes long": {"own": "import time\ntime.sleep(2.5)\nk = 1", NAME: ANSWER.format("k")},
    "a long line in the answer's cell": {NAME: "import time\n" + ANSWER.format("pass") + "\ntime.sleep(2.5)"},
    "a line that takes long and is needed": {
        "own": "import time\ndef slow():\n    time.sleep(2.5)\n    return 1\nk = slow()",
        NAME: ANSWER.format("k"),
    },
    "memory of an earlier call": {
        "own": "seen = []",
        "own2": "seen.append(1)",
        NAME: ANSWER.format("seen[0]"),
    },
    "a magic in the answer's cell": {NAME: "%timeit -n1 -r1 1\n" + ANSWER.format("pass") + "\nnp.dot?\n!true"},
    "the recursion limit": {
        "own": "import sys\nsys.setrecursionlimit(20000)\ndef deep(n): return n and deep(n - 1)",
        NAME: ANSWER.format("deep(9000)"),
    },
    "a question": {NAME: ANSWER.format("input('?') if False else 1")},
    "an object of one's own": {
        NAME: "class Unit:\n    def __call__(self, x, w, threshold): return (np.dot(x, w) > threshold) * 1\n"
        "threshold_unit = Unit()"
    },
    "a decorator of functools": {NAME: "import functools\n@functools.wraps(print)\n" + ANSWER.format("pass")},
    "a broken line below": {NAME: ANSWER.format("pass") + "\n1 / 0"},
    "a plot below": {NAME: ANSWER.format("pass") + "\nimport matplotlib.pyplot as plt\nplt.plot([1])"},
}
FULL = {
    "exec in a cell of one's own",
    "a line that takes long",  # nothing needs it
    "a timed definition",
    "a cell in another language",
    "a call with a side effect",
    "a call in the answer's cell",
    "NumPy is changed",
    "memory of an earlier call",
    "a magic in the answer's cell",
    "the recursion limit",
    "a question",
    "an object of one's own",
    "a decorator of functools",
    "a broken line below",
    "a plot below",
    "a long line in the answer's cell",
}


@pytest.fixture
def desk(server: ForkServer, tmp_path: Path) -> Iterator[Desk]:
    path = solved(STEM, tmp_path)
    with kernel(path.parent, JPY_SESSION_NAME=str(path)) as front_end:
        front_end.run(f'from autograder import open_assignment\ncheck = open_assignment("{STEM}")', "setup")
        front_end.run("import numpy as np", "given")
        yield Desk(STEM, path, front_end, server)


def with_demo(cells: dict[str, str], path: Path) -> dict[str, str]:
    """Return the cells with the id of the release's first demo cell for `demo`, which is run but not saved."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    demo = next(cell["id"] for cell in notebook["cells"] if "demo" in cell["metadata"].get("tags", []))
    return {demo if name == "demo" else name: text for name, text in cells.items()}


@pytest.mark.series(10)
@pytest.mark.parametrize("saved", [True, False], ids=["saved", "not saved"])
@pytest.mark.parametrize("case", KERNEL_ONLY)
def test_what_only_the_kernel_knows(case: str, saved: bool, desk: Desk) -> None:
    for cell, text in KERNEL_ONLY[case].items():
        desk.front_end.run(text, cell)
    if saved:
        save(desk.path, {cell: text for cell, text in KERNEL_ONLY[case].items() if cell != "demo"})
    said = desk.check(NAME)
    if saved:
        assert not is_green(said) or desk.passes_when_graded(NAME), said
        assert desk.passes_when_graded(NAME) is (case in FULL)
        assert ("4 of 4 public tests passed" in said) is (case in FULL), said
    else:
        assert not is_green(said), said


def test_a_cell_that_was_deleted(desk: Desk) -> None:
    desk.front_end.run("k = 1", "gone")
    desk.run_and_save({NAME: ANSWER.format("k")})
    said = desk.check(NAME)
    assert not desk.passes_when_graded(NAME)
    assert "passes in your kernel, but not when it is graded" in said


@pytest.mark.parametrize("stem", NUMPY_STEMS)
def test_a_mistake_of_the_catalogue(stem: str) -> None:
    """What a check finds in a known mistake is what the public tests of the grade find."""
    suites = public(course_suites(stem))
    check = Check(read_handout(COURSE.release(stem).parent))
    for exercise in suites.assignment.exercises:
        for name, (function, _) in suites.seeded.get(exercise.name, {}).items():
            namespace = {other.name: _right(suites, other.name) for other in suites.assignment.exercises}
            said = check._run(exercise, namespace | {exercise.name: function})
            graded = result_of(suites, exercise.name, function)
            assert said.outcome == graded.outcome, (exercise.name, name)


def _right(suites: Suites, name: str) -> Any:
    return next(iter(suites.alternatives.get(name, {}).values()), None)
