"""The commands that the author of a course types: build, audit."""

from __future__ import annotations

from collections.abc import Sequence

import click

from autograder.cli.options import course_of, course_option, sandbox_option
from autograder.core.text import listed
from autograder.notebooks.course import Course


@click.command()
@click.argument("stems", nargs=-1, metavar="[ASSIGNMENT]...")
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 if a release is not current.")
@course_option
@click.pass_context
def build(context: click.Context, stems: tuple[str, ...], check: bool) -> None:
    """Make the release notebooks from the solutions.

    They go from solutions/ to assignments/, with stubs instead of the answers.
    """
    from autograder.authoring.build import authored_stems, stale_files
    from autograder.authoring.build import build as build_release

    course = course_of(context)
    stale = False
    for stem in stems or authored_stems(course):
        changed = stale_files(course, stem) if check else build_release(course, stem)
        verb = "stale" if check else "wrote"
        click.echo(f"{stem}: {verb} {listed(changed)}" if changed else f"{stem}: current")
        stale = stale or (check and bool(changed))
    context.exit(1 if stale else 0)


@click.command()
@click.argument("stems", nargs=-1, metavar="[ASSIGNMENT]...")
@click.option("--mutants", is_flag=True, help="Test with small changes of the solutions instead.")
@sandbox_option
@course_option
@click.pass_context
def audit(context: click.Context, stems: tuple[str, ...], mutants: bool, sandbox: str | None) -> None:
    """Test the test suites with wrong and right answers.

    Every mistake must be caught and named, every right answer accepted, and every hostile answer rejected. With
    --mutants, every mutant of a solution must be caught, or be declared equivalent beside the hidden suites. Exit
    code 1 if an answer is judged wrongly.
    """
    course = course_of(context)
    stems = stems or course.stems
    wrong = (
        _wrong_on_mutants(course, stems, sandbox or course.settings.grading.sandbox)
        if mutants
        else _wrong_on_seeded_answers(course, stems)
    )
    context.exit(1 if wrong else 0)


def _wrong_on_mutants(course: Course, stems: Sequence[str], sandbox: str) -> int:
    """Print what became of every mutant; return how many survived or are wrongly declared."""
    from autograder.authoring import mutation_audit
    from autograder.cli.output.audit import mutants_table, mutants_total
    from autograder.cli.output.terminal import console, print_plain
    from autograder.grading.known_answers import require_fair
    from autograder.grading.pipeline import suites_of
    from autograder.sandbox.preflight import proved_sandbox

    out = console()
    verdicts: list[mutation_audit.MutantVerdict] = []
    with proved_sandbox(course.secrets(stems), sandbox=sandbox, limits=mutation_audit.LIMITS) as executor:
        for stem in stems:
            suites = suites_of(course, stem)
            require_fair(suites)
            if suites.hand_in is not None:
                print_plain(out, f"{stem}: no mutants are tried, as each would have to be trained")
                continue
            of_stem = tuple(mutation_audit.audit_mutants(course, suites, executor))
            verdicts += of_stem
            out.print(mutants_table(stem, of_stem))
    wrong = [verdict for verdict in verdicts if verdict.fate.wrong]
    for verdict in wrong:
        print_plain(out, f"{verdict.exercise}, {verdict.fate}: {verdict.mutant}", "bold red")
    print_plain(out, mutants_total(verdicts))
    return len(wrong)


def _wrong_on_seeded_answers(course: Course, stems: Sequence[str]) -> int:
    """Print how every seeded answer was judged; return how many wrongly."""
    from autograder.authoring.audit import Verdict
    from autograder.authoring.audit import audit as audit_suites
    from autograder.cli.output.audit import audit_table, audit_total
    from autograder.cli.output.terminal import console, print_plain
    from autograder.grading.known_answers import require_fair
    from autograder.grading.pipeline import suites_of

    out = console()
    verdicts: list[Verdict] = []
    for stem in stems:
        suites = suites_of(course, stem)
        require_fair(suites)
        of_stem = tuple(audit_suites(suites))
        verdicts += of_stem
        out.print(audit_table(stem, of_stem))
    wrong = [verdict for verdict in verdicts if verdict.problem]
    for verdict in wrong:
        print_plain(out, f"{verdict.exercise}, {verdict.kind} {verdict.name}: {verdict.problem}", "bold red")
    print_plain(out, audit_total(verdicts))
    return len(wrong)
