"""What an instructor types: release, collect, grade, explain, demo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.options import FOLDER, course_of, course_option, sandbox_option, submitted_option
from autograder.core.errors import UserError
from autograder.core.text import listed, plural

if TYPE_CHECKING:
    from autograder.instructor.batch.run import Options


@click.command()
@click.argument("out", type=FOLDER, metavar="OUT.zip")
@click.option("--assignments", metavar="STEM,STEM", help="Only these. Default: all.")
@click.option(
    "--wheels",
    is_flag=True,
    help="Put the dependencies in, for a room without network and machines as this; with 09_capstone PyTorch, too.",
)
@course_option
@click.pass_context
def release(context: click.Context, out: Path, assignments: str | None, wheels: bool) -> None:
    """Make the zip for students: notebooks with stubs, public tests, the kit, and a page that tells how to begin."""
    from autograder.authoring import student_zip

    stems = tuple(dict.fromkeys(filter(None, (assignments or "").split(","))))
    made = student_zip.release(course_of(context), out, stems, wheels=wheels)
    beside = f", with {plural(made.wheels, 'wheel')} of what it needs" if wheels else ""
    click.echo(f"{made.path}: {listed(made.stems)}; {plural(made.files, 'file')}{beside}")


@click.command()
@click.argument("sources", nargs=-1, required=True, type=FOLDER, metavar="SOURCE...")
@click.option("--assignment", metavar="STEM", help="All are of this assignment. Default: by name and content.")
@click.option("--replace", is_flag=True, help="Take a notebook that differs from the one that is there.")
@submitted_option
@course_option
@click.pass_context
def collect(
    context: click.Context, sources: tuple[Path, ...], assignment: str | None, replace: bool, submitted: Path | None
) -> None:
    """Put downloaded notebooks where grade looks: submitted/<student>/<assignment>/<topic>.ipynb.

    A SOURCE is a zip or a folder as downloaded from Moodle or Canvas, or holds <student>__<assignment>.ipynb.
    Exit code 1 where something could not be placed.
    """
    from autograder.cli.output.collect import collected_text
    from autograder.instructor.collect import place

    course = course_of(context)
    folder = submitted or course.submitted
    done = place.collect(sources, course, folder, assignment=assignment, replace=replace)
    click.echo(collected_text(done, folder))
    context.exit(1 if done.left else 0)


@click.command()
@click.argument("stems", nargs=-1, metavar="[ASSIGNMENT]...")
@submitted_option
@click.option("--results", type=FOLDER, help="Where results go. Default: results/ in the course.")
@click.option("--student", help="Grade this student only.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Grading processes. Default: one per processor.")
@click.option("--force", is_flag=True, help="Grade again what is up to date.")
@click.option("--gradebook", is_flag=True, help="Fill nbgrader's gradebook and autograded/, too.")
@click.option(
    "--data",
    type=FOLDER,
    help='Where MNIST is, for networks that were trained on it: a folder, or "download". Default: $MNIST_DIR.',
)
@sandbox_option
@course_option
@click.pass_context
def grade(
    context: click.Context,
    stems: tuple[str, ...],
    submitted: Path | None,
    results: Path | None,
    student: str | None,
    jobs: int | None,
    force: bool,
    gradebook: bool,
    data: Path | None,
    sandbox: str,
) -> None:
    """Grade the class: submitted/<student>/<assignment>/<topic>.ipynb.

    What is unchanged since the last time is not graded again.
    """
    from autograder.instructor.batch.run import Options

    if data is not None:
        from autograder.datasets import offer_mnist

        offer_mnist(data)
    course = course_of(context)
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
    context.exit(run_grade(options, gradebook=gradebook))


def run_grade(options: Options, *, gradebook: bool = False) -> int:
    from autograder.cli.output.grade import ProgressBar, console, print_gradebook_update, print_summary
    from autograder.instructor.batch.run import grade_class
    from autograder.nbgrader_bridge.fill import fill_gradebook

    out = console()
    with ProgressBar(out) as watcher:
        summary = grade_class(options, watcher)
    if not summary.standings:
        notes = (f"\nnote: {note}" for note in summary.warnings)
        raise UserError(f"No submission found in {options.submitted}.{''.join(notes)}")
    print_summary(out, summary, options.results)
    if gradebook:
        update = fill_gradebook(options.course, options.submitted, options.results, summary.standings)
        print_gradebook_update(out, update)
    return 1 if summary.ungraded else 0


@click.command()
@click.argument("student")
@click.argument("stem", metavar="ASSIGNMENT")
@click.argument("exercise")
@submitted_option
@sandbox_option
@course_option
@click.pass_context
def explain(
    context: click.Context, student: str, stem: str, exercise: str, submitted: Path | None, sandbox: str
) -> None:
    """Run one exercise of one student again, and show inputs, answers and expected answers of each failed test.

    For instructors: it shows what the hidden tests ask.
    """
    from autograder.cli.output.explain import explained_text
    from autograder.instructor import explain

    course = course_of(context)
    folder = submitted or course.submitted
    explained = explain.explain(course, folder, student, stem, exercise, confined=sandbox == "full")
    click.echo(explained_text(explained))


@click.command()
@click.option("--results", type=FOLDER, help="Where results are. Default: results/ in the course.")
@submitted_option
@click.option("--out", type=FOLDER, help="The folder to write to. Default: report/ in the results' folder.")
@click.option("--hide-names", is_flag=True, help="Pseudonyms in place of students' names, in all files of the report.")
@course_option
@click.pass_context
def report(
    context: click.Context, results: Path | None, submitted: Path | None, out: Path | None, hide_names: bool
) -> None:
    """Report on the class: scores, difficult exercises, frequent mistakes, and what needs a human.

    Writes class_report.html, one page that needs nothing else, and its numbers as CSV files beside it.
    """
    from autograder.instructor.class_report.load import read_class
    from autograder.instructor.class_report.page import write_class_report

    course = course_of(context)
    graded = results or course.results
    known = read_class(course, graded, submitted)
    if hide_names:
        from autograder.instructor.class_report.pseudonyms import FILE, kept_pseudonyms, pseudonymize

        known = pseudonymize(known, kept_pseudonyms(graded, known.students))
        click.echo(f"Names are hidden. Who is who is in {graded / FILE}: keep that to yourself.")
    page = write_class_report(known, out or graded / "report")
    for note in known.notes:
        click.echo(f"note: {note}")
    click.echo(f"{page}: {plural(len(known.results), 'submission')}; its numbers are in the CSV files beside it")


@click.command()
@course_option
@click.pass_context
def demo(context: click.Context) -> None:
    """Grade the sample class, and tell what there is to see."""
    from autograder.cli.demo import run_demo
    from autograder.cli.output.grade import console

    run_demo(course_of(context), console())
