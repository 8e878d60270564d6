"""The sample class: who is in it, what each of them did, and what each of them deserves."""

from __future__ import annotations

from activating import ACTIVATING
from answering import ANSWERING
from building import BUILDING
from cheating import CHEATING
from convolving import CONVOLVING
from damaged import DAMAGED
from ending_badly import ENDS_BADLY
from student import Student

STUDENTS: tuple[Student, ...] = tuple(
    sorted(
        [*ANSWERING, *ENDS_BADLY, *DAMAGED, *CHEATING, *CONVOLVING, *ACTIVATING, *BUILDING],
        key=lambda student: student.name,
    )
)
