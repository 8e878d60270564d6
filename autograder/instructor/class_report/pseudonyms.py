"""Replace the names of a class by pseudonyms such as `student 07`, everywhere.

The pseudonyms are kept in `pseudonyms.json` in the results' folder, for the instructor: so everybody keeps theirs when
the class grows. The order of the numbers tells nothing about the names.
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
from autograder.instructor.class_report.data import ClassResults, Result

FILE = "pseudonyms.json"
_SHUFFLE = SystemRandom().shuffle

# The only sentence that quotes the name of a student's own file, which may be the student's name in any spelling.
_CHOSEN_NAME = re.compile(r"found .+: rename it")


def kept_pseudonyms(folder: Path, students: Iterable[str]) -> dict[str, str]:
    """Return everybody's pseudonym: those in the folder's file, and new ones, which are added to the file."""
    path = folder / FILE
    earlier = _read(path) if path.exists() else {}
    pseudonyms = with_new(earlier, students)
    others_may_read = path.exists() and path.stat().st_mode & 0o077  # as earlier versions of the kit wrote it
    if pseudonyms != earlier or others_may_read:
        write_atomically(path, (json.dumps(pseudonyms, indent=1) + "\n").encode(), secret=True)
    return pseudonyms


def with_new(
    earlier: Mapping[str, str], students: Iterable[str], shuffle: Callable[[list[str]], None] = _SHUFFLE
) -> dict[str, str]:
    """Return the earlier pseudonyms and those of new students, whose numbers continue in a shuffled order."""
    new, taken = sorted(set(students) - set(earlier)), set(earlier.values())
    shuffle(new)
    free = (pseudonym for number in count(1) if (pseudonym := f"student {number:02}") not in taken)
    return {**earlier, **dict(zip(new, free, strict=False))}


def _read(path: Path) -> dict[str, str]:
    try:
        pseudonyms = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(pseudonyms[name], str) for name in pseudonyms):
            raise ValueError
        if len(set(pseudonyms.values())) < len(pseudonyms):
            raise ValueError
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): check its permissions.") from None
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise UserError(f"{path} is damaged. Delete it, and everybody gets a new pseudonym.") from None
    return dict(pseudonyms)


def pseudonymize(class_results: ClassResults, pseudonyms: Mapping[str, str]) -> ClassResults:
    """Return the same class under its pseudonyms, in their order. No name is left in it, also not within a sentence."""
    aliases = {alias: pseudonyms[student] for alias, student in class_results.aliases.items()}
    scrub = _scrubber({**pseudonyms, **aliases})
    results = (_hidden(result, pseudonyms, scrub) for result in class_results.results)
    handed_in = ((stem, pseudonyms[student]) for stem, student in class_results.handed_in)
    roster = class_results.roster
    return replace(
        class_results,
        results=tuple(sorted(results, key=_by_assignment_and_number)),
        roster=roster and tuple(sorted((pseudonyms[student] for student in roster), key=_numbered)),
        handed_in=tuple(sorted(handed_in, key=lambda submission: _numbered(submission[1]))),
        aliases={},
        notes=tuple(map(scrub, class_results.notes)),
    )


def _hidden(result: Result, pseudonyms: Mapping[str, str], scrub: Callable[[str], str]) -> Result:
    summary = result.result_summary
    hidden = replace(summary, student=pseudonyms[summary.student], reason=summary.reason and scrub(summary.reason))
    return replace(result, result_summary=hidden, guesses=tuple(map(scrub, result.guesses)))


def _by_assignment_and_number(result: Result) -> tuple[str, int, str]:
    return result.result_summary.assignment, *_numbered(result.result_summary.student)


def _numbered(pseudonym: str) -> tuple[int, str]:
    """Return a key that sorts `student 100` behind `student 11`."""
    return len(pseudonym), pseudonym


def _scrubber(shown: Mapping[str, str]) -> Callable[[str], str]:
    """Return a function that replaces every name in a sentence: in any case, and within a path or a file's name."""
    by_name = {clean(name).casefold(): pseudonym for name, pseudonym in shown.items() if clean(name).strip()}
    longest_first = sorted(by_name, key=len, reverse=True)
    either = "|".join(map(re.escape, longest_first)) or "(?!)"
    any_name = re.compile(rf"(?<![^\W_])(?:{either})(?![^\W_])", re.IGNORECASE)

    def scrub(text: str) -> str:
        text = _CHOSEN_NAME.sub("found one of another name: rename it", text)
        return any_name.sub(lambda match: by_name.get(match[0].casefold(), "a student"), text)

    return scrub
