"""CSV files of the user's: their columns and lines, and all that is wrong with them at once."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from recipes import _files
from workbench.errors import Faults, WorkbenchError, unknown

LARGEST = 3.4e38  # what a float32 holds
REMEDY = "give a text file with columns; what a spreadsheet holds has to be saved as CSV"
SEPARATORS = ",;\t"
GAPS = {"", "nan", "na", "null"}
_WRONG_TEXT = "write the text as numbers, or remove the line or the column"

Line = tuple[int, list[str]]


class Sheet(NamedTuple):
    """A file's names of columns, and its other lines with their numbers, each with a cell a column.

    Attributes:
        faults: what is wrong so far; who has read all that he wants tells them.
    """

    file: str
    header: list[str]
    lines: list[Line]
    faults: Faults

    def places(self, names: Sequence[str]) -> list[int]:
        """Where the columns of those names stand.

        Raises:
            WorkbenchError: when one is missing, with all that is wrong so far.
        """
        for name in names:
            if name not in self.header:
                self.faults.add(unknown("column", name, self.header), "give a name of the first line")
        if not set(names) <= set(self.header):
            self.faults.tell()
        return [self.header.index(name) for name in names]

    def numbers(self, places: Sequence[int], *, gaps: bool = False) -> list[list[float]]:
        """The cells of those columns, line by line; with `gaps` one of GAPS is NaN, and no fault."""
        rows, wrong = [], []
        for number, cells in self.lines:
            row = []
            for place in places:
                value = _number(cells[place])
                if not math.isfinite(value) and not (gaps and cells[place].strip().lower() in GAPS):
                    wrong.append((number, place, cells[place].strip()))
                row.append(value)
            rows.append(row)
        self._add(wrong)
        return rows

    def _add(self, wrong: list[tuple[int, int, str]]) -> None:
        """A column without any number is one fault, and not one a line."""
        counts = Counter(place for _, place, _ in wrong)
        whole = {place for place, count in counts.items() if count == len(self.lines) > 1}
        for number, place, cell in wrong:
            if place not in whole:
                where = f"line {number}, column {self.header[place]}"
                self.faults.add(*_told(where, cell))
            elif number == self.lines[0][0]:
                where = (
                    f"column {self.header[place]}, in all {len(self.lines):,} lines, such as {number}"
                )
                self.faults.add(*_told(where, cell))


def read(file: str, *, what: str, each: str) -> Sheet:
    """A file whose first line names the columns; lines without anything are left out.

    Cells are set apart by the one of comma, semicolon and tab that the first line has most of. `what`
    the file is to hold, and what `each` line is, are words for who gave a wrong one.

    Raises:
        WorkbenchError: when it cannot be read, or holds a first line at most.
    """
    text = _files.text(file, "CSV", REMEDY)
    first = text.lstrip("\r\n").partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(SEPARATORS, key=first.count))
    try:
        found = [(reader.line_num, line) for line in reader if len(line) > 1 or "".join(line).strip()]
    except csv.Error as fault:
        raise WorkbenchError(
            f"{file}, line {reader.line_num} cannot be read as CSV: {fault}", REMEDY
        ) from None
    if len(found) < 2:
        raise WorkbenchError(f"{file} holds no {what}", f"a line of names, then a line for each {each}")
    header = [name.strip() for name in found[0][1]]
    faults = Faults(file)
    _check_names(header, found[0][0], faults)
    for number, line in found[1:]:
        if len(line) != len(header):
            faults.add(
                f"line {number} has {len(line)} cells, the first line {len(header)}",
                "give each line a cell for each column, and quotes to what has a separator in it",
            )
    return Sheet(file, header, [one for one in found[1:] if len(one[1]) == len(header)], faults)


def _check_names(header: list[str], line: int, faults: Faults) -> None:
    values = [value for value in map(_number, header) if math.isfinite(value)]
    rises = len(values) > 1 and all(a < b for a, b in pairwise(values))  # as numbers of columns do
    if 2 * len(values) > len(header) and not rises:
        faults.add(
            f"line {line} holds numbers ({', '.join(header)[:60]}), where names are expected",
            "put a line with the names of the columns before it",
        )
        return
    for place, name in enumerate(header, 1):
        if not name:
            faults.add(f"column {place} has no name", "name it in the first line, or remove it")
        elif header.index(name) < place - 1:
            faults.add(f"two columns are called {name}", "give each a name of its own")


def _number(cell: str) -> float:
    """NaN for what is no number, infinite for what is too large."""
    try:
        value = float(cell)
    except ValueError:
        return math.nan
    return value if abs(value) <= LARGEST else math.copysign(math.inf, value)


def _told(where: str, cell: str) -> tuple[str, str]:
    """The fault of a cell, and what mends it."""
    if not cell:
        return f"{where} is empty", "fill it, or remove the line or the column"
    if math.isfinite(_number(cell.replace(",", "."))):
        return f"{where}: {cell[:40]!r} has a comma", "write decimals with a point"
    try:
        float(cell)
    except ValueError:
        return f"{where}: {cell[:40]!r} is no number", _WRONG_TEXT
    return (
        f"{where}: {cell[:40]!r} is not finite, or too large",
        "write a finite number, or remove the line",
    )
