"""Labelled series for the recipes of this topic: those that aeon brings, or files of your own."""

from __future__ import annotations

import importlib.util
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from sklearn.model_selection import train_test_split
from torch import Tensor

from recipes import _download, _files
from workbench.errors import Faults, WorkbenchError

COMMAND = "pip install --no-deps aeon==1.6.0"  # its files alone are read, so nothing else is needed
ARCHIVE = "timeseriesclassification.com"  # of UCR and UEA
LEAST_SERIES = 2  # of a class: one to learn from, one to look at
SHOWN = 6
_GAPS = {"", "?", "nan", "na"}
_REMEDY = "each line needs a label and numbers: .ts, or lines of numbers with the label first"

Row = tuple[int, list[list[str]], str]  # number of the line, the cells of each channel, the label


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


def task(dataset: str, train_file: str = "", test_file: str = "", name: str = "") -> Task:
    """A set of aeon's by name; with `archive` the one called `name`, with `file` those two.

    Raises:
        WorkbenchError: when a file is missing or wrong, or the test part has other classes or channels;
            or when files or a name are given and another set chosen.
    """
    _files.refuse_unread(dataset, "file", train_file=train_file, test_file=test_file)
    _files.refuse_unread(dataset, "archive", name=name)
    if dataset == "archive":
        train_file, test_file = downloaded(name)
    if dataset == "file" and not (train_file and test_file):
        raise WorkbenchError(
            "dataset=file needs two files", "give them with train_file=PATH test_file=PATH"
        )
    known, asked = _both(train_file, test_file) if train_file else bundled(dataset)
    faults = Faults(f"{train_file} and {test_file}" if train_file else dataset)
    classes = sorted(set(known.labels))
    strange = sorted(set(asked.labels) - set(classes))
    if strange:
        listed = ", ".join(strange[:SHOWN])
        faults.add(f"the training part has no {listed}", "give each class to learn from too")
    channels = sorted({len(one) for one in (*known.series, *asked.series)})
    if len(channels) > 1:
        faults.add(
            f"series have {' and '.join(map(str, channels))} channels", "give each the same channels"
        )
    faults.tell()
    labels = (torch.tensor([classes.index(label) for label in part.labels]) for part in (known, asked))
    return Task(known.series, next(labels), asked.series, next(labels), classes)


def _both(*files: str) -> list[Labelled]:
    """What two files hold; what is wrong with both is told at once."""
    found, refusals = [], []
    for file in files:
        try:
            found.append(read(file))
        except WorkbenchError as fault:
            refusals.append(fault)
    if len(refusals) == 1:
        raise refusals[0]
    if refusals:
        remedies = dict.fromkeys(fault.remedy for fault in refusals)
        raise WorkbenchError("; ".join(fault.title for fault in refusals), "\n".join(remedies))
    return found


def held_out(labels: Tensor, share: float, seed: int) -> tuple[Tensor, Tensor]:
    """Indices of those that train and of those that validate: that share of each class.

    Raises:
        WorkbenchError: when a class has too few for both.
    """
    counts = torch.bincount(labels)  # (K,)
    few = int((counts < LEAST_SERIES).sum())
    if few:
        raise WorkbenchError(
            f"held_out={share:g}: of {len(counts)} classes {few} have one series to learn from, "
            "so none of theirs can be held back",
            f"give {LEAST_SERIES} of each class, or set held_out=0",
        )
    rest, chosen = train_test_split(
        torch.arange(len(labels)),
        test_size=max(round(share * len(labels)), len(labels.unique())),
        stratify=labels,
        random_state=seed,
    )
    return rest, chosen


def downloaded(name: str) -> tuple[str, str]:
    """The files of the training and the test part of a set of the archive, kept for the next time.

    Raises:
        WorkbenchError: when the set is neither on this disk nor to be had, or none is named.
    """
    if not re.fullmatch(r"\w+", name):
        raise WorkbenchError(
            f"{name!r} is no name of a set" if name else "dataset=archive needs the name of a set",
            f"give name=NAME as {ARCHIVE} spells it, such as Wafer",
        )
    files = [f"{name}_{part}.ts" for part in ("TRAIN", "TEST")]
    url = f"https://{ARCHIVE}/aeon-toolkit/{name}.zip"
    otherwise = "look for the name's spelling, or choose a dataset that comes installed"
    place = _download.unpacked(f"series/{name}", url, files, otherwise)
    train, test = (str(place / file) for file in files)
    return train, test


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
        WorkbenchError: with all that is wrong: it cannot be read, values are no numbers, one class.
    """
    lines = _files.text(file, "series", _REMEDY).splitlines()
    faults = Faults(file)
    if file.endswith(".ts") and "@data" not in (line.strip().lower() for line in lines):
        faults.add(
            "there is no line @data", "put one before the series, or give lines with labels first"
        )
        faults.tell()
    rows = list(_of_ts(lines) if file.endswith(".ts") else _of_columns(lines))
    series = [_series(number, cells, faults) for number, cells, _ in rows]
    labels = [label for *_, label in rows]
    for number, _, label in rows:
        if not label:
            faults.add(f"line {number} has no label", _REMEDY)
    if len(set(labels)) < 2:
        faults.add(f"{len(rows)} series of {len(set(labels))} classes", "give two or more")
    faults.tell()
    return Labelled(series, labels)


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


def _of_ts(lines: list[str]) -> Iterator[Row]:
    in_data = False
    for number, line in enumerate(lines, 1):
        if in_data and line.strip() and not line.startswith("#"):
            channels, colon, label = line.strip().rpartition(":")
            channels, label = (channels, label) if colon else (label, "")
            yield number, [channel.split(",") for channel in channels.split(":")], label.strip()
        in_data = in_data or line.strip().lower() == "@data"


def _of_columns(lines: list[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        is_spaced = not set(line) & {",", "\t"}
        label, *cells = line.split() or [""] if is_spaced else line.replace("\t", ",").split(",")
        if line.strip():
            yield number, [cells], label.strip()


def _series(number: int, channels: list[list[str]], faults: Faults) -> Tensor:
    """(C, L), of finite numbers; what else stands there becomes a fault of the line, and NaN."""
    rows = [[_value(cell) for cell in cells] for cells in channels]
    lengths = sorted({len(row) for row in rows})
    if len(lengths) > 1:
        faults.add(
            f"line {number} has channels of {' and '.join(map(str, lengths))} moments",
            "give the channels of a series one length",
        )
    wrong = [
        (channel, moment, channels[channel - 1][moment - 1].strip())
        for channel, row in enumerate(rows, 1)
        for moment, value in enumerate(row, 1)
        if not math.isfinite(value)
    ]
    if wrong:
        channel, moment, cell = wrong[0]
        where = f"channel {channel}, moment {moment}" if len(rows) > 1 else f"moment {moment}"
        more = f", and {len(wrong) - 1:,} more" if len(wrong) > 1 else ""
        if cell.lower() in _GAPS:
            faults.add(f"line {number} has gaps ({where}{more})", "fill them, or leave the line out")
        else:
            faults.add(f"line {number}, {where}: {cell[:40]!r} is no number{more}", _REMEDY)
    elif not lengths[0]:
        faults.add(f"line {number} has no values", _REMEDY)
    return torch.tensor([row[: lengths[0]] for row in rows])


def _value(cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        return math.nan
    return value if abs(value) <= torch.finfo(torch.float32).max else math.inf
