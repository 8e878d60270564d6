"""A student's way from the zip to a graded notebook: python tests/student/from_zip.py [--wheels]

Unpacks the zip into a fresh folder, types the commands of its START.md, solves an assignment, submits it; then the
instructor collects the file and grades it. With --wheels the student's side needs no network. CI runs it without.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from autograder.course import Course
from autograder.notebook import parse_notebook
from autograder.releasing import release
from autograder.starting import FOLDER

ROOT = Path(__file__).parents[2]
COURSE = Course(ROOT)
STEM = "01_perceptron"
GRADER = [sys.executable, "-m", "autograder.cli", "--course", str(ROOT)]


def run(command: list[str], folder: Path) -> str:
    """What a command says; it must end well."""
    print("$", *command)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{done.stdout}{done.stderr}\nended with {done.returncode}")
    return done.stdout


def commands_of(page: str) -> list[str]:
    """The commands for Linux and macOS, as START.md prints them."""
    block = re.search(r"\*\*Linux, macOS\*\*\n+```sh\n(.*?)```", page, re.S)
    assert block is not None
    *first, last = block[1].strip().splitlines()
    return [*first, last.partition(" && ")[0]]  # the last one would open JupyterLab


def solve(notebook: Path) -> None:
    """Every exercise but one as the solution has it; one with the learning rate that the rule does not have."""
    answers = {cell.grade_id: cell.source for cell in parse_notebook(COURSE.solution(STEM).read_bytes())}
    content = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if name in answers and "raise NotImplementedError" in "".join(cell["source"]):
            cell["source"] = answers[name].replace("w + e * p", "w + 0.1 * e * p")
    notebook.write_text(json.dumps(content), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        made = release(COURSE, home / "workshops.zip", wheels=options.wheels)
        with zipfile.ZipFile(made.path) as archive:
            archive.extractall(home)
        student = home / FOLDER
        said = ""
        for command in commands_of((student / "START.md").read_text(encoding="utf-8")):
            said = run(["sh", "-c", command], student)
        print(said)
        assert said.endswith("You are ready.\n")

        solve(student / "assignments" / STEM / "perceptron.ipynb")
        said = run([".venv/bin/autograder", "submit", STEM, "--student", "mia"], student)
        print(said)
        shown = float(re.search(r"^together .* passed +([\d.]+) of", said, re.M)[1])

        handed_in = home / "submitted"
        run([*GRADER, "collect", str(student / f"mia__{STEM}.ipynb"), "--submitted", str(handed_in)], home)
        options_of_grade = ["--submitted", str(handed_in), "--results", str(home / "results")]
        print(run([*GRADER, "grade", *options_of_grade], home))
        result = json.loads((home / "results" / STEM / "mia.json").read_text(encoding="utf-8"))
        tests = [test for one in result["exercises"] for test in one["tests"] if test["visibility"] == "public"]
        public = sum(test["points"] for test in tests if test["outcome"] == "PASSED")
        with (home / "results" / "grades.csv").open(encoding="utf-8", newline="") as table:
            print(*csv.reader(table), sep="\n")
        assert abs(public - shown) < 0.01, (public, shown)
        print(f"The {shown:g} public points that the student was shown are those of the grading.")


if __name__ == "__main__":
    main()
