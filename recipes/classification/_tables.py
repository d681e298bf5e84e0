"""Tables of measurements for the recipes of this topic: scikit-learn's, or a CSV file of your own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_linnerud, load_wine
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

from recipes import _csv
from workbench.errors import WorkbenchError, unknown

TEST_SHARE, VALIDATION_SHARE = 0.2, 0.15
LEAST_A_CLASS = 5  # of which each of the three parts gets one
_CLASSES = {"breast_cancer": load_breast_cancer, "wine": load_wine, "digits": load_digits}
_AMOUNTS = {"diabetes": load_diabetes, "linnerud": load_linnerud}

# Shapes: N samples, M measurements, T targets.


class Classified(NamedTuple):
    """Measurements (N, M) by name and a class (N,) for each sample; `classes` names them."""

    x: Tensor
    y: Tensor
    names: list[str]
    classes: list[str]

    def part(self, indices: Sequence[int] | np.ndarray | Tensor) -> Classified:
        return Classified(self.x[indices], self.y[indices], self.names, self.classes)


class Measured(NamedTuple):
    """Measurements (N, M) and amounts to predict (N, T), both by name."""

    x: Tensor
    y: Tensor
    names: list[str]
    targets: list[str]


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
        WorkbenchError: when the file cannot be read, or has fewer than two classes of five samples.
    """
    if dataset in _CLASSES:
        bunch = _CLASSES[dataset]()
        names = [str(name) for name in bunch.feature_names]
        classes = [str(name) for name in bunch.target_names]
        return Classified(
            torch.from_numpy(bunch.data).float(), torch.from_numpy(bunch.target), names, classes
        )
    names, rows, (labels,), _ = _read(file, [target])
    classes = sorted(set(labels), key=_by_number)
    if len(classes) < 2:
        raise WorkbenchError(f"there is only one class: {classes[0]!r}", "give samples of two or more")
    y = torch.tensor([classes.index(label) for label in labels])  # (N,)
    counts = torch.bincount(y)
    if (least := int(counts.min())) < LEAST_A_CLASS:
        raise WorkbenchError(
            f"class {classes[int(counts.argmin())]!r} has {least} samples",
            f"give {LEAST_A_CLASS} of each, many more for a result that counts; "
            f"and target=COLUMN where the classes are not in the last",
        )
    return Classified(torch.tensor(rows), y, names, classes)


def measured(dataset: str, file: str = "", targets: str = "") -> Measured:
    """A set of scikit-learn's by name; with `csv` the file, and names of its targets between commas.

    Raises:
        WorkbenchError: when the file cannot be read, or a target is no number or never varies.
    """
    if dataset in _AMOUNTS:
        bunch = _AMOUNTS[dataset]() if dataset == "linnerud" else _AMOUNTS[dataset](scaled=False)
        y = torch.from_numpy(bunch.target).float().reshape(len(bunch.data), -1)  # (N, T)
        names = [str(name) for name in bunch.feature_names]
        known = [str(name) for name in getattr(bunch, "target_names", ())] or ["progress of diabetes"]
        return Measured(torch.from_numpy(bunch.data).float(), y, names, known)
    names, rows, columns, chosen = _read(file, [name.strip() for name in targets.split(",")])
    lines = list(zip(*columns, strict=True))
    y = torch.tensor([_numbers(file, number, line) for number, line in enumerate(lines, 2)])  # (N, T)
    for name, column in zip(chosen, y.T, strict=True):
        if column.min() == column.max():
            raise WorkbenchError(
                f"{name} is always {float(column[0]):g}", "choose a target that varies"
            )
    return Measured(torch.tensor(rows), y, names, chosen)


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


def _read(
    file: str, targets: list[str]
) -> tuple[list[str], list[list[float]], list[list[str]], list[str]]:
    """Names of the measurements, their rows, columns of the targets as texts, and names of the targets.

    No name for a target means the last column.
    """
    header, lines = _lines(file)
    chosen = [name for name in targets if name] or header[-1:]
    for name in chosen:
        if name not in header:
            raise WorkbenchError(
                unknown("column", name, header), f"{file} begins with: {', '.join(header)}"
            )
    places = [header.index(name) for name in chosen]
    names = [name for name in header if name not in chosen]
    if not names:
        raise WorkbenchError(
            f"{file} has no column beside {', '.join(chosen)}", "give measurements too"
        )
    rows, columns = [], [[] for _ in places]
    for number, line in lines:
        measurements = [cell for place, cell in enumerate(line) if place not in places]
        rows.append(_numbers(file, number, measurements))
        for column, place in zip(columns, places, strict=True):
            column.append(line[place].strip())
    return names, rows, columns, chosen


def _lines(file: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The names in the first line, and the other lines with their numbers, each of that length."""
    if not file:
        raise WorkbenchError(
            "dataset=csv needs a file", "give one with file=PATH; names in its first line"
        )
    header, lines = _csv.lines(file, what="samples", each="sample")
    for number, line in lines:
        if len(line) != len(header):
            raise WorkbenchError(
                f"{file}, line {number} has {len(line)} cells, the first line {len(header)}",
                "give each line a cell for each column",
            )
    return header, lines


def _numbers(file: str, number: int, cells: Sequence[str]) -> list[float]:
    values = []
    for cell in cells:
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise WorkbenchError(
                f"{file}, line {number}: {cell[:40]!r} is no number",
                "remove the line or the column, or write the text as numbers",
            )
        values.append(value)
    return values


def _by_number(label: str) -> tuple[float, str]:
    """Numbers in their order, before texts in theirs."""
    try:
        return (float(label), label)
    except ValueError:
        return (math.inf, label)
