"""One metric over the steps of a run, held so that drawing costs O(columns) whatever its length."""

from __future__ import annotations

import math
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

FANOUT = 32
GROWTH = 1.25
FIRST_CAPACITY = 256
# A column whose borders are rounded to a quarter of its width still looks right.
BLOCKS_PER_COLUMN = 4


class Points(NamedTuple):
    """Points to draw, in order of x; x and y are of one length."""

    x: Floats
    y: Floats


Scalar = TypeVar("Scalar", np.int64, np.float64)


class _Column(Generic[Scalar]):
    """A growing array. `resize` lets the allocator move pages, so that growing copies nothing.

    numpy refuses that while someone holds a view: then the view keeps the old array.
    """

    def __init__(self, dtype: type[Scalar]) -> None:
        self._data: NDArray[Scalar] = np.empty(FIRST_CAPACITY, dtype)
        self.length = 0

    def extend(self, values: NDArray[Scalar]) -> None:
        needed = self.length + len(values)
        if needed > len(self._data):
            self._grow(max(needed, int(len(self._data) * GROWTH)))
        self._data[self.length : needed] = values
        self.length = needed

    def _grow(self, capacity: int) -> None:
        try:
            self._data.resize(capacity)
        except ValueError:
            larger = np.empty(capacity, self._data.dtype)
            larger[: self.length] = self._data[: self.length]
            self._data = larger

    def view(self) -> NDArray[Scalar]:
        """What is held now."""
        return self._data[: self.length]


class Series:
    """Steps (int64), times (s since 1970) and values of one metric, with a min/max pyramid.

    Level k of the pyramid holds the minimum and maximum of each whole block of FANOUT**k points.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._clear()

    def _clear(self) -> None:
        self._steps = _Column(np.int64)
        self._times = _Column(np.float64)
        self._values = _Column(np.float64)
        self._levels: list[tuple[_Column[np.float64], _Column[np.float64]]] = []
        self._ordered = True
        self._begun_at: int | None = None

    def __len__(self) -> int:
        return self._values.length

    @property
    def steps(self) -> Steps:
        return self._steps.view()

    @property
    def times(self) -> Floats:
        return self._times.view()

    @property
    def values(self) -> Floats:
        return self._values.view()

    @property
    def last(self) -> float:
        """The newest value; NaN where there is none."""
        return float(self.values[-1]) if len(self) else float("nan")

    def extend(self, steps: Steps, times: Floats, values: Floats) -> None:
        """Append points; the three are of one length."""
        if not len(steps):
            return
        self._replace(int(steps[0]))
        continues = not len(self) or steps[0] >= self.steps[-1]
        self._ordered = self._ordered and continues and bool(np.all(np.diff(steps) >= 0))
        self._steps.extend(steps)
        self._times.extend(times)
        self._values.extend(values)
        self._build()

    def truncate(self, step: int) -> None:
        """Forget what came after `step`: a new attempt began there.

        What it records at `step` itself takes the place of what is there: its forerunner may have
        recorded that after the checkpoint, as the results of a test at the very end.
        """
        if not self._ordered:
            mask = self.steps <= step
            kept = self.steps[mask], self.times[mask], self.values[mask]
            self._clear()
            self.extend(*kept)
        else:
            self._keep(int(np.searchsorted(self.steps, step, side="right")))
        self._begun_at = step

    def _replace(self, step: int) -> None:
        begun_at, self._begun_at = self._begun_at, None
        if step == begun_at and len(self) and self.steps[-1] == step and self._ordered:
            self._keep(int(np.searchsorted(self.steps, step, side="left")))

    def _keep(self, keep: int) -> None:
        self._steps.length = self._times.length = self._values.length = keep
        for level, columns in enumerate(self._levels, 1):
            for column in columns:
                column.length = min(column.length, keep // FANOUT**level)

    def points(self, columns: int, low: float | None = None, high: float | None = None) -> Points:
        """The curve between two steps (inclusive, None for the ends) in at most 2 points a column.

        Where there are more points than columns, each column gives its minimum and its maximum, so
        that no spike is lost.
        """
        steps, values = self._sorted()
        first = 0 if low is None else int(np.searchsorted(steps, math.ceil(low), side="left"))
        end = (
            len(steps) if high is None else int(np.searchsorted(steps, math.floor(high), side="right"))
        )
        if end - first <= 2 * columns:
            return Points(steps[first:end].astype(np.float64), values[first:end].copy())
        if not self._ordered:
            return _column_extremes(steps[first:end], values[first:end], columns)
        return self._from_pyramid(first, end, columns)

    def _sorted(self) -> tuple[Steps, Floats]:
        if self._ordered:
            return self.steps, self.values
        order = np.argsort(self.steps, kind="stable")
        return self.steps[order], self.values[order]

    def _from_pyramid(self, first: int, end: int, columns: int) -> Points:
        starts = _column_starts(self.steps[first:end], columns) + first
        typical = (end - first) / (columns * BLOCKS_PER_COLUMN)
        level = min(max(int(np.log(typical) / np.log(FANOUT)), 0), len(self._levels))
        block = FANOUT**level
        low, high = self._level(level)
        stop = -(-end // block)
        blocks = _distinct(starts // block)
        minimum = np.fmin.reduceat(low[:stop], blocks)
        maximum = np.fmax.reduceat(high[:stop], blocks)
        x = self.steps[np.maximum(blocks * block, first)].astype(np.float64)
        return _interleave(x, minimum, maximum)

    def _level(self, level: int) -> tuple[Floats, Floats]:
        """Minimum and maximum of each block of the level, the unfinished last one included."""
        if level == 0:
            return self.values, self.values
        low, high = (column.view() for column in self._levels[level - 1])
        rest = self.values[len(low) * FANOUT**level :]
        if not len(rest):
            return low, high
        return (
            np.append(low, np.fmin.reduce(rest)),
            np.append(high, np.fmax.reduce(rest)),
        )

    def _build(self) -> None:
        """Complete every level with the blocks that became whole."""
        lower = upper = self.values
        level = 1
        while len(self) >= FANOUT**level:
            if len(self._levels) < level:
                self._levels.append((_Column(np.float64), _Column(np.float64)))
            low, high = self._levels[level - 1]
            done, whole = low.length, len(lower) // FANOUT
            if whole > done:
                span = slice(done * FANOUT, whole * FANOUT)
                low.extend(np.fmin.reduce(lower[span].reshape(-1, FANOUT), axis=1))
                high.extend(np.fmax.reduce(upper[span].reshape(-1, FANOUT), axis=1))
            lower, upper = low.view(), high.view()
            level += 1


def _column_starts(steps: Steps, columns: int) -> NDArray[np.intp]:
    """Index of the first point of each of `columns` equal spans of steps."""
    edges = np.linspace(steps[0], steps[-1], columns + 1)[:-1]
    # Whole edges: a real one would make searchsorted convert all of the steps.
    return np.searchsorted(steps, np.ceil(edges).astype(np.int64), side="left")


def _distinct(rising: NDArray[np.intp]) -> NDArray[np.intp]:
    """Each number once; `np.unique` imports numpy.ma for it, which takes longer than any drawing."""
    return rising[np.diff(rising, prepend=rising[0] - 1) > 0]


def _column_extremes(steps: Steps, values: Floats, columns: int) -> Points:
    starts = _distinct(_column_starts(steps, columns))
    return _interleave(
        steps[starts].astype(np.float64),
        np.fmin.reduceat(values, starts),
        np.fmax.reduceat(values, starts),
    )


def _interleave(x: Floats, low: Floats, high: Floats) -> Points:
    return Points(np.repeat(x, 2), np.stack([low, high], axis=1).reshape(-1))
