"""One metric over the steps of a run, held so that drawing costs O(columns) whatever its length."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench.runs import smoothing
from workbench.runs.axis import Axis, Column, Floats, Steps

FANOUT = 32
# A column whose borders are rounded to a quarter of its width still looks right.
BLOCKS_PER_COLUMN = 4
LARGEST_STEP = 2.0**62


class Points(NamedTuple):
    """Points to draw, in order of x; x and y are of one length."""

    x: Floats
    y: Floats


class Stretch(NamedTuple):
    """A part of a series, in the order of its axis; the three are of one length."""

    steps: Steps
    times: Floats
    values: Floats


class Series:
    """Steps (int64), times (s since 1970) and values of one metric, with a min/max pyramid.

    Level k of the pyramid holds the minimum and maximum of each whole block of FANOUT**k points.
    """

    def __init__(self, name: str, axis: Axis | None = None) -> None:
        self.name = name
        self._clear(axis)

    def _clear(self, axis: Axis | None = None) -> None:
        self._axis = Axis() if axis is None else axis
        self._axis.users += 1
        self._values = Column(np.float64)
        self._levels: list[tuple[Column[np.float64], Column[np.float64]]] = []
        self._sums = smoothing.BlockSums()
        self._not_finite = Column(np.int64)
        self._ordered = self._times_ordered = True
        self._begun_at: int | None = None

    def __len__(self) -> int:
        return self._values.length

    @property
    def steps(self) -> Steps:
        return self._axis.steps.view()[: len(self)]

    @property
    def times(self) -> Floats:
        return self._axis.times.view()[: len(self)]

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
        self._note_times(times)
        self._not_finite.extend(np.flatnonzero(~np.isfinite(values)) + len(self))
        self._extend_axis(steps, times)
        self._values.extend(values)
        self._build()

    def _extend_axis(self, steps: Steps, times: Floats) -> None:
        axis = self._axis
        if axis.has(len(self), steps):
            return
        if axis.steps.length != len(self):
            axis = self._axis = axis.apart(len(self))
        axis.extend(steps, times)

    def _note_times(self, times: Floats) -> None:
        """A clock may jump back; then times are no order that could be searched."""
        continues = not len(self) or times[0] >= self.times[-1]
        self._times_ordered = self._times_ordered and bool(continues and np.all(np.diff(times) >= 0))

    def truncate(self, step: int) -> None:
        """Forget what came after `step`: a new attempt began there.

        What it records at `step` itself takes the place of what is there: its forerunner may have
        recorded that after the checkpoint, as the results of a test at the very end.
        """
        if not self._ordered:
            mask = self.steps <= step
            kept = self.steps[mask], self.times[mask], self.values[mask]
            self._axis.users -= 1
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
        if self._axis.users > 1:
            self._axis = self._axis.apart(keep)
        self._axis.keep(keep)
        self._values.length = keep
        self._sums.keep(keep)
        self._not_finite.length = int(np.searchsorted(self._not_finite.view(), keep))
        for level, columns in enumerate(self._levels, 1):
            for column in columns:
                column.length = min(column.length, keep // FANOUT**level)

    def points(self, columns: int, low: float | None = None, high: float | None = None) -> Points:
        """The curve between two steps (inclusive, None for the ends) in at most 2 points a column.

        Where there are more points than columns, each column gives its minimum and its maximum, so
        that no spike is lost.
        """
        _, (steps, _, values) = self._arranged(by_time=False)
        first = 0 if low is None else int(np.searchsorted(steps, math.ceil(low), side="left"))
        end = (
            len(steps) if high is None else int(np.searchsorted(steps, math.floor(high), side="right"))
        )
        if end - first <= 2 * columns:
            return Points(steps[first:end].astype(np.float64), values[first:end].copy())
        if not self._ordered:
            return _column_extremes(steps[first:end], values[first:end], columns)
        return self._from_pyramid(first, end, columns)

    def bounds(self, *, by_time: bool = False) -> tuple[float, float]:
        """The first and the last step, or time; NaN where there are no points."""
        if not len(self):
            return math.nan, math.nan
        keys = self.times if by_time else self.steps
        if self._times_ordered if by_time else self._ordered:
            return float(keys[0]), float(keys[-1])
        return float(keys.min()), float(keys.max())

    def stretch(self, edges: Floats, *, by_time: bool = False) -> Stretch:
        """What is seen of the curve in columns between rising `edges`, which are steps or times.

        Where there are more points than columns, each column gives its minimum, its maximum and
        its first value that is not finite, so that neither a spike nor a gap is lost. One point
        beyond each end comes with it, for the line that leads there.
        """
        keys, whole = self._arranged(by_time)
        first, end = _span(keys, edges)
        if end - first <= 2 * (len(edges) - 1):
            some = slice(max(first - 1, 0), end + 1)
            return Stretch(whole.steps[some], whole.times[some], whole.values[some])
        starts = _distinct(np.clip(_search(keys, edges[:-1]), first, end - 1))
        recorded = by_time or self._ordered
        lows, highs = self._extremes(whole.values, starts, end, recorded)
        odd = self._odd(whole.values, starts, end, recorded)
        places = np.concatenate(
            [np.repeat(starts, 2), odd, [max(first - 1, 0), min(end, len(keys) - 1)]]
        )
        values = np.concatenate(
            [np.stack([lows, highs], axis=1).reshape(-1), whole.values[places[2 * len(starts) :]]]
        )
        order = np.argsort(places, kind="stable")
        places = places[order]
        return Stretch(whole.steps[places], whole.times[places], values[order])

    def smoothed(self, weight: float, edges: Floats, *, by_time: bool = False) -> Stretch:
        """The moving average between the outer two of `edges`, and a little beyond."""
        keys, whole = self._arranged(by_time)
        first, end = _span(keys, edges)
        if not len(keys):
            return whole
        size = smoothing.bucket_size(end - first)
        seen = max(first // size - 1, 0)
        stop = min(end // size + 1, -(-len(keys) // size))
        begin = max(seen - smoothing.warm_up(weight), 0)
        sums = self._sums if by_time or self._ordered else smoothing.BlockSums()
        means = sums.means(whole.values, size, begin, stop)
        values = smoothing.smoothed(means.tolist(), weight)[seen - begin :]
        lasts = np.minimum((np.arange(seen, stop) + 1) * size, len(keys)) - 1
        return Stretch(whole.steps[lasts], whole.times[lasts], values)

    def nearest(self, key: float, *, by_time: bool = False) -> float | None:
        """The value of the point that is closest to a step or time; None beyond the ends."""
        keys, whole = self._arranged(by_time)
        if not len(keys) or not keys[0] <= key <= keys[-1]:
            return None
        after = min(int(_search(keys, np.array([key]))[0]), len(keys) - 1)
        before = max(after - 1, 0)
        return float(whole.values[before if key - keys[before] < keys[after] - key else after])

    def time_at(self, step: float) -> float | None:
        """When the point was recorded that is the first at a step or after it, else the last one."""
        steps, whole = self._arranged(by_time=False)
        if not len(steps):
            return None
        return float(whole.times[min(int(np.searchsorted(steps, step)), len(steps) - 1)])

    def _arranged(self, by_time: bool) -> tuple[Steps | Floats, Stretch]:
        """What can be searched, and the series in that order."""
        if by_time:
            times = self.times if self._times_ordered else np.maximum.accumulate(self.times)
            return times, Stretch(self.steps, times, self.values)
        if self._ordered:
            return self.steps, Stretch(self.steps, self.times, self.values)
        order = np.argsort(self.steps, kind="stable")
        whole = Stretch(self.steps[order], self.times[order], self.values[order])
        return whole.steps, whole

    def _extremes(
        self, values: Floats, starts: NDArray[np.intp], end: int, recorded: bool
    ) -> tuple[Floats, Floats]:
        """Minimum and maximum from each start to the next.

        Columns are of any width, so each is taken from the level of the pyramid that suits it.
        """
        if not recorded:
            return np.fmin.reduceat(values[:end], starts), np.fmax.reduceat(values[:end], starts)
        stops = np.append(starts[1:], end)
        fit = np.log(np.maximum((stops - starts) / BLOCKS_PER_COLUMN, 1)) / np.log(FANOUT)
        levels = np.clip(fit.astype(np.int64), 0, len(self._levels))
        low, high = np.empty(len(starts)), np.empty(len(starts))
        for level in _distinct(np.sort(levels)).tolist():
            chosen = levels == level
            block = FANOUT**level
            lows, highs = self._level(level)
            pairs = np.stack([starts[chosen] // block, -(-stops[chosen] // block)], axis=1).reshape(-1)
            pairs = pairs[: -1 if pairs[-1] >= len(lows) else None]
            low[chosen] = np.fmin.reduceat(lows, pairs)[::2]
            high[chosen] = np.fmax.reduceat(highs, pairs)[::2]
        return low, high

    def _odd(
        self, values: Floats, starts: NDArray[np.intp], end: int, recorded: bool
    ) -> NDArray[np.intp]:
        """The first point of each column that is not finite."""
        known = self._not_finite.view() if recorded else np.flatnonzero(~np.isfinite(values))
        low, high = np.searchsorted(known, [starts[0], end])
        known = known[low:high]
        if not len(known):
            return known
        columns = np.searchsorted(starts, known, side="right")
        return known[np.flatnonzero(np.diff(columns, prepend=-1))]

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
                self._levels.append((Column(np.float64), Column(np.float64)))
            low, high = self._levels[level - 1]
            done, whole = low.length, len(lower) // FANOUT
            if whole > done:
                span = slice(done * FANOUT, whole * FANOUT)
                low.extend(np.fmin.reduce(lower[span].reshape(-1, FANOUT), axis=1))
                high.extend(np.fmax.reduce(upper[span].reshape(-1, FANOUT), axis=1))
            lower, upper = low.view(), high.view()
            level += 1


def _search(keys: Steps | Floats, edges: Floats) -> NDArray[np.intp]:
    """Index of the first point at or after each edge."""
    if keys.dtype == np.int64:
        # Whole edges: real ones would make searchsorted convert all of the steps.
        edges = np.ceil(np.clip(edges, -LARGEST_STEP, LARGEST_STEP)).astype(np.int64)
    return np.searchsorted(keys, edges, side="left")


def _span(keys: Steps | Floats, edges: Floats) -> tuple[int, int]:
    """The points between the outer edges (inclusive): the first, and the one behind the last."""
    first = int(_search(keys, edges[:1])[0])
    beyond = np.nextafter(edges[-1], np.inf)
    if keys.dtype == np.int64:
        beyond = np.floor(edges[-1]) + 1
    return first, max(int(_search(keys, np.array([beyond]))[0]), first)


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
