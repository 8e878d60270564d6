"""Know where the files of a course are, and read assignments from its release notebooks."""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import autograder
from autograder.core.errors import Ungradable, UserError
from autograder.core.model import Assignment, Cell, Exercise
from autograder.core.settings import FILE_NAME, Settings, applied_settings
from autograder.core.text import listed
from autograder.notebooks.ipynb import NotebookCell, parse_notebook, parse_settings, read_bytes


@dataclass(frozen=True)
class Course:
    """A folder with `assignments/`, `solutions/`, `reference_impl/` and `tests/suites/`."""

    root: Path

    @functools.cached_property
    def settings(self) -> Settings:
        """Return the settings of `course.toml`, or the defaults; raise UserError if the file is wrong."""
        return applied_settings(self.root)

    @property
    def stems(self) -> tuple[str, ...]:
        """Return the released assignments, in teaching order: those that `course.toml` names, or every folder."""
        folders = sorted(path for path in (self.root / "assignments").glob("*_*") if path.is_dir())
        released = tuple(folder.name for folder in folders if not folder.name.startswith("."))
        taught = self.settings.course.assignments
        if taught is None:
            return released
        if missing := [stem for stem in taught if stem not in released]:
            raise UserError(
                f"{self.root / FILE_NAME}: [course] assignments names {listed(missing)}, and assignments/ has no such "
                f"folder. Released: {listed(released) or 'none'}. Correct the name, or run `autograder build`."
            )
        return taught

    @property
    def submitted(self) -> Path:
        """Return the usual folder of submissions."""
        return self.root / "submitted"

    @property
    def results(self) -> Path:
        """Return the usual folder of results."""
        return self.root / "results"

    def release(self, stem: str) -> Path:
        """Return the notebook that students get."""
        return notebook_in(self.root / "assignments" / stem)

    def solution(self, stem: str) -> Path:
        """Return the notebook with the solutions, from which the release is made."""
        return notebook_in(self.root / "solutions" / stem)

    def public_suite(self, stem: str) -> Path:
        """Return the tests that students get."""
        return self.root / "solutions" / stem / f"test_{topic_of(stem)}.py"

    def hidden_suite(self, stem: str) -> Path:
        """Return the tests that students do not get."""
        return self.root / "tests" / "suites" / f"test_{topic_of(stem)}.py"

    def stem_of(self, suite: Path) -> str:
        """Return the assignment that a suite's file belongs to."""
        for stem in self.stems:
            if suite.name == f"test_{topic_of(stem)}.py":
                return stem
        raise UserError(f"{suite} belongs to no assignment of {self.root}: is it built, with `autograder build`?")

    def reference(self, stem: str) -> Path:
        """Return the module that computes the expected values."""
        return self.root / "reference_impl" / f"{topic_of(stem)}.py"

    def secrets(self, stems: Sequence[str], submissions: Sequence[Path] = ()) -> tuple[Path, ...]:
        """Return examples of files that no student may see.

        They are the reference, the hidden suite and the solution of the first assignment, and one submission.
        """
        private = [
            path for stem in stems[:1] for path in (self.reference(stem), self.hidden_suite(stem), self.solution(stem))
        ]
        return tuple(path for path in [*private, *submissions[:1]] if path.is_file())

    @property
    def seed(self) -> str:
        """Return the seed of all hidden tests' random inputs. An instructor may change it each term."""
        return (self.root / "tests" / "suites" / "seed.txt").read_text(encoding="utf-8").strip()

    def assignment(self, stem: str) -> Assignment:
        """Return an assignment as it was released. Raises UserError if there is none of this name."""
        if stem not in self.stems:
            known = f"Known: {listed(self.stems)}." if self.stems else "No assignment is built: run `autograder build`."
            raise UserError(f"There is no assignment {stem!r} in {self.root}. {known}")
        return read_assignment(self.release(stem))

    def suite_sha256(self, stem: str) -> str:
        """Return a digest of all files that decide a score, apart from the kit and the submission.

        They include the whole reference, as its modules import each other, and the data files of the release.
        """
        release = self.release(stem).parent
        data = sorted([*release.glob("*.npz"), *release.glob("companion_*.py")])
        references = sorted(self.reference(stem).parent.glob("*.py"))
        digest = hashlib.sha256(self.seed.encode())
        for path in [self.release(stem), self.public_suite(stem), self.hidden_suite(stem), *references, *data]:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


def topic_of(stem: str) -> str:
    """Return `convolution` for the stem `06_convolution`."""
    return stem.partition("_")[2]


def notebook_in(folder: Path) -> Path:
    """Return the notebook of an assignment's folder."""
    return folder / f"{topic_of(folder.name)}.ipynb"


def find_course(start: Path) -> Course:
    """Return the course that contains `start`: the nearest folder upwards that is one. UserError if none is."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / "solutions").is_dir() and (folder / "tests" / "suites").is_dir():
            return Course(folder)
    raise UserError(
        f"{start} lies in no course: no folder upwards has solutions/ and tests/suites/. "
        "Go into the course's folder, or name it with --course."
    )


def read_assignment(notebook: Path) -> Assignment:
    """Read an assignment from its release notebook: its cells, and its exercises in order with their points."""
    if not notebook.is_file():
        raise UserError(f"{notebook} is missing. Make it with `autograder build`.")
    try:
        data = read_bytes(notebook)
        cells = parse_notebook(data)
    except Ungradable as error:
        raise UserError(f"{notebook}: {error}") from None
    return Assignment(
        notebook.parent.name,
        tuple(_exercises(cells, notebook)),
        tuple(map(_cell, cells)),
        torch="torch" in parse_settings(data),
        companion=companion_in(notebook.parent),
    )


def companion_in(folder: Path) -> str:
    """Return the kit's code that an assignment's tests call beside the student's; empty if there is none."""
    path = folder / f"companion_{topic_of(folder.name)}.py"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _cell(cell: NotebookCell) -> Cell:
    points = cell.nbgrader.get("points")
    return Cell(
        source=cell.source,
        kind=cell.kind,
        grade_id=cell.grade_id,
        solution=cell.nbgrader.get("solution") is True,
        points=float(points) if isinstance(points, int | float) else None,
        cell_id=cell.cell_id,
        tags=cell.tags,
    )


def _exercises(cells: tuple[NotebookCell, ...], notebook: Path) -> Iterator[Exercise]:
    """Yield an exercise for each solution cell of code. The locked cell `test_<name>` has its points."""
    points = {cell.grade_id: cell.nbgrader.get("points") for cell in cells}
    for cell in cells:
        if cell.kind != "code" or cell.nbgrader.get("solution") is not True:
            continue
        name = cell.grade_id or ""
        worth = points.get(f"test_{name}")
        if not isinstance(worth, int | float) or worth <= 0:
            raise UserError(f"{notebook}: the exercise {name!r} has no cell test_{name} with points.")
        yield Exercise(name, float(worth), _parameters(cell.source, name))


def _parameters(stub: str, name: str) -> tuple[str, ...]:
    for node in ast.parse(stub).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return tuple(argument.arg for argument in node.args.posonlyargs + node.args.args)
    return ()


@functools.cache
def kit_version() -> str:
    """Return the version with a digest of the kit's code and templates, so that a changed kit grades again."""
    folder = Path(autograder.__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*folder.rglob("*.py"), *folder.glob("rendering/templates/*")]):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{autograder.__version__}+{digest.hexdigest()[:8]}"
