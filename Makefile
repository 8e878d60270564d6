# What a person types, and what CI types: the same few words.
#
#   make grade    set up what grading needs, and grade the sample class
#   make check    while editing: lint, types, and the quick tests; half a minute
#   make test     before a change is handed in: everything it must pass, on all CPUs; a quarter of an hour
#   make prove    before a release: every case of every long series, each Python; half an hour
#   make tests    the tests of `make test` alone; TESTS="-m sandbox" selects some
#   make lint     ruff, mypy, import-linter
#   make pythons  the unit tests and the sample class with Python 3.11, 3.12 and 3.13, those that are found
#   make build    make the release notebooks in assignments/ from solutions/
#   make pins     renew constraints.txt: the versions that set-up installs
#   make setup    only set up .venv, for authors and tests
#   make clean    remove .venv, caches and demo/; your results and the gradebook stay
#   make help     print these lines
#
# PYTHON=python3.12 names the Python that .venv is made with.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
PYTEST := $(BIN)/python -m pytest
# What is left out of `make check`: it takes seconds, namespaces, or PyTorch, whose import alone takes seconds.
QUICK := not slow and not sandbox and not torch and not nbgrader and not browser
# A file is run by one process, because what its tests share takes seconds to make; in the order of the folders, because
# the files that take longest come first then.
PARALLEL := --numprocesses logical --dist loadfile --no-loadscope-reorder

.PHONY: help grade check test tests prove lint pythons build pins setup clean system same-python

help:
	@sed -n 's/^#   //p' Makefile

grade: $(VENV)/.grading
	@$(BIN)/autograder demo

# Lint runs beside the tests; both are waited for, and either fails the whole.
check: $(VENV)/.everything
	@$(MAKE) --no-print-directory lint >$(VENV)/lint.log 2>&1 & lint=$$!; \
	$(PYTEST) --quiet $(PARALLEL) -m '$(QUICK)' tests/kit/unit; tests=$$?; \
	wait $$lint; lint=$$?; cat $(VENV)/lint.log; exit $$((tests | lint))

test: lint
	$(BIN)/autograder build --check
	@$(MAKE) --no-print-directory tests

tests: $(VENV)/.everything
	$(PYTEST) $(PARALLEL) $(TESTS)

prove: lint
	$(BIN)/autograder build --check
	$(BIN)/autograder audit --mutants
	$(BIN)/python tests/student/from_zip.py
	$(BIN)/python tests/student/like_colab.py
	$(BIN)/python tests/pythons.py
	$(PYTEST) $(PARALLEL) --full
	$(PYTEST) $(PARALLEL) --full -m sandbox --sandbox namespaces
	$(PYTEST) $(PARALLEL) --full -m sandbox --sandbox landlock

lint: $(VENV)/.everything
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

pythons: $(VENV)/.everything
	$(BIN)/python tests/pythons.py

build: $(VENV)/.everything
	$(BIN)/autograder build

pins: $(VENV)/.everything
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --fork-strategy fewest --all-extras \
	  --no-header --no-annotate pyproject.toml --output-file constraints.txt

setup: $(VENV)/.everything

# Only what grading needs: no JupyterLab, no torch.
$(VENV)/.grading: pyproject.toml constraints.txt | system same-python
	@echo "Setting up $(VENV) for grading …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is older. Name another: make PYTHON=python3.12 …"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "Python's venv module is missing. Install it: sudo apt install python3-venv"; rm -rf $(VENV); exit 1; }
	@$(PIP) --editable .
	@touch $@

$(VENV)/.everything: $(VENV)/.grading
	@echo "Setting up $(VENV) for authors and tests …"
	@$(PIP) --editable '.[dev]'
	@touch $@

# If PYTHON is named, a .venv that another Python made must not be used in silence.
same-python:
	@test "$(origin PYTHON)" = file || test ! -x $(BIN)/python || \
	  test "$$($(PYTHON) -c 'import sys; print(sys.version_info[:2])')" = \
	    "$$($(BIN)/python -c 'import sys; print(sys.version_info[:2])')" || \
	  { echo "$(VENV) was not made with $(PYTHON). Remove it first: make clean"; exit 1; }

# bubblewrap, a system package, makes the namespaces that confine students' code. Without it Landlock does.
system:
	@command -v bwrap >/dev/null || [ "$$(uname)" != Linux ] || { \
	  echo "Installing bubblewrap, which confines students' code …"; \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq bubblewrap; \
	  else sudo apt-get update -qq && sudo apt-get install -y -qq bubblewrap; fi >/dev/null 2>&1; } || \
	  echo "bubblewrap could not be installed; grading works without it if this Linux has Landlock."

clean:
	rm -rf $(VENV) demo .hypothesis .mypy_cache .ruff_cache .import_linter_cache
