"""CSV files of the user's: their lines with their numbers."""

from __future__ import annotations

import csv
from pathlib import Path

from workbench.errors import WorkbenchError

Line = tuple[int, list[str]]


def lines(file: str, *, what: str, each: str) -> tuple[list[str], list[Line]]:
    """The names in the first line, and the other lines with their numbers; empty ones are left out.

    Cells are set apart by the one of comma, semicolon and tab that the first line has most of. `what`
    the file is to hold, and what `each` line is, are words for who gave a wrong one.

    Raises:
        WorkbenchError: when it cannot be read, or holds a first line at most.
    """
    try:
        with Path(file).expanduser().open(encoding="utf-8-sig", newline="") as text:
            first = text.readline()
            text.seek(0)
            reader = csv.reader(text, delimiter=max(",;\t", key=first.count))
            found = [(reader.line_num, line) for line in reader if line]
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise WorkbenchError(
            f"{file} cannot be read as CSV: {fault}", "give a text file with columns"
        ) from None
    if len(found) < 2:
        raise WorkbenchError(f"{file} holds no {what}", f"a line of names, then a line for each {each}")
    return [name.strip() for name in found[0][1]], found[1:]
