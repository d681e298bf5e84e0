"""What every plot of a study is made of: panels, the same as a table, and words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.figures.lines import Line
from workbench.figures.panels import Floats, Panel
from workbench.tui.study.facts import StudyView
from workbench.tuning.points import Flags, Points
from workbench.tuning.weights import Weights

# Colours of the palette by what they say, the same in every plot.
COMPLETE, BEST, GOOD, PRUNED, FAILED, RUNNING = 0, 1, 2, 3, 4, 5
MARGIN = 0.03  # of an axis of numbers, so that no point stands on its end


@dataclass(frozen=True, eq=False)
class Plot:
    """Panels and the same as a table; `note` says what is to know of them.

    Attributes:
        empty: why there is nothing to see.
        about: the names of what was chosen for it, where something can be.
        columns: the names of the table's columns.
        planes: how many things can be chosen for its axes.
        log_y: whether its values can be drawn on a logarithmic axis.
    """

    panels: Sequence[Panel] = ()
    note: str = ""
    empty: str = ""
    about: Sequence[str] = ()
    columns: Sequence[str] = ()
    rows: Callable[[], Sequence[Sequence[object]]] = field(default=lambda: ())
    planes: int = 0
    log_y: bool = False


@dataclass(frozen=True)
class Moment:
    """When a plot is drawn: spans that have not ended go on until then (seconds since 1970)."""

    now: float
    weights: Weights | None = None


def dots(name: str, x: Floats, y: Floats, colour: int) -> Line:
    """Points that are not joined."""
    return Line(name, x, y, colour, joined=False)


def pair(view: StudyView, count: int) -> tuple[int, int]:
    """Two different places out of `count`."""
    across = view.across % count
    up = view.up % count
    return across, up if up != across else (up + 1) % count


def about(points: Points, view: StudyView) -> tuple[str, ...]:
    """The metric that is drawn, where there are several."""
    return (points.plan.objectives[view.metric].metric,) if points.plan.has_several else ()


def best_of(points: Points, metric: int) -> Flags:
    """The best trial alone."""
    found = np.zeros(len(points.trials), np.bool_)
    complete = points.complete(metric)
    if complete.any():
        sign = 1.0 if points.plan.objectives[metric].direction == "min" else -1.0
        found[int(np.argmin(np.where(complete, sign * points.values[:, metric], np.inf)))] = True
    return found


def nothing_complete(known: NDArray[Any]) -> str:
    """Why there is nothing to see where nothing is known."""
    return "" if known.any() else "no trial has a value yet"


def columns_of(points: Points) -> list[str]:
    """The columns of a table of all trials."""
    return [
        *("trial", "state"),
        *(one.metric for one in points.plan.objectives),
        *(axis.name for axis in points.axes),
    ]


def rows_of(points: Points) -> list[Sequence[object]]:
    """The rows of that table."""
    return [
        (
            *(trial.number, trial.state),
            *plain_values(row),
            *(trial.parameters.get(axis.name) for axis in points.axes),
        )
        for trial, row in zip(points.trials, points.values, strict=True)
    ]


def plain_values(values: Floats) -> list[float | None]:
    """The values as they are written into a table."""
    return [value if np.isfinite(value) else None for value in values.tolist()]
