# What a person types, and what CI types: the same few words.
#   make grade   set up what grading needs, and grade the sample class
#   make test    set up the rest, and run every check
#   make setup   only set up

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: grade test setup lint release clean

grade: $(VENV)/.grading
	@$(BIN)/autograder demo

test: $(VENV)/.everything lint
	$(BIN)/autograder build --check
	$(BIN)/autograder audit
	$(BIN)/python -m pytest

setup: $(VENV)/.everything

lint: $(VENV)/.everything
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

release: $(VENV)/.everything
	$(BIN)/autograder build

# Only what grading needs: no JupyterLab, no torch.
$(VENV)/.grading: pyproject.toml constraints.txt | system
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

# Rooms are confined by bubblewrap, a system package.
.PHONY: system
system:
	@command -v bwrap >/dev/null || [ "$$(uname)" != Linux ] || { \
	  echo "Installing bubblewrap, which confines students' code …"; \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq bubblewrap; \
	  else sudo apt-get update -qq && sudo apt-get install -y -qq bubblewrap; fi >/dev/null 2>&1; } || \
	  echo "bubblewrap could not be installed. Install it: sudo apt install bubblewrap"

clean:
	rm -rf $(VENV) results demo
