"""Labelled series for the recipes of this topic: those that aeon brings, or files of your own."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from workbench.errors import WorkbenchError

COMMAND = "pip install --no-deps aeon==1.6.0"  # its files alone are read, so nothing else is needed
LEAST_SERIES = 2  # of a class: one to learn from, one to look at


class Labelled(NamedTuple):
    """Series (C, L) of C channels and L moments, which may differ in L; and a label for each."""

    series: list[Tensor]
    labels: list[str]


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


def stacked(found: Labelled) -> Tensor:
    """All series as one tensor (N, C, L).

    Raises:
        WorkbenchError: when their lengths or channels differ.
    """
    shapes = {tuple(one.shape) for one in found.series}
    if len(shapes) > 1:
        listed = ", ".join(f"{channels} x {length}" for channels, length in sorted(shapes)[:5])
        raise WorkbenchError(
            f"series of one length are needed; these have {listed} channels x moments",
            "cut or fill them up to one length",
        )
    return torch.stack(found.series)


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
