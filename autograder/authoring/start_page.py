"""Write START.md, the page that a student reads first."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence

from autograder.core.installed import TORCH_REQUIREMENTS
from autograder.notebooks.course import topic_of

_PAGE = """\
# Start here

Notebooks with exercises for the workshops on neural networks. You fill in functions; `check(...)` in the cell below
each tells you at once what is right and what is not. It needs no account and, once installed, no network.

{needed}

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
{torch}
**Google Colab** (tried with Colab's packages, not in Colab itself): upload this zip, then run as the first cell,
and again after every restart

```python
%cd /content
!unzip -q -n '*.zip' && pip install -q --no-deps {folder}/{wheel}
%cd {folder}/assignments/{first}
```

The zip may have any name that ends in `.zip`. Files that you have already are left as they are.

## How to work

1. Open a notebook: {notebooks}.
2. Run its two top cells first, and again whenever the kernel was restarted: they load `check` and NumPy, and a
   restarted kernel has forgotten them. "NameError: name 'check' is not defined" means that they were not run.
3. Replace each `raise NotImplementedError` by your code, run the cell, then the `check(...)` cell below it. The line
   above each exercise says its points, about how long it takes and how hard it is. `check()` lists what is done,
   which questions in words are still empty, and which exercise is next.
   **Stuck?** `check.hint("NAME")`, with the name of a function, gives one hint at a time: the idea; when you ask again,
   the formula; then the shape of the code.
4. The cells with exercises count, with what they need from cells of your own. Locked cells may be edited, but what you
   change there is not graded. If an exercise's cell is there twice, the last one that you changed counts.
5. At the end save the notebook (Ctrl+S), and run in a new cell, with the name that your instructor knows you by:
   `check.submit("your name")`. It checks the open notebook once more as it was saved, says which file that is and what
   counts, and writes the file to hand in beside it. Hand it in the way your instructor told you.
6. There is more for a terminal in this folder (on Windows type `.venv\\Scripts\\autograder`; in Colab, in a cell,
   `!autograder`): `.venv/bin/autograder progress` tells how far you are in all notebooks and what is next,
   `.venv/bin/autograder check NOTEBOOK` what `check()` says of a saved file, `.venv/bin/autograder watch` checks each
   notebook when you save it, `.venv/bin/autograder hint NOTEBOOK EXERCISE` gives the next hint,
   `.venv/bin/autograder reset NOTEBOOK EXERCISE` gives a stub back, and `.venv/bin/autograder submit NOTEBOOK` writes
   the file to hand in.

## When you get a newer zip

It unpacks to a folder of its own, with another name than this one. Your solved notebooks stay as they are, and you can
go on with them here. For new notebooks set up the new folder by the commands above. To continue a notebook there, copy
it from here over the one in the new folder. Do not unpack the same zip twice; if you are asked, replace no file.
"""


_ANY_PYTHON = "You need Python 3.11 or newer. Unpack the zip, open a terminal in this folder, and type:"
_ONE_PYTHON = """\
You need Python {version} on {machine}: the packages in `wheels` fit no other. With another one, from Python 3.11 on,
leave out `--no-index --find-links wheels` below; that takes a network. Unpack the zip, open a terminal in this folder,
and type:"""


_TORCH = """
**For 09_capstone**, and not before, install PyTorch in the same way. From the network that is some gigabytes on Linux,
as it comes with what a graphics card needs. Colab has it already.

```sh
.venv/bin/pip install {options}-r {listing}
```
"""


def start_text(stems: Sequence[str], wheel: str, folder: str, *, wheels: bool, torch: bool = False) -> str:
    """Return the page for these assignments.

    wheel: the file name of the kit's wheel
    folder: what the zip unpacks to
    wheels: whether the dependencies lie beside the page, for machines like this one, so that no network is needed
    torch: whether an assignment needs PyTorch
    """
    notebooks = ", ".join(f"`{stem}/{topic_of(stem)}.ipynb`" for stem in stems)
    options = "--no-index --find-links wheels " if wheels else ""
    version, machine = f"{sys.version_info[0]}.{sys.version_info[1]}", f"{platform.system()} {platform.machine()}"
    needed = _ONE_PYTHON.format(version=version, machine=machine) if wheels else _ANY_PYTHON
    return _PAGE.format(
        needed=needed,
        options=options,
        torch=_TORCH.format(options=options, listing=TORCH_REQUIREMENTS) if torch else "",
        folder=folder,
        wheel=wheel,
        first=stems[0],
        notebooks=notebooks,
    )
