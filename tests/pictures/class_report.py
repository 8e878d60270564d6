"""Makes the README's picture of a class report:

    PYTHONPATH=tests/kit/shared python tests/pictures/class_report.py tests/pictures/class_report.png

The class is invented: 120 students of one assignment, some stronger than others, whose mistakes are the catalogue's.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright
from reports_by_hand import COURSE, ROOT, put, report
from screenshot import chromium

from autograder.core.model import Report
from autograder.grading.suites import load_suites, put_on_path
from autograder.instructor.class_report.load import load_class_results
from autograder.instructor.class_report.page import write_class_report

STEM = "06_convolution"
STUDENTS = 120


def invented(rng: np.random.Generator) -> list[Report]:
    """A class: what comes late in the notebook is harder, and early entries of a catalogue are made more often."""
    assignment = COURSE.assignment(STEM)
    put_on_path(ROOT)
    suites = load_suites(assignment, COURSE.public_suite(STEM), COURSE.hidden_suite(STEM))
    ease = np.linspace(2.2, -0.4, len(assignment.exercises))
    made = []
    for number, strength in enumerate(rng.normal(0, 1.2, STUDENTS)):
        points, mistakes = {}, {}
        for one, easy in zip(assignment.exercises, ease, strict=True):
            if rng.random() < 0.5 / (1 + np.exp(2 + strength + easy)):
                continue  # not begun
            solved = rng.random() < 1 / (1 + np.exp(-strength - easy))
            points[one.name] = one.points if solved else round(one.points * float(rng.beta(1.5, 2)), 2)
            names = list(suites.seeded[one.name])
            if not solved and rng.random() < 0.7:
                mistakes[one.name] = [names[min(int(rng.geometric(0.45)) - 1, len(names) - 1)]]
        made.append(report(f"s{number:03}", points, assignment=assignment, mistakes=mistakes))
    return made


def take(out: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        put(Path(folder) / "results", *invented(np.random.default_rng(6)))
        write_class_report(load_class_results(COURSE, Path(folder) / "results", None), Path(folder) / "report")
        with sync_playwright() as playwright, chromium(playwright) as browser:
            page = browser.new_page(viewport={"width": 980, "height": 1000}, device_scale_factor=1.5)
            page.goto((Path(folder) / "report" / "class_report.html").as_uri())
            top = page.locator(f"h2:has-text('{STEM}')").bounding_box()
            assert top is not None
            clip = {"x": 0, "y": top["y"] - 10, "width": 980, "height": 960}
            page.screenshot(path=out, full_page=True, clip=clip)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    take(parser.parse_args().out)
