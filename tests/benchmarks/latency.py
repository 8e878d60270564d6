"""How long a learner waits for `check(f)`, once it has been called before, and how much of that is f's own time.

Run by bench_grading.py in a fresh interpreter: latency.py ROOT STEM CALLS prints JSON.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import linecache
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from autograder.notebooks.course import Course
from autograder.student.selfcheck import Check, open_assignment


class Stopwatch:
    """Sums the time inside a function; its calls of itself, or of others, are inside already."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0

    @contextlib.contextmanager
    def _running(self) -> Iterator[None]:
        begun = time.perf_counter()
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                self.seconds += time.perf_counter() - begun

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*arguments: Any, **options: Any) -> Any:
            with self._running():
                return function(*arguments, **options)

        return timed


def latencies(course: Course, stem: str, calls: int) -> dict[str, Any]:
    """Of each exercise: median and worst of the calls, and the median of the function's own time, in seconds."""
    os.environ["AUTOGRADER_COURSE"] = str(course.root)
    functions = solutions(course, stem)
    begun = time.perf_counter()
    check = open_assignment(stem)
    opened = time.perf_counter() - begun
    exercises = {name: _latency(check, functions[name], calls) for name in functions}
    return {"calls": calls, "opening": opened, "exercises": exercises}


def solutions(course: Course, stem: str) -> dict[str, Callable[..., Any]]:
    """The solved notebook's functions, defined as in a kernel: each cell has a file name and its text is known."""
    namespace: dict[str, Any] = {}
    names = [one.name for one in course.assignment(stem).exercises]
    for number, cell in enumerate(json.loads(course.solution(stem).read_text(encoding="utf-8"))["cells"]):
        if cell["cell_type"] == "code" and _defines(cell["metadata"]):
            text, file = "".join(cell["source"]), f"<cell {number}>"
            linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
            exec(compile(text, file, "exec"), namespace)
    return {name: namespace[name] for name in names}


def _defines(metadata: dict[str, Any]) -> bool:
    return "given" in metadata.get("tags", ()) or bool(metadata.get("nbgrader", {}).get("solution"))


def _latency(check: Check, function: Callable[..., Any], calls: int) -> dict[str, float]:
    waits, own = [], []
    with contextlib.redirect_stdout(io.StringIO()):  # a kernel keeps what is printed, too
        check(function)
        for _ in range(calls):
            watch = Stopwatch()
            watched = watch.around(function)
            begun = time.perf_counter()
            check(watched)
            waits.append(time.perf_counter() - begun)
            own.append(watch.seconds)
    return {"median": median(waits), "worst": max(waits), "own": median(own)}


if __name__ == "__main__":
    root, stem, calls = sys.argv[1:]
    print(json.dumps(latencies(Course(Path(root)), stem, int(calls))))
