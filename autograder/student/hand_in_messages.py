"""Sentences about handing in: which notebook was read, what counts, and why nothing was written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.core.model import Assignment, TrainedModel
from autograder.core.text import filled, listed, plural
from autograder.grading.messages import remarks
from autograder.student import messages
from autograder.student.handout import Handout
from autograder.student.next_step import questions_text
from autograder.student.views import check_table

if TYPE_CHECKING:
    from autograder.student.saved_notebooks import SavedNotebook
    from autograder.student.submit import Receipt

_NOTHING = "So nothing was written."


def hand_in_name(student: str, stem: str) -> str:
    """Return the name of the file that a student hands in."""
    return f"{student}__{stem}.ipynb"


# ---- what was written


def receipt_text(receipt: Receipt, handout: Handout) -> str:
    """Return which notebook was read, what counts, what differs, and the file to hand in with its digest."""
    parts = [read_from(receipt.notebook), check_table(receipt.report.exercises, handout), filled(messages.WHAT_COUNTS)]
    if receipt.questions:
        parts.append(questions_text(receipt.questions))
    if receipt.report.remarks:
        parts.append(remarks(receipt.report.remarks))
    parts += receipt.notes
    if receipt.stale:
        verb = "pass" if len(receipt.stale) > 1 else "passes"
        parts.append(
            filled(
                f"{listed(receipt.stale)} {verb} in your kernel but not in the saved file: something in the kernel is "
                "not in the file. Save the notebook, choose Kernel > Restart Kernel and Run All Cells, save, and "
                "submit again."
            )
        )
    if receipt.stripped:
        parts.append("The outputs of the cells were left out of it, as the file was large. They are not graded.")
    if receipt.trained is not None:
        parts.append(_model_text(receipt.trained, fits=receipt.fits))
    if receipt.untrained:
        parts.append(
            filled(
                f"No trained model goes with it: {receipt.untrained}. Its hidden tests give no points then. "
                "To add it, train, run the notebook's last cells, which write both, and submit again."
            )
        )
    parts.append(f"Hand in this file: {receipt.path}\nwritten {_time(receipt.at)}, sha256 {receipt.sha256}")
    if receipt.notebook.saved is None:
        parts.append(filled("To download it from Colab, open Files (the folder at the left) and its menu ⋮."))
    return "\n\n".join(parts)


def read_from(notebook: SavedNotebook) -> str:
    """Return which notebook was read, and when it was saved."""
    if notebook.saved is None:
        return "Read: the notebook as it is in Colab now."
    return f"Read: {notebook.path}\nsaved {_time(notebook.saved)}"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S %z")


def _model_text(trained: TrainedModel, *, fits: bool) -> str:
    """Return what is known about the model that goes with the notebook."""
    claim, accuracy = trained.history, trained.history["val_accuracy"]
    ending = f", at the end {100 * accuracy[-1]:.1f} % of the validation pictures" if accuracy else ""
    text = filled(
        f"With it goes the model: {trained.numbers:,} numbers, trained on {claim['data']} "
        f"with seed {claim['seed']} for {plural(claim['epochs'], 'epoch')}{ending}."
    )
    if fits:
        return text
    return f"{text}\n" + filled(
        "Its weights are not those of the saved notebook's build_model: names or shapes differ. Save the "
        "notebook, train again, run the last cells, and submit again."
    )


# ---- why nothing was written


def nothing_answered(notebook: SavedNotebook, others: Sequence[SavedNotebook], assignment: Assignment) -> str:
    """Say that a notebook is as it was handed out. `others` have answers."""
    text = f"It has no answers: every exercise is as it was handed out. {_NOTHING} "
    if others:
        text += "If you worked in another notebook, name that one by its path."
    else:
        text += "If you wrote answers, save the notebook (Ctrl+S), and submit again."
    return "\n".join([read_from(notebook), filled(text), *_listed(others, assignment)])


def newer_copies(notebook: Path, others: Sequence[SavedNotebook], assignment: Assignment) -> str:
    """Say that the notebook that was handed out is missing, or that another one was saved later."""
    problem = "is not the one that was saved last" if notebook.is_file() else "is not there"
    text = f"It is not certain which notebook to hand in. {_NOTHING} Name the notebook by its path. These have answers:"
    return "\n".join([f"{notebook} {problem}.", filled(text), *_listed(others, assignment)])


def not_saved(names: Sequence[str], notebooks: Sequence[SavedNotebook], student: str, assignment: Assignment) -> str:
    """Say that no saved notebook holds what the kernel ran in these exercises."""
    if not notebooks:
        return filled(f"No saved notebook of {assignment.stem} was found. {_NOTHING} {_by_path(student, 'FILE.ipynb')}")
    text = (
        f"This file does not hold what the kernel ran in {listed(names)}. {_NOTHING} Save the notebook (Ctrl+S), and "
        "submit again. If you changed a cell after you ran it, run it first. If that does not help, choose "
        "Kernel > Restart Kernel and Run All Cells, save, and submit again."
    )
    lines = [read_from(notebooks[0]), filled(text)]
    if len(notebooks) > 1:
        lines += [filled(_by_path(student, notebooks[0].path.name)), *_listed(notebooks, assignment)]
    return "\n".join(lines)


def which(notebooks: Sequence[SavedNotebook], student: str, assignment: Assignment) -> str:
    """Say that several notebooks may be the open one."""
    text = (
        f"It is not certain which of these notebooks is open. {_NOTHING} Run all cells of the one that you work in, "
        f"save it (Ctrl+S), and submit again. {_by_path(student, notebooks[0].path.name)}"
    )
    return "\n".join([filled(text), *_listed(notebooks, assignment)])


def _by_path(student: str, file: str) -> str:
    return f'Or name the file: check.submit("{student}", "{file}").'


def _listed(notebooks: Iterable[SavedNotebook], assignment: Assignment) -> Iterator[str]:
    """Yield the lines about some notebooks."""
    names = {exercise.name for exercise in assignment.exercises}
    for notebook in notebooks:
        written = len(notebook.answered(assignment) & names)
        saved = f", saved {_time(notebook.saved)}" if notebook.saved else ""
        yield f"  {notebook.path}\n    {written} of {len(names)} exercises written{saved}"


def colab_is_silent(student: str, assignment: Assignment) -> str:
    """Say what to do if Colab's page does not hand over the notebook."""
    name = hand_in_name(student, assignment.stem)
    text = (
        f"Colab did not hand over the notebook. {_NOTHING} Choose File > Download > Download .ipynb, give the file the "
        f"name {name}, and hand it in."
    )
    if assignment.torch:
        text += (
            f" To add the trained model, upload the file to this folder first, and run !autograder submit {name} "
            f'--student "{student}".'
        )
    return filled(text)


# ---- the student's name


def placeholder(name: str) -> str:
    """Say that the name is the one in the instructions."""
    return filled(f"{name} stands for your own name: write the name that your instructor knows you by in its place.")


def name_needed(stem: str) -> str:
    """Say how to give the name, if nobody can be asked for it."""
    return filled(
        "Your name is missing, and there is nobody to ask for it here. In a cell of the notebook run "
        f'check.submit("your name"), or give the name in the command: autograder submit {stem} --student "your name". '
        "Use the name that your instructor knows you by."
    )
