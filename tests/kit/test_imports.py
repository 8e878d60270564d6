"""Who may import whom. The rule is the table below; a new import is a decision, and is entered here."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STDLIB = sys.stdlib_module_names

# What each module may import of the kit, and of others than the standard library.
ALLOWED = {
    "reference_impl": {"numpy", "reference_impl"},
    "reference_impl.capstone": {"numpy", "torch"},
    "autograder.room": {"autograder.room", "numpy"},
    "autograder.room.torch_warm_up": {"torch"},
    "autograder.model": set(),
    "autograder.mutants": set(),
    "autograder.cleaning": set(),
    "autograder.layout": set(),
    "autograder.wording": {"autograder.layout", "autograder.model"},
    "autograder.self_check_wording": {"autograder.layout", "autograder.model", "autograder.wording"},
    "autograder.frontend": {"IPython"},
    "autograder.notebook": {"autograder.model"},
    "autograder.statements": {"autograder.cleaning", "autograder.notebook"},
    "autograder.hidden_numbers": {"autograder.model"},
    "autograder.submission": {
        "autograder.cleaning",
        "autograder.hidden_numbers",
        "autograder.model",
        "autograder.notebook",
        "autograder.statements",
        "autograder.trained",
    },
    "autograder.trained": {"autograder.model", "autograder.notebook", "safetensors"},
    "autograder.training_files": {"autograder.model", "autograder.trained", "safetensors", "torch"},
    "autograder.course": {"autograder", "autograder.model", "autograder.notebook"},
    "autograder.alarm": set(),
    "autograder.rooms": {"autograder.cleaning", "autograder.model", "autograder.room"},
    "autograder.live": {"autograder.alarm", "autograder.model", "autograder.room", "autograder.rooms", "numpy"},
    "autograder.checks": {
        "autograder.model",
        "autograder.regions",
        "autograder.rooms",
        "autograder.showing",
        "autograder.wording",
        "numpy",
    },
    "autograder.regions": {"autograder.wording", "numpy"},
    "autograder.showing": {"autograder.cleaning", "autograder.room", "autograder.rooms", "autograder.wording", "numpy"},
    "autograder.mistakes": {"autograder.rooms", "numpy"},
    "autograder.sandbox": {
        "autograder.model",
        "autograder.room",
        "autograder.rooms",
        "autograder.sandbox",
        "pyseccomp",
    },
    "autograder.suite": {
        "autograder.mistakes",
        "autograder.model",
        "autograder.rooms",
        "autograder.sandbox.limits",
        "pytest",
    },
    "autograder.handout": {
        "autograder.course",
        "autograder.mistakes",
        "autograder.model",
        "autograder.requirements",
        "autograder.suite",
        "autograder.training_files",
    },
    "autograder.planting": {
        "autograder.judging",
        "autograder.live",
        "autograder.mistakes",
        "autograder.model",
        "autograder.rooms",
        "autograder.suite",
    },
    "autograder.judging": {
        "autograder.wording",
        "autograder.checks",
        "autograder.mistakes",
        "autograder.model",
        "autograder.rooms",
        "autograder.sandbox.limits",
        "autograder.showing",
        "autograder.suite",
        "numpy",
    },
    "autograder.pipeline": {
        "autograder.course",
        "autograder.judging",
        "autograder.model",
        "autograder.planting",
        "autograder.rooms",
        "autograder.submission",
        "autograder.suite",
    },
    "autograder.tables": {"autograder.cleaning", "autograder.model"},
    "autograder.results": {
        "autograder.handed_in",
        "autograder.model",
        "autograder.report.feedback",
        "autograder.report.record",
        "autograder.tables",
    },
    "autograder.lateness": {"autograder.course", "autograder.model", "autograder.notebook", "autograder.tables"},
    "autograder.exporting": {
        "autograder.cleaning",
        "autograder.course",
        "autograder.exporting",
        "autograder.handed_in",
        "autograder.lateness",
        "autograder.model",
        "autograder.report.record",
        "autograder.results",
        "autograder.senders",
        "autograder.tables",
        "autograder.self_check_wording",
    },
    "autograder.report.feedback": {
        "autograder.cleaning",
        "autograder.model",
        "autograder.report.page",
        "autograder.wording",
    },
    "autograder.rebuilding": {"autograder.model", "autograder.notebook", "autograder.submission"},
    "autograder.nbgrader_bridge": {
        "autograder.batch",
        "autograder.course",
        "autograder.marking",
        "autograder.model",
        "autograder.nbgrader_bridge",
        "autograder.results",
        "nbconvert",
        "nbformat",
        "nbgrader",
        "sqlalchemy",
        "traitlets",
    },
    "autograder.class_report.statistics": {"autograder.model", "numpy"},
    "autograder.class_report.results": {"autograder.model"},
    "autograder.class_report.reading": {
        "autograder.class_report.results",
        "autograder.cleaning",
        "autograder.course",
        "autograder.handed_in",
        "autograder.model",
        "autograder.report.record",
        "autograder.results",
        "autograder.suite",
    },
    "autograder.datasets": {"autograder.model", "numpy", "pooch"},
    "autograder.class_report.pseudonyms": {
        "autograder.class_report.results",
        "autograder.cleaning",
        "autograder.model",
        "autograder.report.record",
    },
}
NOBODY_ELSE = {
    "nbgrader",
    "nbformat",
    "nbconvert",
    "sqlalchemy",
    "traitlets",
    "pooch",
    "pyseccomp",
}  # apart from the modules above


def modules() -> Iterator[tuple[str, Path]]:
    for package in ("autograder", "reference_impl"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__"), path


def imports(name: str, path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file, with relative names resolved."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            if module in ("autograder", "autograder.room", "autograder.sandbox", "autograder.report"):
                yield from (
                    f"{module}.{alias.name}" if _is_module(module, alias.name) else module for alias in node.names
                )
            else:
                yield module


def _is_module(package: str, name: str) -> bool:
    return (ROOT / package.replace(".", "/") / f"{name}.py").is_file()


def rule_for(name: str) -> set[str] | None:
    fitting = [key for key in ALLOWED if name == key or name.startswith(key + ".")]
    return ALLOWED[max(fitting, key=len)] if fitting else None


@pytest.mark.parametrize(("name", "path"), [pytest.param(n, p, id=n) for n, p in modules()])
def test_imports(name: str, path: Path) -> None:
    used = {module for module in imports(name, path) if module.partition(".")[0] not in STDLIB}
    allowed = rule_for(name)
    if allowed is None:
        odd = {module for module in used if module.partition(".")[0] in NOBODY_ELSE}
    else:
        odd = {m for m in used if not any(m == a or (m.startswith(a + ".") and a != "autograder") for a in allowed)}
    assert not odd, f"{name} imports {sorted(odd)}"


def test_the_kit_and_the_reference_do_not_know_each_other() -> None:
    for name, path in modules():
        other = "reference_impl" if name.startswith("autograder") else "autograder"
        assert not [module for module in imports(name, path) if module.partition(".")[0] == other], name


def test_grading_imports_no_nbgrader() -> None:
    """Those cost seconds; a notebook is read with json."""
    code = (
        "import sys, autograder.cli, autograder.batch, autograder.pipeline, autograder.report.terminal\n"
        "print([m for m in ('nbgrader', 'nbformat', 'nbconvert', 'jsonschema', 'IPython') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


def test_importing_the_package_is_quick_work() -> None:
    """A student's kernel imports it in the first cell: nothing is loaded before it is used."""
    code = "import sys, autograder; print('pytest' in sys.modules, 'numpy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "False False"
