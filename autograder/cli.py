"""The command line. Exit codes: 0 all graded, 1 some submission ungraded, 2 wrong usage or a broken kit."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder import __version__
from autograder.course import Course, find_course
from autograder.model import KitError, Outcome, listed, plural

if TYPE_CHECKING:
    from autograder.batch import Options

_FOLDER = click.Path(path_type=Path)


class _Commands(click.Group):
    """Errors that an operator can mend are told in one line; nobody sees a trace of ours for them."""

    def invoke(self, context: click.Context) -> object:
        from autograder.report.terminal import warn

        try:
            return super().invoke(context)
        except KitError as error:
            warn(str(error))
            context.exit(2)
        except KeyboardInterrupt:
            kept = " What was graded is kept; the same command goes on from there."
            warn(f"Stopped.{kept if context.invoked_subcommand == 'grade' else ''}")
            context.exit(130)


def _remember(context: click.Context, _: click.Parameter, folder: Path | None) -> None:
    context.obj = folder or context.obj


_course_option = click.option(
    "--course",
    type=_FOLDER,
    expose_value=False,
    callback=_remember,
    help="The course's folder. Default: found from the current folder upwards.",
)


_submitted_option = click.option(
    "--submitted", type=_FOLDER, help="Where the submissions are. Default: submitted/ in the course."
)
_sandbox_option = click.option(
    "--sandbox", type=click.Choice(["full", "none"]), default="full", help="none: run students' code with your rights."
)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="autograder")
@_course_option
def main() -> None:
    """Auto-graded exercises for neural-network workshops."""


def _course(context: click.Context) -> Course:
    return find_course(context.obj or Path.cwd())


@main.command()
@click.argument("stems", nargs=-1, metavar="[ASSIGNMENT]...")
@_submitted_option
@click.option("--results", type=_FOLDER, help="Where results go. Default: results/ in the course.")
@click.option("--student", help="Grade this student only.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Grading processes. Default: one per processor.")
@click.option("--force", is_flag=True, help="Grade again what is up to date.")
@_sandbox_option
@_course_option
@click.pass_context
def grade(
    context: click.Context,
    stems: tuple[str, ...],
    submitted: Path | None,
    results: Path | None,
    student: str | None,
    jobs: int | None,
    force: bool,
    sandbox: str,
) -> None:
    """Grade the class: submitted/<student>/<assignment>/<topic>.ipynb.

    What is unchanged since the last time is not graded again.
    """
    from autograder.batch import Options

    course = _course(context)
    options = Options(
        course=course,
        submitted=submitted or course.submitted,
        results=results or course.results,
        stems=tuple(dict.fromkeys(stems)),
        student=student,
        jobs=jobs,
        force=force,
        confined=sandbox == "full",
    )
    context.exit(run_grade(options))


def run_grade(options: Options) -> int:
    from autograder.batch import grade_class
    from autograder.report.terminal import ProgressWatcher, console, print_summary

    out = console()
    with ProgressWatcher(out) as watcher:
        summary = grade_class(options, watcher)
    if not summary.standings:
        notes = (f"\nnote: {note}" for note in summary.warnings)
        raise KitError(f"No submission found in {options.submitted}.{''.join(notes)}")
    print_summary(out, summary, options.results)
    return 1 if summary.ungraded else 0


@main.command()
@click.argument("notebook", type=_FOLDER)
@click.pass_context
def check(context: click.Context, notebook: Path) -> None:
    """Check a saved notebook on the public tests, as check() does in JupyterLab.

    Its code runs with your rights: this is for your own notebook.
    """
    from autograder.handout import handout_of
    from autograder.report.check import checked_notebook
    from autograder.selfcheck import check_notebook

    handout = handout_of(notebook)
    report = check_notebook(notebook, handout)
    click.echo(checked_notebook(report, handout))
    context.exit(0 if report.graded and all(one.outcome is Outcome.PASSED for one in report.exercises) else 1)


@main.command()
@click.argument("notebook", type=_FOLDER)
@click.argument("exercise")
def reset(notebook: Path, exercise: str) -> None:
    """Put the stub of an exercise back into a notebook. The old text is kept in a cell below, commented out."""
    from autograder import resetting

    click.echo(resetting.told(resetting.reset(notebook, exercise, resetting.stubs_of(notebook))))


@main.command()
@click.argument("sources", nargs=-1, required=True, type=_FOLDER, metavar="SOURCE...")
@click.option("--assignment", metavar="STEM", help="All are of this assignment. Default: by name and content.")
@click.option("--replace", is_flag=True, help="Take a notebook that differs from the one that is there.")
@_submitted_option
@_course_option
@click.pass_context
def collect(
    context: click.Context, sources: tuple[Path, ...], assignment: str | None, replace: bool, submitted: Path | None
) -> None:
    """Put downloaded notebooks where grade looks: submitted/<student>/<assignment>/<topic>.ipynb.

    A SOURCE is a zip or a folder as downloaded from Moodle or Canvas, or holds <student>__<assignment>.ipynb.
    Exit code 1 where something could not be placed.
    """
    from autograder import collecting
    from autograder.report.collected import collected_text

    course = _course(context)
    folder = submitted or course.submitted
    done = collecting.collect(sources, course, folder, assignment=assignment, replace=replace)
    click.echo(collected_text(done, folder))
    context.exit(1 if done.left else 0)


@main.command()
@click.argument("student")
@click.argument("stem", metavar="ASSIGNMENT")
@click.argument("exercise")
@_submitted_option
@_sandbox_option
@_course_option
@click.pass_context
def explain(
    context: click.Context, student: str, stem: str, exercise: str, submitted: Path | None, sandbox: str
) -> None:
    """Run one exercise of one student again, and show inputs, answers and expected answers of each failed test.

    For instructors: it shows what the hidden tests ask.
    """
    from autograder import explaining
    from autograder.report.explained import explained_text

    course = _course(context)
    folder = submitted or course.submitted
    explained = explaining.explain(course, folder, student, stem, exercise, confined=sandbox == "full")
    click.echo(explained_text(explained))


@main.command()
@click.argument("stems", nargs=-1, metavar="[ASSIGNMENT]...")
@click.option("--mutants", is_flag=True, help="Plant generic mutants of the solutions instead.")
@_sandbox_option
@_course_option
@click.pass_context
def audit(context: click.Context, stems: tuple[str, ...], mutants: bool, sandbox: str) -> None:
    """Prove the suites: every mistake caught and named, every right answer accepted, every hostile one refused.

    With --mutants: every slip of the pen in a solution caught, or declared equivalent beside the hidden suites.
    Exit code 1 if anything is judged wrongly.
    """
    course = _course(context)
    stems = stems or course.stems
    wrong = _mutants_judged_wrongly(course, stems, sandbox) if mutants else _planted_judged_wrongly(course, stems)
    context.exit(1 if wrong else 0)


def _mutants_judged_wrongly(course: Course, stems: Sequence[str], sandbox: str) -> int:
    from autograder import mutation
    from autograder.grading_worker import secrets_of
    from autograder.pipeline import suites_of
    from autograder.report.audited import mutants_table, mutants_total
    from autograder.report.terminal import console, plain
    from autograder.sandbox.refusal import proved_rooms

    out = console()
    judged: list[mutation.Judged] = []
    with proved_rooms(secrets_of(course, stems, []), confined=sandbox == "full", limits=mutation.LIMITS) as rooms:
        for stem in stems:
            judged += (found := tuple(mutation.audit_mutants(course, suites_of(course, stem), rooms)))
            out.print(mutants_table(stem, found))
    wrong = [one for one in judged if one.fate in (mutation.Fate.SURVIVED, mutation.Fate.MISDECLARED)]
    for one in wrong:
        plain(out, f"{one.exercise}, {one.fate}: {one.mutant}", "bold red")
    plain(out, mutants_total(judged))
    return len(wrong)


def _planted_judged_wrongly(course: Course, stems: Sequence[str]) -> int:
    from autograder import audit as auditing
    from autograder.pipeline import suites_of
    from autograder.report.audited import audit_table, audit_total
    from autograder.report.terminal import console, plain

    out = console()
    verdicts: list[auditing.Verdict] = []
    for stem in stems:
        verdicts += (found := tuple(auditing.audit(suites_of(course, stem))))
        out.print(audit_table(stem, found))
    wrong = [verdict for verdict in verdicts if verdict.problem]
    for verdict in wrong:
        plain(out, f"{verdict.exercise}, {verdict.kind} {verdict.name}: {verdict.problem}", "bold red")
    plain(out, audit_total(verdicts))
    return len(wrong)


@main.command()
@click.argument("notebook", metavar="NOTEBOOK|ASSIGNMENT")
@click.option(
    "--student", prompt="Your name, as your instructor knows it", help="Your name, as your instructor knows it."
)
@click.option("--out", type=_FOLDER, default=Path(), help="Where the file goes. Default: here.")
@click.pass_context
def submit(context: click.Context, notebook: str, student: str, out: Path) -> None:
    """Run the saved notebook from a clean start, show what counts, and write the one file to hand in."""
    from autograder import handout, submitting
    from autograder.report.submitted import submitted_text

    path = Path(notebook)
    found = handout.handout_of(path) if path.suffix == ".ipynb" else handout.find_handout(notebook, Path.cwd())
    receipt = submitting.submit(path if path.suffix == ".ipynb" else found.notebook, found, student.strip(), out)
    click.echo(submitted_text(receipt, found))
    context.exit(1 if receipt.stale or not receipt.report.graded else 0)


@main.command()
@click.argument("folder", type=_FOLDER, default=Path())
def progress(folder: Path) -> None:
    """How far you are: the exercises that pass, and the public points, of each assignment of a folder."""
    from autograder.handout import handouts_in
    from autograder.report.submitted import progress_text
    from autograder.selfcheck import standing

    click.echo(progress_text([(one, standing(one)) for one in handouts_in(folder)]))


@main.command()
@click.argument("folder", type=_FOLDER, default=Path())
@click.option("--json", "as_json", is_flag=True, help="For a program to read.")
@click.pass_context
def doctor(context: click.Context, folder: Path, as_json: bool) -> None:
    """Is this computer ready for the workshop? Run it in the folder that was unpacked."""
    from autograder import doctor as examining

    found = list(examining.findings(folder.resolve()))
    click.echo(examining.as_json(found) if as_json else examining.as_text(found))
    context.exit(0 if all(one.ready for one in found) else 1)


@main.command()
@click.argument("out", type=_FOLDER, metavar="OUT.zip")
@click.option("--assignments", metavar="STEM,STEM", help="Only these. Default: all.")
@click.option(
    "--wheels", is_flag=True, help="Put the dependencies in, for a room without network and machines as this."
)
@_course_option
@click.pass_context
def release(context: click.Context, out: Path, assignments: str | None, wheels: bool) -> None:
    """Make the zip for students: notebooks with stubs, public tests, the kit, and a page that tells how to begin."""
    from autograder import releasing

    stems = tuple(dict.fromkeys(filter(None, (assignments or "").split(","))))
    made = releasing.release(_course(context), out, stems, wheels=wheels)
    beside = f", with {plural(made.wheels, 'wheel')} of what it needs" if wheels else ""
    click.echo(f"{made.path}: {listed(made.stems)}; {plural(made.files, 'file')}{beside}")


@main.command()
@_course_option
@click.pass_context
def demo(context: click.Context) -> None:
    """Grade the sample class, and tell what there is to see."""
    from autograder.demo import run_demo
    from autograder.report.terminal import console

    run_demo(_course(context), console())


@main.command()
@click.argument("stems", nargs=-1, metavar="[ASSIGNMENT]...")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if a release is not current.")
@_course_option
@click.pass_context
def build(context: click.Context, stems: tuple[str, ...], check: bool) -> None:
    """Make the release notebooks in assignments/ from solutions/."""
    from autograder import build as author

    course = _course(context)
    stale = False
    for stem in stems or author.authored_stems(course):
        changed = author.stale_files(course, stem) if check else author.build(course, stem)
        verb = "stale" if check else "wrote"
        click.echo(f"{stem}: {verb} {listed(changed)}" if changed else f"{stem}: current")
        stale = stale or (check and bool(changed))
    context.exit(1 if stale else 0)


if __name__ == "__main__":
    sys.exit(main())
