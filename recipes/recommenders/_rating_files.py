"""Ratings in a file of the user's, and all that is wrong with it."""

from __future__ import annotations

import csv
import io
import math
from typing import NamedTuple

from recipes import _files
from workbench.errors import Faults, WorkbenchError, unknown

LEAST_RATINGS = 20
COLUMNS = ("userId", "movieId", "rating")
_REMEDY = "each line needs a user, a film and a number"
_FORMS = f"a CSV needs {', '.join(COLUMNS)} in its first line; u.data needs tabs and no header"


class Row(NamedTuple):
    """Ids of the user and of the film, and the stars."""

    user: str
    film: str
    stars: float


def read(file: str) -> list[Row]:
    """The ratings of `u.data`, or of a CSV with those columns.

    Raises:
        WorkbenchError: with all that is wrong.
    """
    text = _files.text(file, "ratings", "give u.data or a CSV file")
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if "\t" in first else ",")
    faults = Faults(file)
    try:
        lines = [(reader.line_num, line) for line in reader if line]
    except csv.Error as fault:
        raise WorkbenchError(f"{file}, line {reader.line_num} is no CSV: {fault}", _FORMS) from None
    places = _places([name.strip() for name in lines[0][1]] if lines else [], "\t" in first, faults)
    faults.tell()
    has_names = bool(lines) and COLUMNS[0] in first
    rows = [_row(number, line, places, faults) for number, line in lines[has_names:]]
    given = {row.stars for row in rows}
    if len({row[:2] for row in rows}) < LEAST_RATINGS:
        faults.add(f"there are {len(rows)} ratings", f"give at least {LEAST_RATINGS}, better thousands")
    elif len(given) == 1 and math.isfinite(stars := next(iter(given))):
        faults.add(
            f"all {len(rows)} ratings are {stars:g}",
            "give ratings that differ, or nothing is to predict",
        )
    for place, name in enumerate(("user", "film")):
        if len(rows) >= LEAST_RATINGS and len({row[place] for row in rows}) == 1:
            faults.add(
                f"there is one {name}, {rows[0][place]}", "give ratings of several users and films"
            )
    faults.tell()
    return rows


def _places(header: list[str], has_tabs: bool, faults: Faults) -> list[int]:
    if has_tabs and COLUMNS[0] not in header:
        return [0, 1, 2]
    for name in COLUMNS:
        if name not in header:
            faults.add(unknown("column", name, header), _FORMS)
    return [header.index(name) for name in COLUMNS if name in header]


def _row(number: int, line: list[str], places: list[int], faults: Faults) -> Row:
    cells = [line[place].strip() for place in places if place < len(line)]
    try:
        user, film, given = cells
        stars = float(given)
    except ValueError:
        user = film = given = ""
        stars = math.nan
    if not user or not film or not math.isfinite(stars) or abs(stars) > 1e6:
        faults.add(f"line {number} is no rating: {' '.join(cells)[:60]}", _REMEDY)
    return Row(user, film, stars)
