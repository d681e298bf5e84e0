"""Tables of measurements for the recipes of this topic: scikit-learn's, or a CSV file of your own."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_linnerud, load_wine
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

from recipes import _csv, _files
from workbench.errors import WorkbenchError

TEST_SHARE, VALIDATION_SHARE = 0.2, 0.15
SHOWN_CLASSES = 6
LEAST_A_CLASS = 5  # of which each of the three parts gets one
_CLASSES = {"breast_cancer": load_breast_cancer, "wine": load_wine, "digits": load_digits}
_AMOUNTS = {"diabetes": load_diabetes, "linnerud": load_linnerud}

# Shapes: N samples, M measurements, T targets.


class Classified(NamedTuple):
    """Measurements (N, M) by name and a class (N,) for each sample; `classes` names them.

    Attributes:
        notes: what a user should know of them.
    """

    x: Tensor
    y: Tensor
    names: list[str]
    classes: list[str]
    notes: tuple[str, ...] = ()

    def part(self, indices: Sequence[int] | np.ndarray | Tensor) -> Classified:
        return self._replace(x=self.x[indices], y=self.y[indices])


class Measured(NamedTuple):
    """Measurements (N, M) and amounts to predict (N, T), both by name; `notes` as above."""

    x: Tensor
    y: Tensor
    names: list[str]
    targets: list[str]
    notes: tuple[str, ...] = ()


class Standardise(nn.Module):
    """Mean 0 and spread 1 for each column, as measured on samples: the training part.

    As a part of the network it goes where its weights go; what never varies becomes 0.
    """

    def __init__(self, samples: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", samples.mean(0))  # (M,)
        spread = samples.std(0, correction=0)
        self.register_buffer("spread", torch.where(spread > 0, spread, 1.0))  # (M,)

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.spread

    def back(self, x: Tensor) -> Tensor:
        """From standardised to what was measured."""
        return x * self.spread + self.mean


def classified(dataset: str, file: str = "", target: str = "") -> Classified:
    """A set of scikit-learn's by name; with `csv` the file, whose column `target` names the classes.

    Raises:
        WorkbenchError: when the file cannot be read, or has fewer than two classes of five samples;
            or when a file is given and another set chosen.
    """
    _files.refuse_unread(dataset, "csv", file=file, target=target)
    if dataset in _CLASSES:
        bunch = _CLASSES[dataset]()
        names = [str(name) for name in bunch.feature_names]
        classes = [str(name) for name in bunch.target_names]
        return Classified(
            torch.from_numpy(bunch.data).float(), torch.from_numpy(bunch.target), names, classes
        )
    sheet, measurements, (place,) = _read(file, [target])
    rows = sheet.numbers(measurements)
    labels = [cells[place].strip() for _, cells in sheet.lines]
    for number, _ in (line for line, label in zip(sheet.lines, labels, strict=True) if not label):
        sheet.faults.add(f"line {number} has no class", "fill the cell, or remove the line")
    _check_classes(Counter(filter(None, labels)), sheet)
    sheet.faults.tell()
    classes = sorted(set(labels), key=_by_number)
    y = torch.tensor([classes.index(label) for label in labels])  # (N,)
    names = [sheet.header[one] for one in measurements]
    x = torch.tensor(rows)  # (N, M)
    return Classified(x, y, names, classes, _never_vary(x, names))


def measured(dataset: str, file: str = "", targets: str = "") -> Measured:
    """A set of scikit-learn's by name; with `csv` the file, and names of its targets between commas.

    Raises:
        WorkbenchError: when the file cannot be read, or a target is no number or never varies; or when
            a file is given and another set chosen.
    """
    _files.refuse_unread(dataset, "csv", file=file, targets=targets)
    if dataset in _AMOUNTS:
        bunch = _AMOUNTS[dataset]() if dataset == "linnerud" else _AMOUNTS[dataset](scaled=False)
        y = torch.from_numpy(bunch.target).float().reshape(len(bunch.data), -1)  # (N, T)
        names = [str(name) for name in bunch.feature_names]
        known = [str(name) for name in getattr(bunch, "target_names", ())] or ["progress of diabetes"]
        return Measured(torch.from_numpy(bunch.data).float(), y, names, known)
    wanted = dict.fromkeys(name.strip() for name in targets.split(","))
    sheet, measurements, places = _read(file, [*wanted])
    rows = sheet.numbers([*measurements, *places])
    for index, place in enumerate(places, len(measurements)):
        values = {row[index] for row in rows}
        if len(values) == 1 and (value := next(iter(values))) == value:  # NaN was told
            sheet.faults.add(
                f"{sheet.header[place]} is always {value:g}", "choose a target that varies"
            )
    sheet.faults.tell()
    x, y = torch.tensor(rows).split([len(measurements), len(places)], dim=1)  # (N, M), (N, T)
    names = [sheet.header[one] for one in measurements]
    return Measured(x, y, names, [sheet.header[one] for one in places], _never_vary(x, names))


def _check_classes(counts: Counter[str], sheet: _csv.Sheet) -> None:
    """There are to be two at least, each with samples for all three parts."""
    few = {name: count for name, count in counts.items() if count < LEAST_A_CLASS}
    if len(counts) == 1:
        sheet.faults.add(
            f"there is only one class: {next(iter(counts))!r}", "give samples of two or more"
        )
    elif few:
        listed = ", ".join(f"{name!r} has {count}" for name, count in [*few.items()][:SHOWN_CLASSES])
        more = f", and {len(few) - SHOWN_CLASSES:,} more" if len(few) > SHOWN_CLASSES else ""
        sheet.faults.add(
            f"of {len(counts):,} classes {len(few):,} have too few samples: {listed}{more}",
            f"give {LEAST_A_CLASS} of each, many more for a result that counts; name the column of the "
            "classes where it is not the last; amounts are for classification/regression",
        )


def _never_vary(x: Tensor, names: list[str]) -> tuple[str, ...]:
    constant = [name for name, column in zip(names, x.T, strict=True) if column.min() == column.max()]
    return (f"never varies, so it tells nothing: {', '.join(constant)}",) if constant else ()


def split(table: Classified, seed: int) -> tuple[Classified, Classified, Classified]:
    """Train, validation and test part, each class in the same share in all three."""
    rest, test = _cut(table, np.arange(len(table.y)), TEST_SHARE, seed)
    train, validation = _cut(table, rest, VALIDATION_SHARE / (1 - TEST_SHARE), seed)
    return table.part(train), table.part(validation), table.part(test)


def _cut(
    table: Classified, indices: np.ndarray, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    count = max(round(share * len(indices)), len(table.classes))
    labels = table.y.numpy()[indices]
    return tuple(train_test_split(indices, test_size=count, stratify=labels, random_state=seed))


def _read(file: str, targets: list[str]) -> tuple[_csv.Sheet, list[int], list[int]]:
    """The file, and where the measurements and the targets stand; no name: the last column."""
    if not file:
        raise WorkbenchError(
            "dataset=csv needs a file", "give one with file=PATH; names in its first line"
        )
    sheet = _csv.read(file, what="samples", each="sample")
    chosen = [name for name in targets if name] or sheet.header[-1:]
    places = sheet.places(chosen)
    measurements = [place for place in range(len(sheet.header)) if place not in places]
    if not measurements:
        sheet.faults.add(
            f"no column beside {', '.join(chosen)}",
            "give measurements too; comma, semicolon or tab between columns",
        )
        sheet.faults.tell()
    return sheet, measurements, places


def _by_number(label: str) -> tuple[float, str]:
    """Numbers in their order, before texts in theirs."""
    try:
        return (float(label), label)
    except ValueError:
        return (math.inf, label)
