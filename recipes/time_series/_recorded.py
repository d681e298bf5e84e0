"""One long series for forecasts: those that statsmodels brings, or a column of your own CSV file."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from recipes import _csv
from workbench.errors import WorkbenchError, unknown

COMMAND = "pip install --no-deps statsmodels==0.15.0"  # its files alone are read
MONTHS, SOLAR_CYCLE_YEARS = 12, 11


class Recorded(NamedTuple):
    """Values (L,) at even distances.

    Attributes:
        when: the year of each, with its fraction; of a CSV its number.
        season: after how many values it begins anew, nearly; 0: unknown.
        what: the quantity with its unit.
        filled: how many values were missing and lie on a line between their neighbours.
    """

    values: Tensor
    when: list[float]
    season: int
    what: str
    filled: int


def load(dataset: str, file: str = "", column: str = "") -> Recorded:
    """`co2` by months, `sunspots` by years, or with `csv` a column of the file; empty: the last.

    Raises:
        WorkbenchError: when it cannot be had or read, or is all the same.
    """
    if dataset == "co2":
        return _co2()
    if dataset == "sunspots":
        years, values = _columns(_bundled("sunspots"), ["YEAR", "SUNACTIVITY"])
        return _recorded(values, years, SOLAR_CYCLE_YEARS, "sunspots")
    if not file:
        raise WorkbenchError(
            "dataset=csv needs a file", "give one with file=PATH; names in its first line"
        )
    (values,) = _columns(file, [column])
    return _recorded(values, [float(number) for number in range(len(values))], 0, column or "value")


def _co2() -> Recorded:
    """The means of months, of which few lack all weeks."""
    dates, weeks = _columns(_bundled("co2"), ["date", "co2"])  # as 19580329
    months = [int(date) // 100 for date in dates]
    counted = [month // 100 * MONTHS + month % 100 - 1 for month in months]
    first = counted[0]
    numbers = np.asarray(counted) - first  # (weeks,)
    known = ~np.isnan(weeks)
    sums = np.bincount(numbers[known], np.asarray(weeks)[known], minlength=numbers[-1] + 1)
    counts = np.bincount(numbers[known], minlength=numbers[-1] + 1)  # (months,)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    years = [(first + number + 0.5) / MONTHS for number in range(len(means))]
    return _recorded(means.tolist(), years, MONTHS, "CO₂ in parts per million")


def _bundled(name: str) -> str:
    spec = importlib.util.find_spec("statsmodels")
    if spec is None or spec.origin is None:
        raise WorkbenchError(f"{name} comes with statsmodels, which is not installed", COMMAND)
    return str(Path(spec.origin).parent / "datasets" / name / f"{name}.csv")


def _columns(file: str, names: list[str]) -> list[list[float]]:
    """The values of each column, NaN for an empty cell; no name means the last column."""
    header, lines = _csv.lines(file, what="values", each="moment")
    chosen = [name or header[-1] for name in names]
    for name in chosen:
        if name not in header:
            raise WorkbenchError(unknown("column", name, header), f"{file} has: {', '.join(header)}")
    places = [header.index(name) for name in chosen]
    return [[_number(file, number, line, place) for number, line in lines] for place in places]


def _number(file: str, number: int, line: list[str], place: int) -> float:
    cell = line[place].strip() if place < len(line) else ""
    try:
        value = float(cell or "nan")
    except ValueError:
        value = math.inf
    if math.isinf(value):
        raise WorkbenchError(
            f"{file}, line {number}: {cell[:40]!r} is no number", "write a number, or nothing for a gap"
        )
    return value


def _recorded(values: list[float], when: list[float], season: int, what: str) -> Recorded:
    """Gaps are filled on a line between their neighbours."""
    found = np.asarray(values)  # (L,)
    known = ~np.isnan(found)
    if not known.any() or found[known].min() == found[known].max():
        raise WorkbenchError(f"{what} never changes", "choose a column that varies with column=NAME")
    places = np.arange(len(found))
    whole = np.interp(places, places[known], found[known])
    return Recorded(torch.from_numpy(whole).float(), when, season, what, int((~known).sum()))
