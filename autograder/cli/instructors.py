"""The commands that instructors type: release, collect, grade, explain, report, demo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.options import FOLDER, course_of, course_option, sandbox_option, stems_in, submitted_option
from autograder.core.errors import UserError
from autograder.core.text import listed, plural

if TYPE_CHECKING:
    from autograder.instructor.batch.run import Options
    from autograder.notebooks.course import Course


@click.command()
@click.argument("out", type=FOLDER, metavar="OUT.zip")
@click.option("--assignments", metavar="STEM,STEM", help="Only these. Default: all.")
@click.option(
    "--wheels",
    is_flag=True,
    help="Include the packages that the kit needs, with PyTorch for 09_capstone, so that students need no network. "
    "They fit only machines like this one.",
)
@click.option("--solutions", is_flag=True, help="Make a zip with the model solutions instead, after the deadline.")
@click.option("--before-deadline", is_flag=True, help="With --solutions: even if a deadline is in the future.")
@course_option
@click.pass_context
def release(
    context: click.Context, out: Path, assignments: str | None, wheels: bool, solutions: bool, before_deadline: bool
) -> None:
    """Make the zip for students.

    It holds the notebooks with stubs, the public tests, the student edition of this kit, and a page that explains how
    to start. With --solutions it holds the solved notebooks, without hidden tests and rubrics; this is refused before a
    deadline in duedates.csv.
    """
    from autograder.authoring import student_zip

    course, stems = course_of(context), stems_in(assignments)
    if solutions:
        if wheels:
            raise UserError("--solutions makes a zip without packages: leave out --wheels.")
        _release_solutions(course, out, stems, before_deadline=before_deadline)
        return
    if before_deadline:
        raise UserError("--before-deadline is for --solutions: add --solutions, or leave it out.")
    released = student_zip.release(course, out, stems, wheels=wheels)
    beside = f", with {plural(released.wheels, 'wheel')} of what it needs" if wheels else ""
    click.echo(f"{released.path}: {listed(released.stems)}; {plural(released.files, 'file')}{beside}")
    click.echo(f"It unpacks to {released.folder}.")


def _release_solutions(course: Course, out: Path, stems: tuple[str, ...], *, before_deadline: bool) -> None:
    """Write the zip with the model solutions, and say what to know before it is handed out."""
    from autograder.authoring import solutions_zip

    unknown = () if before_deadline else solutions_zip.require_after_deadline(course, stems)
    released = solutions_zip.release_solutions(course, out, stems)
    click.echo(f"{released.path}: model solutions of {listed(released.stems)}; {plural(released.files, 'file')}")
    click.echo(f"It unpacks to {released.folder}. A student who hands in after this may have copied.")
    if unknown:
        click.echo(f"duedates.csv names no deadline of {listed(unknown)}: wait until everybody has handed in.")


@click.command()
@click.argument("sources", nargs=-1, required=True, type=FOLDER, metavar="SOURCE...")
@click.option("--assignment", metavar="STEM", help="All are of this assignment. Default: by name and content.")
@click.option("--replace", is_flag=True, help="Replace a notebook that is there and differs.")
@submitted_option
@course_option
@click.pass_context
def collect(
    context: click.Context, sources: tuple[Path, ...], assignment: str | None, replace: bool, submitted: Path | None
) -> None:
    """Put downloaded notebooks into submitted/.

    Each goes to submitted/<student>/<assignment>/<topic>.ipynb, the place in which `autograder grade` looks for it. A
    SOURCE is a zip or a folder as downloaded from Moodle or Canvas, or a file or folder of
    <student>__<assignment>.ipynb. Exit code 1 if a notebook could not be placed.
    """
    from autograder.cli.output.collect import collected_text
    from autograder.instructor.collect import place

    course = course_of(context)
    folder = submitted or course.submitted
    collected = place.collect(sources, course, folder, assignment=assignment, replace=replace)
    click.echo(collected_text(collected, folder))
    context.exit(1 if collected.left else 0)


@click.command()
@click.argument("stems", nargs=-1, metavar="[ASSIGNMENT]...")
@submitted_option
@click.option("--results", type=FOLDER, help="The folder to write results to. Default: results/ in the course.")
@click.option("--student", help="Grade this student only.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Number of grading processes. Default: one per CPU.")
@click.option("--force", is_flag=True, help="Grade also the submissions that are up to date.")
@click.option("--gradebook", is_flag=True, help="Fill nbgrader's gradebook and autograded/, too.")
@click.option(
    "--data",
    type=FOLDER,
    help='The folder with MNIST, for networks that were trained on it, or "download". Default: $MNIST_DIR.',
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
    sandbox: str | None,
) -> None:
    """Grade the submissions of the class.

    They are in submitted/<student>/<assignment>/<topic>.ipynb. A submission that is unchanged since the last time is
    not graded again. Exit code 1 if a submission could not be graded; it has no score then, never zero.
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
        sandbox=sandbox,
    )
    context.exit(_run_grade(options, gradebook=gradebook))


def _run_grade(options: Options, *, gradebook: bool) -> int:
    """Grade, print the summary, and return the exit code; raise UserError if there is no submission."""
    from autograder.cli.output.grade import ProgressBar, print_gradebook_update, print_summary
    from autograder.cli.output.terminal import console
    from autograder.instructor.batch.run import grade_class
    from autograder.nbgrader_bridge.course_directory import require_nbgrader
    from autograder.nbgrader_bridge.fill import fill_gradebook

    if gradebook:
        require_nbgrader()  # before the class is graded, not after
    out = console()
    with ProgressBar(out) as progress_bar:
        summary = grade_class(options, progress_bar)
    if not summary.results:
        notes = (f"\nnote: {note}" for note in summary.warnings)
        raise UserError(f"No submission found in {options.submitted}.{''.join(notes)}")
    print_summary(out, summary, options.results)
    if gradebook:
        print_gradebook_update(out, fill_gradebook(options.course, options.submitted, options.results, summary.results))
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
    context: click.Context, student: str, stem: str, exercise: str, submitted: Path | None, sandbox: str | None
) -> None:
    """Show in detail why a student's exercise failed.

    It runs the exercise again and prints the inputs, the answer and the expected answer of each failed test, also of
    the hidden ones: this output is not for students.
    """
    from autograder.cli.output.explain import explained_text
    from autograder.instructor import explain

    course = course_of(context)
    folder = submitted or course.submitted
    explained = explain.explain(course, folder, student, stem, exercise, sandbox=sandbox)
    click.echo(explained_text(explained))


@click.command()
@click.option("--results", type=FOLDER, help="The folder with the results. Default: results/ in the course.")
@submitted_option
@click.option("--out", type=FOLDER, help="The folder to write to. Default: report/ in the results' folder.")
@click.option("--hide-names", is_flag=True, help="Write pseudonyms instead of students' names in the whole report.")
@course_option
@click.pass_context
def report(
    context: click.Context, results: Path | None, submitted: Path | None, out: Path | None, hide_names: bool
) -> None:
    """Write a report on the class.

    It shows scores, difficult exercises, frequent mistakes, and submissions that a person should look at. The report
    is class_report.html, a page that needs no other file; its numbers are in CSV files beside it.
    """
    from autograder.instructor.class_report.load import load_class_results
    from autograder.instructor.class_report.page import write_class_report

    course = course_of(context)
    graded = results or course.results
    class_results = load_class_results(course, graded, submitted)
    if hide_names:
        from autograder.instructor.class_report.pseudonyms import FILE, kept_pseudonyms, pseudonymize

        class_results = pseudonymize(class_results, kept_pseudonyms(graded, class_results.students))
        click.echo(f"Names are hidden. Who is who is in {graded / FILE}: keep that to yourself.")
    page = write_class_report(class_results, out or graded / "report")
    for note in class_results.notes:
        click.echo(f"note: {note}")
    submissions = plural(len(class_results.results), "submission")
    click.echo(f"{page}: {submissions}; its numbers are in the CSV files beside it")


@click.command()
@course_option
@click.pass_context
def demo(context: click.Context) -> None:
    """Grade a sample class and explain what you see.

    The class contains every kind of submission. Its results go to demo/ in the course.
    """
    from autograder.cli.demo import run_demo
    from autograder.cli.output.terminal import console

    run_demo(course_of(context), console())
