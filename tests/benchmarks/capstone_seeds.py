"""How much the capstone's figures depend on chance: the recipe for several seeds, weaker solutions for a few.

python tests/benchmarks/capstone_seeds.py --data digits --digits solutions/09_capstone/digits.npz --seeds 20 --epochs 30
python tests/benchmarks/capstone_seeds.py --data FOLDER --seeds 10 --epochs 10 --jobs 2

One line for each seed, mean and deviation, and how probably a right solution misses each step of the scale. The tables
go into `capstone_seeds.md` as well, where each data set and each kind of solution has its own part.
"""

from __future__ import annotations

import argparse
import multiprocessing
import runpy
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from statistics import NormalDist, mean, stdev

import torch
from capstone_machine import machine
from capstone_others import SOLUTIONS, trained
from tables import Table, write_part
from torch import nn
from torch.nn import functional

from autograder.core.errors import UserError
from autograder.core.text import plural
from autograder.datasets import Images, load_images
from reference_impl.capstone import SHIFT, accuracy, build_model, pixels, train

WRITTEN = Path(__file__).with_suffix(".md")
SUITE = Path(__file__).parents[1] / "suites" / "test_capstone.py"
SCALES = runpy.run_path(str(SUITE))["SCALE"]  # least accuracy on the test pictures, least mean over the shifts


@dataclass(frozen=True)
class Reading:
    """What a model reads of the test pictures."""

    right: float  # of the pictures as they are
    shifted: float  # mean over all shifts
    worst: float  # of the shifts


@dataclass(frozen=True)
class Run:
    """One training of the recipe."""

    seed: int
    reading: Reading
    seconds: float  # of CPU time, per epoch
    validation: float
    first_losses: tuple[float, ...]  # of the first ten steps

    def __str__(self) -> str:
        reading = self.reading
        losses = " ".join(f"{loss:.4f}" for loss in self.first_losses)
        return (
            f"seed {self.seed:2d}  right {reading.right:.4f}  shifted {reading.shifted:.4f}  worst {reading.worst:.4f}"
            f"  {self.seconds:.2f} CPU s per epoch  losses {losses}"
        )


# ---- measuring


def read_by(model: nn.Module, images: Images) -> Reading:
    """The shares of the test pictures that are read rightly: as they are, and moved by up to `SHIFT` pixels."""
    x, labels = pixels(images.test_images), torch.as_tensor(images.test_labels)
    framed, size, places = functional.pad(x, [SHIFT] * 4), x.shape[2], range(2 * SHIFT + 1)
    shares = {
        (down, across): accuracy(model, framed[:, :, down : down + size, across : across + size], labels, "cpu")
        for down in places
        for across in places
    }
    right = shares.pop((SHIFT, SHIFT))
    return Reading(right, mean(shares.values()), min(shares.values()))


def run_recipe(seed: int, *, data: str | None, digits: str | None, epochs: int) -> Run:
    """As the grader would: the seed, the model, the training. In a process of its own, on one thread."""
    torch.set_num_threads(1)
    images = loaded(data, digits)
    torch.manual_seed(seed)
    model, began = build_model(), time.process_time()
    history = train(model, images.train_images, images.train_labels, device="cpu", epochs=epochs, seed=seed)
    seconds = (time.process_time() - began) / epochs
    reading = read_by(model, images)
    return Run(seed, reading, seconds, history["val_accuracy"][-1], tuple(history["step_loss"][:10]))


def run_other(work: tuple[int, int], *, data: str | None, digits: str | None) -> Reading:
    """A weaker solution, by its place in the list, and a seed."""
    torch.set_num_threads(1)
    place, seed = work
    images = loaded(data, digits)
    return read_by(trained(SOLUTIONS[place], images, seed), images)


@cache
def loaded(data: str | None, digits: str | None) -> Images:
    return load_images(data, digits=digits)


# ---- tables


def table_of_runs(runs: Sequence[Run]) -> Table:
    rows = [
        (str(run.seed), *_shares(run.reading), f"{run.validation:.4f}", f"{run.seconds:.2f}", _ends(run.first_losses))
        for run in runs
    ]
    columns = ("seed", "test", "24 shifts", "worst shift", "validation", "CPU s/epoch", "loss of steps 1 … 10")
    readings = [run.reading for run in runs]
    rows.append(("**mean**", *(f"{value:.4f}" for value in _columns(readings, mean)), "", "", ""))
    rows.append(("**sd**", *(f"{value:.4f}" for value in _columns(readings, stdev)), "", "", ""))
    return Table("The recipe", columns, rows)


def table_of_failures(name: str, runs: Sequence[Run]) -> Table:
    """How probably the recipe misses a step of the scale: by a normal distribution, and how often it was so."""
    readings = [run.reading for run in runs]
    rows = []
    for step, (right, moved) in SCALES[name].items():
        missed = sum(one.right < right or one.shifted < moved for one in readings)
        rows.append(
            (
                step,
                f"{right:g}",
                f"{moved:g}",
                _chance([one.right for one in readings], right),
                _chance([one.shifted for one in readings], moved),
                f"{missed} of {len(readings)}",
            )
        )
    columns = ("step", "test ≥", "24 shifts ≥", "P(test below)", "P(shifts below)", "seeds that missed it")
    note = "P: by a normal distribution with the seeds' mean and deviation; far from the mean no more than a guess."
    return Table("The chance that this right solution misses a step", columns, rows, (note,))


def table_of_others(name: str, readings: Sequence[Reading]) -> Table:
    """readings: of each of `SOLUTIONS`, as many for each, one after another."""
    rows, each = [], len(readings) // len(SOLUTIONS)
    for place, solution in enumerate(SOLUTIONS):
        some = readings[place * each : (place + 1) * each]
        reached = [step for step, least in SCALES[name].items() if all(_reaches(one, least) for one in some)]
        low, high = _columns(some, min), _columns(some, max)
        spans = (f"{a:.4f}" if a == b else f"{a:.4f}–{b:.4f}" for a, b in zip(low, high, strict=True))
        rows.append((solution.name, str(solution.epochs[name]), *spans, (reached or ["–"])[-1]))
    columns = ("solution", "epochs", "test", "24 shifts", "worst shift", "reached by all seeds")
    note = (
        "Adam at 0.001, no schedule; least and most of the seeds. The scale asks for convolution and pooling besides."
    )
    return Table("What they reach", columns, rows, (note,))


def _chance(values: Sequence[float], least: float) -> str:
    chance = NormalDist(mean(values), max(stdev(values), 1e-6)).cdf(least)
    return f"{chance:.0e}" if chance >= 1e-9 else "< 1e-9"


def _reaches(reading: Reading, least: tuple[float, float]) -> bool:
    return reading.right >= least[0] and reading.shifted >= least[1]


def _columns(readings: Sequence[Reading], of: Callable[[Iterable[float]], float]) -> Iterator[float]:
    return (of([getattr(one, name) for one in readings]) for name in ("right", "shifted", "worst"))


def _shares(reading: Reading) -> tuple[str, str, str]:
    return f"{reading.right:.4f}", f"{reading.shifted:.4f}", f"{reading.worst:.4f}"


def _ends(losses: Sequence[float]) -> str:
    return f"{losses[0]:.4f} … {losses[-1]:.4f}"


# ---- the command line


def main() -> None:
    options = parsed()
    chosen = {"data": options.data, "digits": options.digits}
    try:
        name = loaded(**chosen).name
    except UserError as error:
        sys.exit(str(error))
    loaded.cache_clear()  # the processes load it for themselves
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn")) as processes:
        runs: list[Run] = []
        for run in processes.map(partial(run_recipe, epochs=options.epochs, **chosen), range(options.seeds)):
            print(run, flush=True)
            runs.append(run)
            write_runs(name, runs, options.epochs)  # what is there stays, should the rest be interrupted
        work = [(place, seed) for place in range(len(SOLUTIONS)) for seed in range(options.other_seeds)]
        write_others(name, list(processes.map(partial(run_other, **chosen), work)), options.other_seeds)
    print(f"The tables are in {WRITTEN}.")


def write_runs(name: str, runs: Sequence[Run], epochs: int) -> None:
    if len(runs) > 1:  # else there is no deviation yet
        header = [f"`capstone_seeds.py`: {len(runs)} seeds of the recipe, {plural(epochs, 'epoch')} each", machine()]
        write_part(WRITTEN, name, header, [table_of_runs(runs), table_of_failures(name, runs)])


def write_others(name: str, readings: Sequence[Reading], seeds: int) -> None:
    if readings:
        header = [f"`capstone_seeds.py`: {plural(seeds, 'seed')} of each weaker solution", machine()]
        write_part(WRITTEN, f"{name}, weaker solutions", header, [table_of_others(name, readings)])


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help='a folder with MNIST, "download" or "digits"')
    parser.add_argument("--digits", help="the file digits.npz")
    parser.add_argument("--seeds", type=int, default=10, help="of the recipe; 0: only the weaker solutions")
    parser.add_argument("--other-seeds", type=int, default=3, help="of each weaker solution")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=1, help="processes, of one thread each")
    options = parser.parse_args()
    if options.seeds == 1 or min(options.seeds, options.other_seeds) < 0 or options.jobs < 1:
        parser.error("--seeds must be 0, for none, or at least 2; --other-seeds at least 0; --jobs at least 1")
    return options


if __name__ == "__main__":
    main()
