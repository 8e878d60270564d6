"""START.md: the one page that a student reads first."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.course import topic_of

FOLDER = "neural-network-workshops"  # what the zip unpacks to

_PAGE = """\
# Start here

Notebooks with exercises for the workshops on neural networks. You fill in functions; `check(...)` in the cell below
each tells you at once what is right and what is not. It needs no account and, once installed, no network.

You need Python 3.11 or newer. Unpack the zip, open a terminal in this folder, and type:

**Linux, macOS**

```sh
python3 -m venv .venv
.venv/bin/pip install {options}-r requirements.txt
.venv/bin/autograder doctor && .venv/bin/jupyter lab assignments
```

**Windows** (not tried by the authors on a Windows machine)

```bat
py -m venv .venv
.venv\\Scripts\\pip install {options}-r requirements.txt
.venv\\Scripts\\autograder doctor && .venv\\Scripts\\jupyter lab assignments
```

`autograder doctor` says whether everything is ready, and what to do where it is not.

**Google Colab** (tried with Colab's packages, not in Colab itself): upload this zip, then run in the first cell

```python
!unzip -q -o *workshops*.zip && pip install -q --no-deps {folder}/{wheel}
%cd {folder}/assignments/{first}
```

## How to work

1. Open a notebook: {notebooks}.
2. Replace each `raise NotImplementedError` by your code, run the cell, then the `check(...)` cell below it.
3. The cells with exercises count, with what they need from cells of your own. Locked cells may be edited, but what you
   change there is not graded. A second copy of a cell does not count.
4. `autograder check NOTEBOOK` tells the same of the saved file, `autograder reset NOTEBOOK EXERCISE` gives a stub back.
5. `autograder progress` tells how far you are. At the end save, run `autograder submit {last}`, and hand in the file
   that it writes the way your instructor told you.
"""


def start_text(stems: Sequence[str], wheel: str, *, wheels: bool) -> str:
    """The page for these assignments; `wheels`: the dependencies lie beside it, so that no network is needed."""
    notebooks = ", ".join(f"`{stem}/{topic_of(stem)}.ipynb`" for stem in stems)
    options = "--no-index --find-links wheels " if wheels else ""
    return _PAGE.format(
        options=options, folder=FOLDER, wheel=wheel, first=stems[0], last=stems[-1], notebooks=notebooks
    )
