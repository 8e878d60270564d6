"""What the author of a course types: build, audit."""

from __future__ import annotations

from collections.abc import Sequence

import click

from autograder.cli.options import course_of, course_option, sandbox_option
from autograder.core.text import listed
from autograder.notebooks.course import Course


@click.command()
@click.argument("stems", nargs=-1, metavar="[ASSIGNMENT]...")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if a release is not current.")
@course_option
@click.pass_context
def build(context: click.Context, stems: tuple[str, ...], check: bool) -> None:
    """Make the release notebooks in assignments/ from solutions/."""
    from autograder.authoring import build as author

    course = course_of(context)
    stale = False
    for stem in stems or author.authored_stems(course):
        changed = author.stale_files(course, stem) if check else author.build(course, stem)
        verb = "stale" if check else "wrote"
        click.echo(f"{stem}: {verb} {listed(changed)}" if changed else f"{stem}: current")
        stale = stale or (check and bool(changed))
    context.exit(1 if stale else 0)


@click.command()
@click.argument("stems", nargs=-1, metavar="[ASSIGNMENT]...")
@click.option("--mutants", is_flag=True, help="Plant generic mutants of the solutions instead.")
@sandbox_option
@course_option
@click.pass_context
def audit(context: click.Context, stems: tuple[str, ...], mutants: bool, sandbox: str) -> None:
    """Prove the suites: every mistake caught and named, every right answer accepted, every hostile one refused.

    With --mutants: every slip of the pen in a solution caught, or declared equivalent beside the hidden suites.
    Exit code 1 if anything is judged wrongly.
    """
    course = course_of(context)
    stems = stems or course.stems
    wrong = _mutants_judged_wrongly(course, stems, sandbox) if mutants else _planted_judged_wrongly(course, stems)
    context.exit(1 if wrong else 0)


def _mutants_judged_wrongly(course: Course, stems: Sequence[str], sandbox: str) -> int:
    from autograder.authoring import mutation_audit
    from autograder.cli.output.audit import mutants_table, mutants_total
    from autograder.cli.output.grade import console, plain
    from autograder.grading.pipeline import suites_of
    from autograder.sandbox.preflight import proved_rooms

    out = console()
    judged: list[mutation_audit.Judged] = []
    with proved_rooms(course.secrets(stems), confined=sandbox == "full", limits=mutation_audit.LIMITS) as rooms:
        for stem in stems:
            suites = suites_of(course, stem)
            if suites.hand_in is not None:
                plain(out, f"{stem}: no mutants are planted, as each would have to be trained")
                continue
            judged += (found := tuple(mutation_audit.audit_mutants(course, suites, rooms)))
            out.print(mutants_table(stem, found))
    wrong = [one for one in judged if one.fate in (mutation_audit.Fate.SURVIVED, mutation_audit.Fate.MISDECLARED)]
    for one in wrong:
        plain(out, f"{one.exercise}, {one.fate}: {one.mutant}", "bold red")
    plain(out, mutants_total(judged))
    return len(wrong)


def _planted_judged_wrongly(course: Course, stems: Sequence[str]) -> int:
    from autograder.authoring import audit as auditing
    from autograder.cli.output.audit import audit_table, audit_total
    from autograder.cli.output.grade import console, plain
    from autograder.grading.pipeline import suites_of

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
