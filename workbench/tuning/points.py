"""The trials of a study as numbers: places on axes, the best so far, lanes of time, a surface."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workbench.figures.scale import short
from workbench.params import Value
from workbench.tuning.space import Dimension
from workbench.tuning.study import Plan
from workbench.tuning.trials import TrialRecord, TrialState
from workbench.units import number

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

REACH = 0.08  # of an axis' length: how far the value of a trial reaches in a surface
_LEAST_WEIGHT = 0.02
_SPREAD = 0.6  # of the room of a choice
_GOLDEN = 0.618034  # whose multiples fill a band evenly


@dataclass(frozen=True)
class ParameterAxis:
    """Where the values of a searched parameter stand: numbers as they are, choices in a row from 0."""

    dimension: Dimension

    @property
    def name(self) -> str:
        return self.dimension.name

    @property
    def log(self) -> bool:
        """Whether its places are told apart by their ratios."""
        return self.dimension.log and self.dimension.low > 0

    @property
    def limits(self) -> tuple[float, float]:
        """The ends of what is searched; of choices with half a step of room."""
        if self.dimension.kind == "choice":
            return -0.5, len(self.dimension.values) - 0.5
        return self.dimension.low, self.dimension.high

    @property
    def bands(self) -> int:
        """How many choices there are; 0 for numbers."""
        return len(self.dimension.values)

    @property
    def names(self) -> tuple[tuple[float, str], ...]:
        """The places of choices, with their names; nothing for numbers."""
        return tuple((float(at), word(value)) for at, value in enumerate(self.dimension.values))

    def place(self, value: Value | None) -> float:
        """NaN for what has no place: a value that is missing, of another kind, or of no choice."""
        if self.dimension.kind == "choice":
            alike = (at for at, one in enumerate(self.dimension.values) if _is_same(one, value))
            return float(next(alike, np.nan))
        known = isinstance(value, int | float) and not isinstance(value, bool)
        return float(value) if known and value is not None else np.nan

    def places(self, trials: Iterable[TrialRecord]) -> Floats:
        """The places of all trials."""
        return np.array([self.place(one.parameters.get(self.name)) for one in trials], np.float64)

    def spread(self, places: Floats, numbers: Floats) -> Floats:
        """Places where trials of one choice do not cover one another: each a little beside it."""
        if not self.bands:
            return places
        return places + _SPREAD * ((numbers * _GOLDEN) % 1.0 - 0.5)

    def shares(self, places: Floats) -> Floats:
        """How far along the axis places are, from 0 to 1; NaN for what has none."""
        low, high = self.limits
        if high <= low:
            return np.where(np.isfinite(places), 0.5, np.nan)
        if self.log:
            with np.errstate(invalid="ignore"):
                logs: Floats = np.log(np.where(places > 0, places, np.nan) / low) / np.log(high / low)
            return logs
        return (places - low) / (high - low)

    def ends(self) -> tuple[str, str]:
        """What stands at its lower and upper end."""
        if self.dimension.kind == "choice":
            return word(self.dimension.values[0]), word(self.dimension.values[-1])
        return short(self.dimension.low), short(self.dimension.high)

    def wider(self, places: Floats) -> ParameterAxis:
        """The axis with room for places beyond its ends: a range may have been another one before."""
        known = places[np.isfinite(places)]
        if self.dimension.kind == "choice" or not known.size:
            return self
        low, high = min(self.dimension.low, known.min()), max(self.dimension.high, known.max())
        low = self.dimension.low if self.log and low <= 0 else low
        one = self.dimension
        return ParameterAxis(Dimension(one.name, one.kind, float(low), float(high), one.log))


@dataclass(frozen=True, eq=False)
class Points:
    """All trials of a study that count or may come to count, in the order of their numbers.

    Attributes:
        everything: these, and those that are tried again under another number.
        numbers: which trial each is.
        values: trials x metrics; NaN where there is none.
        axes: the searched parameters.
        places: where the trials stand on each axis, by its name.
    """

    plan: Plan
    everything: tuple[TrialRecord, ...] = ()
    trials: tuple[TrialRecord, ...] = ()
    numbers: Floats = field(default_factory=lambda: np.empty(0))
    values: Floats = field(default_factory=lambda: np.empty((0, 1)))
    axes: tuple[ParameterAxis, ...] = ()
    places: dict[str, Floats] = field(default_factory=dict)

    def having(self, *states: TrialState) -> Flags:
        """Which trials are in one of the states."""
        return np.array([one.state in states for one in self.trials], np.bool_)

    def complete(self, metric: int = 0) -> Flags:
        """Which trials ended well, with a number that can be compared."""
        return self.having("complete") & np.isfinite(self.values[:, metric])

    def compared(self) -> Floats:
        """The values of complete trials that have all of them; NaN for the others."""
        whole = self.having("complete") & np.isfinite(self.values).all(axis=1)
        return np.where(whole[:, None], self.values, np.nan)

    def on_front(self) -> Flags:
        """Which trials no other one beats in every metric."""
        return front(self.compared(), [one.direction for one in self.plan.objectives])


def points_of(plan: Plan, trials: Iterable[TrialRecord]) -> Points:
    """The trials as numbers; those that are tried again under another number have no place."""
    everything = tuple(sorted(trials, key=lambda one: one.number))
    kept = tuple(one for one in everything if one.state != "again")
    count = len(plan.objectives)
    values = np.array([_values(one, count) for one in kept], np.float64).reshape(len(kept), count)
    searched = [ParameterAxis(one) for one in plan.space.searched]
    places = {axis.name: axis.places(kept) for axis in searched}
    axes = tuple(axis.wider(places[axis.name]) for axis in searched)
    numbers = np.array([one.number for one in kept], np.float64)
    return Points(plan, everything, kept, numbers, values, axes, places)


def best_so_far(values: Floats, direction: str) -> Floats:
    """The best of all values up to each; NaN before the first that is finite."""
    sign = 1.0 if direction == "min" else -1.0
    costs = np.where(np.isfinite(values), sign * values, np.nan)
    return sign * np.fmin.accumulate(costs) if costs.size else costs


def front(values: Floats, directions: Sequence[str]) -> Flags:
    """Which rows of values no other one beats in every column; rows with gaps are in no front."""
    signs = np.array([1.0 if one == "min" else -1.0 for one in directions])
    kept = np.zeros(len(values), np.bool_)
    found = np.empty((0, len(signs)))
    known = np.flatnonzero(np.isfinite(values).all(axis=1))
    costs = values * signs
    # Sorted, so that whatever beats a row is in the front before it.
    for row in known[np.lexsort(costs[known].T[::-1])].tolist():
        one = costs[row]
        beaten = (found <= one).all(axis=1) & (found != one).any(axis=1)
        if not beaten.any():
            kept[row] = True
            found = np.vstack([found, one])
    return kept


def ranks(values: Floats, direction: str) -> Floats:
    """The share of the values that each is worse than, from 0 for the best; NaN stays."""
    order = values if direction == "min" else -values
    known = np.isfinite(order)
    shares = np.full(len(order), np.nan)
    shares[known] = np.argsort(np.argsort(order[known], kind="stable")) / max(known.sum() - 1, 1)
    return shares


def lanes(began: Floats, ended: Floats) -> tuple[list[int], int]:
    """The lane of each span, and how many there are: spans of one lane do not overlap.

    Each takes the first lane that is free when it begins. Spans may be in any order.
    """
    lane, count = [0] * len(began), 0
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    for index in np.argsort(began, kind="stable").tolist():
        while busy and busy[0][0] <= began[index]:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if free:
            lane[index] = heapq.heappop(free)
        else:
            lane[index], count = count, count + 1
        heapq.heappush(busy, (max(float(ended[index]), float(began[index])), lane[index]))
    return lane, count


def workers_lanes(trials: Sequence[TrialRecord], ended: Floats) -> tuple[list[int], int]:
    """The lane of each trial, and how many there are: a worker's trials are in one lane.

    Workers follow one another in a lane, as their spans do; those of other studies have lanes of their
    own, below. A trial whose worker is not known counts as having had one for itself.
    """
    lane, count = [0] * len(trials), 0
    for study in sorted({trial.study for trial in trials}):
        of_worker: dict[tuple[int, int], list[int]] = {}
        for index, trial in enumerate(trials):
            if trial.study == study:
                key = (trial.worker, 0 if trial.worker else trial.number)
                of_worker.setdefault(key, []).append(index)
        began = [min(trials[index].began for index in own) for own in of_worker.values()]
        last = [max(float(ended[index]) for index in own) for own in of_worker.values()]
        found, more = lanes(np.array(began), np.array(last))
        for at, own in zip(found, of_worker.values(), strict=True):
            for index in own:
                lane[index] = count + at
        count += more
    return lane, count


def surface(
    x: tuple[Floats, int], y: tuple[Floats, int], values: Floats, size: tuple[int, int]
) -> Floats:
    """The values between points, rows (from below) x columns of a grid; NaN where no point is near.

    A mean of all values, weighted by Gaussians of their distance. `x` and `y` are shares of the axes,
    each with how many choices it has, which keep to themselves; 0 for numbers.
    """
    columns, rows = size
    across = _nearness(x[0], columns, bands=x[1])
    down = _nearness(y[0], rows, bands=y[1])
    weights = down @ across.T
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        mixed: Floats = (down * values) @ across.T / weights
    return np.where(weights >= _LEAST_WEIGHT, mixed, np.nan)


def _nearness(shares: Floats, cells: int, *, bands: int) -> Floats:
    """How near each point is to each cell's middle: cells x points."""
    middles = (np.arange(cells) + 0.5) / cells
    distance = middles[:, None] - shares[None, :]
    if bands:
        return (np.abs(distance) <= 0.5 / bands).astype(np.float64)
    near: Floats = np.exp(-0.5 * (distance / REACH) ** 2)
    return near


def word(value: Value | None) -> str:
    """A parameter's value as it is read."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if value is None or isinstance(value, int | float) else value


def _is_same(one: Value, other: Value | None) -> bool:
    """Equal, where yes is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _values(trial: TrialRecord, count: int) -> list[float]:
    single = () if trial.value is None else (trial.value,)
    return [*(trial.values or single), *[np.nan] * count][:count]
