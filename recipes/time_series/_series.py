"""Labelled series for the recipes of this topic: those that aeon brings, or files of your own."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from sklearn.model_selection import train_test_split
from torch import Tensor

from workbench.errors import WorkbenchError

COMMAND = "pip install --no-deps aeon==1.6.0"  # its files alone are read, so nothing else is needed
LEAST_SERIES = 2  # of a class: one to learn from, one to look at


class Labelled(NamedTuple):
    """Series (C, L) of C channels and L moments, which may differ in L; and a label for each."""

    series: list[Tensor]
    labels: list[str]


class Task(NamedTuple):
    """What to learn from and to be tested on, with labels (N,) counted from 0; `classes` names them."""

    known: list[Tensor]
    known_labels: Tensor
    asked: list[Tensor]
    asked_labels: Tensor
    classes: list[str]


def task(dataset: str, train_file: str = "", test_file: str = "") -> Task:
    """A set of aeon's by name; with `file` those two.

    Raises:
        WorkbenchError: when a file is missing or wrong, or the test part has other classes or channels.
    """
    if dataset == "file" and not (train_file and test_file):
        raise WorkbenchError(
            "dataset=file needs two files", "give them with train_file=PATH test_file=PATH"
        )
    known, asked = (read(train_file), read(test_file)) if dataset == "file" else bundled(dataset)
    classes = sorted(set(known.labels))
    strange = sorted(set(asked.labels) - set(classes))
    if strange:
        raise WorkbenchError(f"the training part has no {', '.join(strange)}", "give all classes")
    channels = sorted({len(one) for one in (*known.series, *asked.series)})
    if len(channels) > 1:
        raise WorkbenchError(
            f"series have {' and '.join(map(str, channels))} channels", "give each the same channels"
        )
    labels = (torch.tensor([classes.index(label) for label in part.labels]) for part in (known, asked))
    return Task(known.series, next(labels), asked.series, next(labels), classes)


def held_out(labels: Tensor, share: float, seed: int) -> tuple[Tensor, Tensor]:
    """Indices of those that train and of those that validate: that share of each class."""
    rest, chosen = train_test_split(
        torch.arange(len(labels)),
        test_size=max(round(share * len(labels)), len(labels.unique())),
        stratify=labels,
        random_state=seed,
    )
    return rest, chosen


def bundled(name: str) -> tuple[Labelled, Labelled]:
    """Training and test part of a set in aeon's folder, which is read without importing aeon.

    Raises:
        WorkbenchError: when aeon is not installed, with the command.
    """
    spec = importlib.util.find_spec("aeon")
    if spec is None or spec.origin is None:
        raise WorkbenchError(f"{name} comes with aeon, which is not installed", COMMAND)
    place = Path(spec.origin).parent / "datasets" / "data" / name
    train, test = (read(str(place / f"{name}_{part}.ts")) for part in ("TRAIN", "TEST"))
    return train, test


def read(file: str) -> Labelled:
    """A `.ts` file as aeon and sktime have them; else lines of numbers with the label first, as UCR's.

    Raises:
        WorkbenchError: when it cannot be read, a value is no number, or there is only one class.
    """
    try:
        lines = Path(file).expanduser().read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        raise WorkbenchError(f"{file} cannot be read as series: {fault}", "give a text file") from None
    rows = list(_of_ts(lines) if file.endswith(".ts") else _of_columns(lines))
    found = Labelled(
        [_series(file, number, cells) for number, cells, _ in rows], [row[2] for row in rows]
    )
    if len(set(found.labels)) < 2:
        raise WorkbenchError(
            f"{file} holds {len(rows)} series of {len(set(found.labels))} classes", "give two or more"
        )
    return found


def stacked(series: list[Tensor]) -> Tensor:
    """All series (C, L) as one tensor (N, C, L).

    Raises:
        WorkbenchError: when their lengths or channels differ.
    """
    shapes = {tuple(one.shape) for one in series}
    if len(shapes) > 1:
        listed = ", ".join(f"{channels} x {length}" for channels, length in sorted(shapes)[:5])
        raise WorkbenchError(
            f"series of one length are needed; these have {listed} channels x moments",
            "cut or fill them up to one length",
        )
    return torch.stack(series)


def _of_ts(lines: list[str]) -> Iterator[tuple[int, list[list[str]], str]]:
    """Number of the line, the cells of each channel, and the label."""
    in_data = False
    for number, line in enumerate(lines, 1):
        if in_data and line.strip() and not line.startswith("#"):
            *channels, label = line.strip().split(":")
            yield number, [channel.split(",") for channel in channels], label.strip()
        in_data = in_data or line.strip().lower() == "@data"


def _of_columns(lines: list[str]) -> Iterator[tuple[int, list[list[str]], str]]:
    for number, line in enumerate(lines, 1):
        label, *cells = line.replace("\t", ",").split(",")
        if line.strip():
            yield number, [cells], label.strip()


def _series(file: str, number: int, channels: list[list[str]]) -> Tensor:
    """(C, L), of finite numbers."""
    try:
        series = torch.tensor([[float(cell) for cell in cells] for cells in channels])
    except ValueError as fault:  # no number, or channels of different lengths
        raise WorkbenchError(f"{file}, line {number} is no series: {fault}", "mend the line") from None
    if not series.numel() or not series.isfinite().all():
        raise WorkbenchError(f"{file}, line {number} has gaps", "fill them, or leave the line out")
    return series
