"""How nearly a training can be repeated: the losses of the recipe's first steps, with other threads, libraries, seeds.

python tests/benchmarks/capstone_retraining.py --data FOLDER_WITH_MNIST
python tests/benchmarks/capstone_retraining.py --data digits --digits solutions/09_capstone/digits.npz --epochs 30

Relative differences of the losses from those of seed 0 on one thread: what a rule on a retrained start may ask for lies
between the noise of the same settings and the least that other settings change. Written into `capstone_seeds.md`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from capstone_machine import machine
from tables import Table, write_part

from autograder.core.errors import UserError
from autograder.datasets import Images, load_images
from reference_impl import capstone as recipe

WRITTEN = Path(__file__).with_name("capstone_seeds.md")
STEPS = 150
COLUMNS = ("step 1", "≤ 10", "≤ 50", f"≤ {STEPS}", "mean of 50", f"mean of {STEPS}")


@dataclass(frozen=True)
class Variant:
    """The same training with one thing changed."""

    name: str
    around: AbstractContextManager[object]
    seed: int = 0
    epochs: float = 1  # times the epochs of the first


@contextmanager
def threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    yield
    torch.set_num_threads(before)


def variants() -> Iterator[Variant]:
    yield Variant("the same again", nullcontext())
    yield Variant("2 threads", threads(2))
    yield Variant("oneDNN off", torch.backends.mkldnn.flags(enabled=False))
    yield Variant("learning rate +10 %", patch.object(recipe, "PEAK", recipe.PEAK * 1.1))
    yield Variant("twice the epochs", nullcontext(), epochs=2)
    yield Variant("batches of 120", patch.object(recipe, "BATCH", 120))
    yield Variant("moved by 1 at most", patch.object(recipe, "SHIFT", 1))
    yield from (Variant(f"seed {seed}", nullcontext(), seed) for seed in (1, 2, 3))


def losses(images: Images, *, seed: int, epochs: int) -> np.ndarray:
    """(STEPS,): the loss of each of the first steps."""
    torch.manual_seed(seed)
    model = recipe.build_model()
    pictures, labels = images.train_images, images.train_labels
    history = recipe.train(model, pictures, labels, device="cpu", epochs=epochs, seed=seed, max_steps=STEPS)
    return np.array(history["step_loss"])


def differences(got: np.ndarray, want: np.ndarray) -> tuple[float, ...]:
    """Relative: the largest of the first 1, 10, 50 and 150 steps, and those of the means of 50 and 150."""
    by_step = np.abs(got / want - 1)
    largest = (by_step[:count].max() for count in (1, 10, 50, STEPS))
    return *largest, *(abs(got[:count].mean() / want[:count].mean() - 1) for count in (50, STEPS))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help='a folder with MNIST, "download" or "digits"')
    parser.add_argument("--digits", help="the file digits.npz")
    parser.add_argument("--epochs", type=int, default=10, help="that the schedule is made for")
    options = parser.parse_args()
    try:
        images = load_images(options.data, digits=options.digits)
    except UserError as error:
        sys.exit(str(error))
    torch.set_num_threads(1)
    first, rows = losses(images, seed=0, epochs=options.epochs), []
    for one in variants():
        with one.around:
            got = losses(images, seed=one.seed, epochs=int(one.epochs * options.epochs))
        rows.append((one.name, *(f"{value:.0e}" if value else "0" for value in differences(got, first))))
        print(*rows[-1], sep="  ", flush=True)
    table = Table("Relative differences of the losses from the first training's", ("changed", *COLUMNS), rows)
    header = [
        f"`capstone_retraining.py`: the first {STEPS} steps of {options.epochs} epochs, seed 0",
        machine("1 thread where the table does not say more"),
    ]
    write_part(WRITTEN, f"{images.name}, retrained", header, [table])


if __name__ == "__main__":
    main()
