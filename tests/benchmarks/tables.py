"""Tables on a terminal, or in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import rich.table
from rich.text import Text

from autograder.cli.output.terminal import console


@dataclass(frozen=True)
class Table:
    """What was measured, and what a reader must know to understand it. The first column names the rows."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    notes: tuple[str, ...] = ()


def spread(values: Iterable[float], form: str) -> str:
    """The median, with the least and the most where there are several: `41.2 (40.1–43.0)`."""
    some = sorted(values)
    middle = format(median(some), form)
    return middle if len(some) == 1 else f"{middle} ({some[0]:{form}}–{some[-1]:{form}})"


def show(header: Sequence[str], tables: Sequence[Table], *, markdown: bool) -> None:
    if markdown:
        print(_page(header, tables))
        return
    out = console()
    out.print(*map(Text, header), sep="\n")
    for table in tables:
        out.print("", _as_rich(table), *(Text(note, style="dim") for note in table.notes), sep="\n")


def write_part(path: Path, title: str, header: Sequence[str], tables: Sequence[Table]) -> None:
    """Writes a part of a Markdown file, in the place of the part of that title, or at the end."""
    start, *parts = re.split(
        r"^(?=## )", path.read_text(encoding="utf-8") if path.is_file() else "", flags=re.MULTILINE
    )
    by_title = {part.partition("\n")[0]: part.strip() for part in parts}
    by_title[f"## {title}"] = f"## {title}\n\n{_page(header, tables)}"
    path.write_text("\n\n".join([*filter(None, [start.strip()]), *by_title.values()]) + "\n", encoding="utf-8")


def _page(header: Sequence[str], tables: Sequence[Table]) -> str:
    return "\n\n".join(["\n".join(f"- {line}" for line in header), *map(_as_markdown, tables)])


def _as_markdown(table: Table) -> str:
    aligned = ("---", *("---:" for _ in table.columns[1:]))
    rows = ["| " + " | ".join(row) + " |" for row in (table.columns, aligned, *table.rows)]
    return "\n\n".join([f"### {table.title}", "\n".join(rows), *table.notes])


def _as_rich(table: Table) -> rich.table.Table:
    made = rich.table.Table(title=table.title, title_justify="left", title_style="bold")
    for number, column in enumerate(table.columns):
        made.add_column(Text(column), justify="right" if number else "left")
    for row in table.rows:
        made.add_row(*map(Text, row))
    return made
