"""Tables of numbers with a column of labels, from CSV files."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from sklearn.datasets import load_wine
from torch import Tensor

from workbench.errors import WorkbenchError, unknown
from workbench.paths import data_dir
from workbench.runs.folder import write_atomically

SHOWN_FAULTS = 5
LEAST_ROWS = 5  # of each class, to be shared among three parts

# Shapes: N rows, M columns of numbers.


@dataclass(frozen=True)
class Rows:
    """Numbers (N, M) under `names`, and labels (N,) that `classes` names."""

    names: list[str]
    numbers: Tensor
    labels: Tensor
    classes: list[str]


def wine() -> Path:
    """scikit-learn's 178 wines as a CSV file among the downloaded data: an example of one's own."""
    file = data_dir() / "wine.csv"
    if not file.exists():
        bunch = load_wine()
        text = io.StringIO()
        to = csv.writer(text)
        to.writerow([*bunch.feature_names, "cultivar"])
        for numbers, kind in zip(bunch.data.tolist(), bunch.target, strict=True):
            to.writerow([*numbers, bunch.target_names[kind]])
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, text.getvalue().encode())
    return file


def read(file: Path, label: str = "") -> Rows:
    """A CSV file with a line of names first; `label` names the column of classes, by default the last.

    Cells are parted by commas, semicolons or tabs, whichever the first line has most of.

    Raises:
        WorkbenchError: for a file or column that is not there, all cells that are no numbers, and
            classes with too few rows.
    """
    names, lines = _lines(file)
    column = label or names[-1]
    if column not in names or len(names) < 2:
        raise WorkbenchError(
            f"{file.name}: {unknown('column', column, names)}"
            if column not in names
            else f"{file.name} has one column, and so no numbers to tell a label from",
            "the first line names the columns, and label=NAME the one with the classes",
        )
    place = names.index(column)
    others = [index for index in range(len(names)) if index != place]
    numbers = _numbers(file, names, lines, others)  # (N, M)
    words = [cells[place].strip() for cells in lines.values()]
    classes = sorted(set(words))
    _refuse_few(file, column, words)
    labels = torch.tensor([classes.index(word) for word in words])  # (N,)
    return Rows([names[index] for index in others], numbers, labels, classes)


def _lines(file: Path) -> tuple[list[str], dict[int, list[str]]]:
    """The names, and the cells of each line by its number; empty lines are left out."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise WorkbenchError(f"{file} cannot be read: {fault}", "give a CSV file in UTF-8") from None
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count))
    lines: dict[int, list[str]] = {}
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                lines[reader.line_num] = cells
    except csv.Error as fault:
        raise WorkbenchError(f"{file.name}, line {reader.line_num}: {fault}", "mend it") from None
    if len(lines) < 2:
        raise WorkbenchError(f"{file.name} has no rows", "a line of names first, then one line a row")
    names = [name.strip() for name in lines.pop(next(iter(lines)))]
    return names, lines


def _numbers(
    file: Path, names: Sequence[str], lines: dict[int, list[str]], columns: Sequence[int]
) -> Tensor:
    """The cells of those columns, (N, M)."""
    faults, rows = [], []
    for line, cells in lines.items():
        if len(cells) != len(names):
            faults.append(f"line {line} has {len(cells)} cells for {len(names)} columns")
            continue
        rows.append([_number(cells[column]) for column in columns])
        wrong = [c for c, value in zip(columns, rows[-1], strict=True) if not math.isfinite(value)]
        faults += [f"line {line}, {names[c]}: {cells[c].strip()!r} is no number" for c in wrong]
    if faults:
        more = len(faults) - SHOWN_FAULTS
        listed = faults[:SHOWN_FAULTS] + ([f"and {more} more"] if more > 0 else [])
        raise WorkbenchError(f"{file.name} holds what cannot be learned from", "\n".join(listed))
    return torch.tensor(rows)


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan


def _refuse_few(file: Path, column: str, words: Sequence[str]) -> None:
    counts = Counter(words)
    rarest, count = min(counts.items(), key=lambda item: item[1])
    if len(counts) > 1 and count >= LEAST_ROWS:
        return
    raise WorkbenchError(
        f"{file.name}: {column} is {rarest!r} in every row"
        if len(counts) == 1
        else f"{file.name}: {column} is {rarest!r} in only {count} of {len(words)} rows",
        f"give at least two classes of {LEAST_ROWS} rows; label=NAME says which column holds them",
    )
