"""Reads the `metrics.csv` of Lightning's CSVLogger as it grows."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np

from workbench.runs.foreign.folder import METRICS_FILE
from workbench.runs.foreign.history import ForeignHistory
from workbench.runs.jsonl import LineReader
from workbench.runs.series import Series

LARGEST_STEP = 2**63 - 1
STEP_COLUMNS = ("step", "epoch")  # the first that is there counts the rows

Row = tuple[int, list[str]]


class LightningHistory(ForeignHistory):
    """The columns of one `metrics.csv`; a blank is no point.

    A row tells no time: it is given that of the file when it was read. A new metric makes the logger
    write the file anew with a longer header: then it is read again from its start.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self._file: Path = self.folder.path / METRICS_FILE
        self._lines = LineReader(self._file)
        self._header = b""
        self._header_names: list[str] = []

    def _take_next(self) -> bool:
        try:
            found = self._file.stat()
            if found.st_size == self._lines.offset:
                return False
            if self._is_rewritten():
                self._start_again()
        except FileNotFoundError:
            return False
        block = self._lines.read_block()
        if not block:
            return False
        if self._header and self._lines.offset == len(block):
            self._start_again()  # written anew between the two looks at it
            return True
        if not self._header:
            self._header, _, block = block.partition(b"\n")
            self._header_names = split_row(_text(self._header))
        self._take_rows(self._rows(block), found.st_mtime)
        return True

    def _is_rewritten(self) -> bool:
        """Whether the file no longer begins as it did, or is shorter than what was read of it."""
        if not self._header:
            return False
        with self._file.open("rb", buffering=0) as file:
            begins = file.read(len(self._header) + 1)
            return (
                begins != self._header + b"\n" or os.fstat(file.fileno()).st_size < self._lines.offset
            )

    def _start_again(self) -> None:
        self._lines = LineReader(self._file)
        self._header = b""
        self.series.clear()
        self.faults.clear()

    def _rows(self, block: bytes) -> list[Row]:
        """The rows that have as many fields as the header, with the numbers of their lines."""
        lines = block.splitlines()
        first = self._lines.line_number - len(lines) + 1
        rows = []
        for number, line in enumerate(lines, first):
            fields = split_row(_text(line))
            if len(fields) == len(self._header_names):
                rows.append((number, fields))
            elif line.strip():
                self._fault(
                    number, f"{len(fields)} fields where the header has {len(self._header_names)}"
                )
        return rows

    def _take_rows(self, rows: list[Row], seen: float) -> None:
        steps = self._steps(rows)
        for index, name in enumerate(self._header_names):
            if name and name != STEP_COLUMNS[0] and name not in self._header_names[:index]:
                texts = [fields[index] for _, fields in rows]
                places = [place for place, text in enumerate(texts) if text.strip()]
                values = [self._number(rows[place][0], texts[place]) for place in places]
                if places:
                    series = self.series.setdefault(name, Series(name))
                    series.extend(steps[places], np.full(len(places), seen), np.array(values))

    def _steps(self, rows: list[Row]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """What the column of steps says; where it says nothing, the number of the row."""
        name = next((name for name in STEP_COLUMNS if name in self._header_names), "")
        place = self._header_names.index(name) if name else -1
        steps = np.array([number - 2 for number, _ in rows], np.int64)
        if place >= 0:
            for index, (_, fields) in enumerate(rows):
                steps[index] = _whole(fields[place], otherwise=int(steps[index]))
        return steps

    def _number(self, line: int, text: str) -> float:
        try:
            return float(text)
        except ValueError:
            self._fault(line, f"{text[:20]!r} is no number")
            return float("nan")

    def _fault(self, line: int, what: str) -> None:
        self.faults.append(f"{METRICS_FILE}, line {line}: {what}")


def _text(line: bytes) -> str:
    return line.decode(errors="replace").strip("\r\n\ufeff")


def split_row(line: str) -> list[str]:
    """The fields of a line; one whose quotes are damaged is split at its commas."""
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return line.split(",")


def _whole(text: str, otherwise: int) -> int:
    try:
        number = int(text) if text.isdecimal() else int(float(text))
    except (ValueError, OverflowError):
        return otherwise
    return number if -LARGEST_STEP <= number <= LARGEST_STEP else otherwise
