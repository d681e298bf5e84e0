"""The arithmetic of comparing runs: what held in each, what differs, and how each metric came out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Literal

import numpy as np

from workbench.params import Value
from workbench.runs import control
from workbench.runs.folder import Manifest
from workbench.runs.history import History
from workbench.runs.series import Series

Direction = Literal["min", "max", ""]


@dataclass(frozen=True)
class Reading:
    """A value of a metric and the step it was recorded at."""

    value: float
    step: int


@dataclass(frozen=True)
class Outcome:
    """How a metric came out; `lowest` and `highest` are None where no value is finite."""

    final: Reading
    lowest: Reading | None = None
    highest: Reading | None = None

    def best(self, direction: Direction) -> Reading | None:
        """The best value; None where it is not known which way is better."""
        return {"min": self.lowest, "max": self.highest, "": None}[direction]


def parameters_held(
    manifest: Manifest, launches: Sequence[control.Launch], history: History, step: int | None = None
) -> dict[str, Value]:
    """The parameters that held at a step (default: the last): declared, relaunched, set while alive."""
    began = {started.attempt: started for started in history.started}
    changes: list[tuple[float, Mapping[str, Value]]] = [
        (change.time, {change.name: change.value})
        for change in history.parameters_set
        if step is None or change.step <= step
    ]
    for attempt, launched in enumerate(launches, 1):
        # By the worker's clock, as the changes; an attempt that never began is the newest word.
        started = began.get(attempt)
        if started is None or step is None or started.step <= step:
            changes.append((started.time if started else math.inf, launched.parameters))
    values = dict(manifest.parameters)
    for _, changed in sorted(changes, key=itemgetter(0)):
        values.update(changed)
    return values


def in_order(several: Iterable[Iterable[str]]) -> list[str]:
    """Every name once, in order of appearance."""
    return list(dict.fromkeys(name for names in several for name in names))


def differing(parameters: Sequence[Mapping[str, Value]]) -> list[str]:
    """Names whose values are not the same in all runs, in order of appearance."""
    names = in_order(parameters)
    # By their texts: 1 and True, and 1 and 1.0, are equal and yet not the same parameter.
    return [name for name in names if len({repr(held.get(name)) for held in parameters}) > 1]


def outcome(series: Series | None) -> Outcome | None:
    """Last, lowest and highest value of a metric; None where nothing was recorded."""
    if series is None or not len(series):
        return None
    steps, values = series.steps, series.values
    final = Reading(series.last, int(steps[-1]))
    finite = np.flatnonzero(np.isfinite(values))
    if not finite.size:
        return Outcome(final)
    low, high = (finite[pick(values[finite])] for pick in (np.argmin, np.argmax))
    return Outcome(final, *(Reading(float(values[at]), int(steps[at])) for at in (low, high)))


def direction(metric: str, monitor: str, mode: str) -> Direction:
    """Which way a metric is better: known for the monitored one and for the same of another split."""
    if monitor and mode in {"min", "max"} and _quantity(metric) == _quantity(monitor):
        return "min" if mode == "min" else "max"
    return ""


def leaders(values: Sequence[float | None], better: Direction) -> set[int]:
    """Which of the values are the best; none where all are the same or no direction is known."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not better or len(set(known)) < 2:
        return set()
    best = min(known) if better == "min" else max(known)
    return {index for index, value in enumerate(values) if value == best}


def _quantity(metric: str) -> str:
    """`train/loss` and `val/loss` measure `loss`."""
    return metric.partition("/")[2] or metric
