"""What a kernel ran: the text of each cell as it was typed, when, from which cell, and how it ended.

IPython keeps the texts. The rest is recorded from the moment when `open_assignment` is called.
"""

from __future__ import annotations

import inspect
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.core.model import Assignment
from autograder.notebooks.cell_code import NotPython, read_code
from autograder.notebooks.parser import Budget, OverBudget
from autograder.notebooks.student_cells import normal
from autograder.student.jupyter import cell_number, shell


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a cell. A value that is not known is None or empty."""

    number: int  # as in `In [3]`
    text: str = ""  # as it was typed, normalized
    cell: str | None = None  # the front end's id of the cell
    begun: int | None = None  # nanoseconds since 1970
    error: str = ""  # `NameError`, `SyntaxError, line 17`


@dataclass(frozen=True, kw_only=True)
class ExerciseRun:
    """What a kernel ran of one exercise."""

    name: str
    checked: Run  # it defined the function that is checked
    attempt: Run | None = None  # a later run of the changed cell, which did not replace the function

    @property
    def texts(self) -> tuple[str, ...]:
        """Return the texts that the exercise's cell may have now, as far as the kernel knows."""
        return (self.checked.text, self.attempt.text) if self.attempt else (self.checked.text,)


# ---- recording


@dataclass
class _Recorder:
    """Records the runs of one kernel, from the moment when it is registered."""

    kernel: Any
    runs: dict[int, Run] = field(default_factory=dict)
    begun: dict[int, int] = field(default_factory=dict)  # by the identity of what IPython tells of a run

    def begin(self, info: Any) -> None:
        """Note when a run begins. Its number is not known yet in all versions of IPython."""
        self.begun[id(info)] = time.time_ns()

    def end(self, result: Any) -> None:
        """Keep a run that has a number; what magics and widgets run has none."""
        info, number = result.info, result.execution_count
        begun = self.begun.pop(id(info), None)
        if number is not None and info.store_history:
            error = result.error_before_exec or result.error_in_exec
            self.runs[number] = Run(
                number=number,
                text=typed(info.raw_cell),
                cell=getattr(info, "cell_id", None),
                begun=begun,
                error=_described(error) if error is not None else "",
            )


_recorders: list[_Recorder] = []  # the one of this kernel, if there is one


def watch() -> None:
    """Record the runs of this kernel from now on."""
    kernel = shell()
    if kernel is None or any(recorder.kernel is kernel for recorder in _recorders):
        return
    _recorders[:] = [_Recorder(kernel)]
    kernel.events.register("pre_run_cell", _recorders[0].begin)
    kernel.events.register("post_run_cell", _recorders[0].end)


def _described(error: BaseException) -> str:
    kind = type(error).__name__
    return f"{kind}, line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else kind


def runs() -> list[Run]:
    """Return the runs of this kernel, in order. Those from before the recording are as IPython's history has them."""
    recorded = _recorders[0].runs if _recorders and _recorders[0].kernel is shell() else {}
    first = min(recorded, default=1)
    texts = getattr(getattr(shell(), "history_manager", None), "input_hist_raw", None) or []
    before = [Run(number=number, text=typed(text)) for number, text in enumerate(texts) if 0 < number < first]
    return [*before, *(recorded[number] for number in sorted(recorded))]


def typed(text: str) -> str:
    """Return a cell's text for comparing it with another one: blanks and line ends do not count."""
    return normal(text.replace("\r\n", "\n").replace("\r", "\n"))


# ---- what it means for an assignment's exercises


@dataclass(frozen=True)
class Definition:
    """The exercises that a cell's text binds, or seems to bind if it is not Python."""

    names: frozenset[str]
    error: str = ""  # why it is not Python: `SyntaxError, line 17`


def exercise_runs(functions: Mapping[str, object], assignment: Assignment) -> dict[str, ExerciseRun]:
    """Return what the kernel ran of the exercises. One whose cell was not run is left out.

    functions: what the notebook's names of exercises stand for now
    """
    all_runs = {run.number: run for run in runs()}
    names = [exercise.name for exercise in assignment.exercises]
    definitions = {number: definition_of(run.text, names) for number, run in all_runs.items()}
    checked = {name: _checked(name, function, definitions) for name, function in functions.items()}
    return {
        name: ExerciseRun(
            name=name, checked=all_runs[number], attempt=_attempt(name, all_runs[number], all_runs, definitions)
        )
        for name, number in checked.items()
        if number is not None
    }


def definition_of(text: str, names: Sequence[str]) -> Definition:
    """Return which of these names a cell's text binds."""
    present = [name for name in names if name in text]
    if not present:
        return Definition(frozenset())
    try:
        statements = read_code(text, Budget()).statements
    except (NotPython, OverBudget) as problem:
        defined = {
            name for name in present if re.search(rf"^[ \t]*(async[ \t]+)?def[ \t]+{name}\b", text, re.MULTILINE)
        }
        return Definition(frozenset(defined), str(problem).partition(":")[0].replace(" on line ", ", line "))
    bound = {name for statement in statements for name in statement.defines}
    return Definition(frozenset(bound.intersection(present)))


def _checked(name: str, function: object, definitions: Mapping[int, Definition]) -> int | None:
    """Return the number of the run that defined a function: it was compiled there, and it binds the exercise's name.

    A decorator's function was compiled elsewhere. The last run that binds the name has defined it then.
    """
    if function is None:
        return None
    binding = {number for number, found in definitions.items() if name in found.names and not found.error}
    compiled = _compiled_in(function)
    return compiled if compiled in binding else max(binding, default=None)


def _compiled_in(function: object) -> int:
    """Return the number of the run that compiled a function; 0 if it is not known."""
    try:
        file = inspect.getfile(inspect.unwrap(function))  # type: ignore[arg-type]
    except Exception:  # any object may stand under the exercise's name
        return 0
    return cell_number(file) or 0


def _attempt(name: str, checked: Run, all_runs: Mapping[int, Run], definitions: Mapping[int, Definition]) -> Run | None:
    """Return the last later run of the cell with another text, if there is one.

    The front end's id tells which cell was run. Without ids it is a run that defines the exercise, and failed.
    """
    for number in sorted((number for number in all_runs if number > checked.number), reverse=True):
        run, found = all_runs[number], definitions[number]
        if run.cell is not None and checked.cell is not None:
            if run.cell == checked.cell:
                return run
        elif name in found.names and (run.error or found.error):
            return run
    return None
