"""One long series for forecasts: those that statsmodels brings, or a column of your own CSV file."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from recipes import _csv, _files
from workbench.errors import WorkbenchError

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
        WorkbenchError: when it cannot be had or read, or is all the same; or when a file is given and
            another series chosen.
    """
    _files.refuse_unread(dataset, "csv", file=file, column=column)
    if dataset == "co2":
        return _co2()
    if dataset == "sunspots":
        years, values = _columns(_bundled("sunspots"), ["YEAR", "SUNACTIVITY"])
        return _recorded(values, years, SOLAR_CYCLE_YEARS, "sunspots")
    if not file:
        raise WorkbenchError(
            "dataset=csv needs a file", "give one with file=PATH; names in its first line"
        )
    sheet = _csv.read(file, what="values", each="moment")
    name = column or sheet.header[-1]
    values = [value for (value,) in sheet.numbers(sheet.places([name]), gaps=True)]
    known = {value for value in values if not math.isnan(value)}
    if len(known) < 2:
        fault = "never changes" if known else "holds no number"
        sheet.faults.add(f"column {name} {fault}", "choose a column that varies with column=NAME")
    sheet.faults.tell()
    return _recorded(values, [float(number) for number in range(len(values))], 0, name)


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


def _columns(file: str, names: list[str]) -> Iterator[list[float]]:
    """The values of each column of a bundled file, NaN for an empty cell."""
    sheet = _csv.read(file, what="values", each="moment")
    rows = sheet.numbers(sheet.places(names), gaps=True)
    sheet.faults.tell()
    return map(list, zip(*rows, strict=True))


def _recorded(values: list[float], when: list[float], season: int, what: str) -> Recorded:
    """Gaps are filled on a line between their neighbours."""
    found = np.asarray(values)  # (L,)
    known = ~np.isnan(found)
    places = np.arange(len(found))
    whole = np.interp(places, places[known], found[known])
    return Recorded(torch.from_numpy(whole).float(), when, season, what, int((~known).sum()))
