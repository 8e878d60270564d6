"""A class without its names: `student 07` in place of each, everywhere.

Who is who is kept in `pseudonyms.json` in the results' folder, for the instructor: so everybody keeps a pseudonym when
the class grows, and the order of the numbers tells nothing of the names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import SystemRandom

from autograder.core.errors import UserError
from autograder.core.files import write_atomically
from autograder.core.sanitize import clean
from autograder.instructor.class_report.data import ClassResults

FILE = "pseudonyms.json"
_SHUFFLE = SystemRandom().shuffle

# The one place where a sentence quotes a name of a file that a student chose, which may be their own in any spelling.
_CHOSEN_NAME = re.compile(r"found .+: rename it")


def kept_pseudonyms(folder: Path, students: Iterable[str]) -> dict[str, str]:
    """Everybody's pseudonym: those that the folder's file has, and new ones, which are added to it."""
    path = folder / FILE
    earlier = _read(path) if path.exists() else {}
    pseudonyms = with_new(earlier, students)
    if pseudonyms != earlier:
        write_atomically(path, (json.dumps(pseudonyms, indent=1) + "\n").encode())
    return pseudonyms


def with_new(
    earlier: Mapping[str, str], students: Iterable[str], shuffle: Callable[[list[str]], None] = _SHUFFLE
) -> dict[str, str]:
    """The earlier pseudonyms, and those of new students, numbered on in a shuffled order."""
    new, taken = sorted(set(students) - set(earlier)), set(earlier.values())
    shuffle(new)
    free = (pseudonym for number in count(1) if (pseudonym := f"student {number:02}") not in taken)
    return {**earlier, **dict(zip(new, free, strict=False))}


def _read(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(found[name], str) for name in found) or len({*found.values()}) < len(found):
            raise ValueError
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): check its permissions.") from None
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise UserError(f"{path} is damaged. Delete it, and everybody gets a new pseudonym.") from None
    return dict(found)


def pseudonymize(known: ClassResults, pseudonyms: Mapping[str, str]) -> ClassResults:
    """The same class under its pseudonyms, in their order; no name is left in it, also not within a sentence."""
    scrub = _scrubber({**pseudonyms, **{alias: pseudonyms[who] for alias, who in known.aliases.items()}})
    results = (
        replace(
            one,
            result_summary=replace(
                one.result_summary,
                student=pseudonyms[one.result_summary.student],
                reason=one.result_summary.reason and scrub(one.result_summary.reason),
            ),
            guesses=tuple(map(scrub, one.guesses)),
        )
        for one in known.results
    )
    return replace(
        known,
        results=tuple(
            sorted(results, key=lambda one: (one.result_summary.assignment, *_numbered(one.result_summary.student)))
        ),
        roster=known.roster and tuple(sorted((pseudonyms[who] for who in known.roster), key=_numbered)),
        handed_in=tuple(
            sorted(((stem, pseudonyms[who]) for stem, who in known.handed_in), key=lambda one: _numbered(one[1]))
        ),
        aliases={},
        notes=tuple(map(scrub, known.notes)),
    )


def _numbered(pseudonym: str) -> tuple[int, str]:
    """Sorts `student 100` behind `student 11`."""
    return len(pseudonym), pseudonym


def _scrubber(shown: Mapping[str, str]) -> Callable[[str], str]:
    """A function that replaces every name in a sentence: in any case, and within a path or a file's name."""
    by_name = {clean(name).casefold(): pseudonym for name, pseudonym in shown.items() if clean(name).strip()}
    longest_first = sorted(by_name, key=len, reverse=True)
    either = "|".join(map(re.escape, longest_first)) or "(?!)"
    any_name = re.compile(rf"(?<![^\W_])(?:{either})(?![^\W_])", re.IGNORECASE)

    def scrub(text: str) -> str:
        text = _CHOSEN_NAME.sub("found one of another name: rename it", text)
        return any_name.sub(lambda found: by_name.get(found[0].casefold(), "a student"), text)

    return scrub
