"""How long the capstone's recipe takes to read 99 %, on each device of this machine, and what its grading costs.

python tests/benchmarks/bench_capstone.py [--data FOLDER] [--epochs 10] [--submissions 4] [--markdown]

All devices train with the same seed, one after another, in one run. Beside the seconds stands how far the first losses
lie from the CPU's: the grader trains the first steps again on a CPU, and wants them within 1e-3 and 1 %.
Then one submission is graded and several, in sandboxes by one process: the difference is what one more costs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from capstone_machine import machine
from processes import Cost, cost_of
from safetensors.torch import save
from tables import Table, show

from autograder.core.errors import UserError
from autograder.core.text import plural
from autograder.datasets import MNIST_DIR, Images, load_images
from autograder.notebooks.course import Course
from autograder.notebooks.trained_model import SCHEMA, packed
from reference_impl.capstone import accuracy, build_model, pixels, train

COURSE, STEM = Course(Path(__file__).parents[2]), "09_capstone"
DIGITS = COURSE.solution(STEM).with_name("digits.npz")
GOAL = 0.99  # of the pictures set aside
SEED = 0


@dataclass(frozen=True)
class Training:
    """The recipe on one device."""

    device: str
    name: str
    seconds: float
    weights: bytes
    history: dict[str, list[float]]
    right: float  # share of the test pictures, read on the CPU

    @property
    def losses(self) -> np.ndarray:
        return np.array(self.history["step_loss"])

    @property
    def seconds_to_goal(self) -> float:
        """By whole epochs; infinite where the goal was not reached."""
        shares = self.history["val_accuracy"]
        reached = [epoch for epoch, share in enumerate(shares, 1) if share >= GOAL]
        return self.seconds * reached[0] / len(shares) if reached else float("inf")


def devices() -> dict[str, str]:
    """What there is to train on, by PyTorch's name."""
    found = {"cpu": f"CPU, {plural(torch.get_num_threads(), 'thread')}"}
    if torch.cuda.is_available():
        found["cuda"] = torch.cuda.get_device_name()
    if torch.backends.mps.is_available():
        found["mps"] = "Apple MPS"
    return found


def trained_on(device: str, name: str, images: Images, epochs: int) -> Training:
    """After two steps to warm up, which nobody times."""
    train(build_model(), images.train_images, images.train_labels, device=device, epochs=1, seed=SEED, max_steps=2)
    torch.manual_seed(SEED)
    model, begun = build_model(), time.perf_counter()
    history = train(model, images.train_images, images.train_labels, device=device, epochs=epochs, seed=SEED)
    seconds = time.perf_counter() - begun
    right = accuracy(model.cpu(), pixels(images.test_images), torch.as_tensor(images.test_labels), "cpu")
    return Training(device, name, seconds, save(model.state_dict()), history, right)


def table_of(runs: Sequence[Training], epochs: int) -> Table:
    first = runs[0]
    rows = [
        (
            f"{run.device} ({run.name})",
            f"{run.seconds / epochs:.2f}",
            f"{run.seconds_to_goal:.1f}",
            f"{first.seconds / run.seconds:.1f}",
            f"{run.right:.4f}",
            f"{np.abs(run.losses[:10] / first.losses[:10] - 1).max():.0e}",
            f"{abs(run.losses[:150].mean() / first.losses[:150].mean() - 1):.0e}",
        )
        for run in runs
    ]
    columns = ("device", "s/epoch", f"s to {GOAL:.0%}", "times the CPU's speed", "test", "losses ≤ 10", "mean of 150")
    return Table(f"The recipe, {plural(epochs, 'epoch')}", columns, rows, ("Losses: beside those of the CPU.",))


# ---- grading


def graded(run: Training, images: Images, epochs: int, count: int, environment: dict[str, str]) -> Cost:
    """What it costs to grade the model so many times."""
    claim = {"schema": SCHEMA, "data": images.name, "seed": SEED, "epochs": epochs, "device": run.device}
    notebook = packed(COURSE.solution(STEM).read_bytes(), run.weights, {**claim, **run.history})
    with tempfile.TemporaryDirectory() as temporary:
        for number in range(count):
            folder = Path(temporary, "submitted", f"student{number}", STEM)
            folder.mkdir(parents=True)
            (folder / "capstone.ipynb").write_bytes(notebook)
        command = [
            sys.executable,
            "-m",
            "autograder.cli.main",
            "grade",
            STEM,
            "--jobs",
            "1",
            "--course",
            str(COURSE.root),
        ]
        command += ["--submitted", f"{temporary}/submitted", "--results", f"{temporary}/results"]
        return cost_of(command, cwd=COURSE.root, environment=environment)


def grading_table(run: Training, images: Images, options: argparse.Namespace) -> Table:
    environment = dict(os.environ) | ({MNIST_DIR: str(options.data)} if images.name == "mnist" and options.data else {})
    one, several = (graded(run, images, options.epochs, count, environment) for count in (1, options.submissions))
    more = options.submissions - 1
    rows = [
        ("the first, with the start", f"{one.wall:.1f}", f"{one.cpu:.1f}"),
        ("each one more", f"{(several.wall - one.wall) / more:.1f}", f"{(several.cpu - one.cpu) / more:.1f}"),
    ]
    return Table("Grading", ("submission", "wall s", "CPU s"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help='a folder with MNIST, "download" or "digits"; default: $MNIST_DIR, else digits')
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--submissions", type=int, default=4, help="to be graded; 0: none")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    torch.backends.cudnn.allow_tf32 = False  # as in the notebook
    try:
        images = load_images(options.data, digits=DIGITS)
    except UserError as error:
        sys.exit(str(error))
    runs = [trained_on(device, name, images, options.epochs) for device, name in devices().items()]
    header = [f"{images.name}, seed {SEED}", machine(plural(torch.get_num_threads(), "thread"))]
    tables = [table_of(runs, options.epochs)]
    if options.submissions > 1 and shutil.which("bwrap"):
        tables.append(grading_table(runs[-1], images, options))
    show(header, tables, markdown=options.markdown)
    if len(runs) == 1:
        print("There is no accelerator here: the CPU alone was measured.")


if __name__ == "__main__":
    main()
