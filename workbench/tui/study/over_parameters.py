"""Plots over a study's parameters: slices, parallel axes, the contour of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from workbench import units
from workbench.figures.lines import Frame, Line
from workbench.figures.panels import Chart, Floats, Heat, Parallel, Upright
from workbench.tui.study.facts import StudyView
from workbench.tui.study.plot import (
    BEST,
    COMPLETE,
    MARGIN,
    PRUNED,
    Plot,
    about,
    best_of,
    columns_of,
    dots,
    nothing_complete,
    pair,
    rows_of,
)
from workbench.tuning.points import Flags, ParameterAxis, Points, ranks, surface

MOST_PARALLEL = 150  # lines; more would be a carpet, and slow
GRID = (96, 64)  # cells of a surface: more than a terminal shows
_BEST_SHARE, _GOOD_SHARE = 0.1, 0.5


def slices(points: Points, view: StudyView) -> Plot:
    """The values over each parameter."""
    values = points.values[:, view.metric]
    complete, pruned = points.complete(view.metric), points.having("pruned")
    best = best_of(points, view.metric)
    kinds = complete & ~best, pruned, best
    metric = points.plan.objectives[view.metric].metric
    frame = Frame(y_label=metric if points.plan.has_several else "", log_y=view.log_y)
    panels = [
        _slice(axis, axis.spread(points.places[axis.name], points.numbers), values, kinds, frame)
        for axis in points.axes
    ]
    return Plot(
        panels,
        note=metric,
        empty=nothing_complete(complete | pruned),
        about=about(points, view),
        columns=columns_of(points),
        rows=lambda: rows_of(points),
        log_y=True,
    )


def _slice(
    axis: ParameterAxis, places: Floats, values: Floats, kinds: Sequence[Flags], frame: Frame
) -> Chart:
    named = zip(("complete", "pruned", "best"), kinds, (COMPLETE, PRUNED, BEST), strict=True)
    lines = [dots(name, places[kind], values[kind], colour) for name, kind, colour in named]
    framed = replace(
        frame,
        title=axis.name,
        log_x=axis.log,
        x_limits=axis.limits,
        x_ticks=axis.names,
        margin_x=0.0 if axis.bands else MARGIN,
    )
    return Chart([line for line in lines if len(line.x)], framed)


def parallel(points: Points, view: StudyView) -> Plot:
    """Each trial as a line over all parameters to its value."""
    values = points.values[:, view.metric]
    objective = points.plan.objectives[view.metric]
    known = np.flatnonzero(points.complete(view.metric))
    if not known.size:
        return Plot(empty=nothing_complete(known))
    rank = ranks(values[known], objective.direction)
    shown = _thinned(rank)
    low, high = float(values[known].min()), float(values[known].max())
    shares = [axis.shares(points.places[axis.name])[known] for axis in points.axes]
    result = (
        (values[known] / 2 - low / 2) / ((high / 2 - low / 2) or 1.0) if high > low else rank * 0 + 0.5
    )
    table = np.stack([*shares, result], axis=1)[shown]
    groups = (
        ("worse half", rank[shown] > _GOOD_SHARE, COMPLETE, True),
        ("better half", (rank[shown] <= _GOOD_SHARE) & (rank[shown] > _BEST_SHARE), COMPLETE, False),
        ("best tenth", rank[shown] <= _BEST_SHARE, BEST, False),
    )
    lines = [_polylines(name, table[kind], colour, faint) for name, kind, colour, faint in groups]
    ends = [Upright(axis.name, *axis.ends(), axis.names) for axis in points.axes]
    last = Upright(objective.metric, units.number(low), units.number(high))
    part = f"{len(shown)} of {len(known)} trials" if len(shown) < len(known) else f"{len(known)} trials"
    return Plot(
        [Parallel("", [*ends, last], [line for line in lines if len(line.x)])],
        note=part,
        about=about(points, view),
        columns=columns_of(points),
        rows=lambda: rows_of(points),
    )


def contour(points: Points, view: StudyView) -> Plot:
    """The values over the plane of two parameters, between the trials as a mean of those near."""
    if len(points.axes) < 2:
        return Plot(empty="a contour is drawn over two parameters, and this study searches one")
    first, second = pair(view, len(points.axes))
    across, up = points.axes[first], points.axes[second]
    objective = points.plan.objectives[view.metric]
    x, y = points.places[across.name], points.places[up.name]
    known = points.complete(view.metric) & np.isfinite(x) & np.isfinite(y)
    best = best_of(points, view.metric) & known
    values = points.values[:, view.metric]
    grid = surface(
        (across.shares(x)[known], across.bands), (up.shares(y)[known], up.bands), values[known], GRID
    )
    frame = Frame(
        x_label=across.name,
        y_label=up.name,
        log_x=across.log,
        log_y=up.log,
        x_limits=across.limits,
        y_limits=up.limits,
        x_ticks=across.names,
        y_ticks=up.names,
    )
    marks = [
        dots("trials", x[known & ~best], y[known & ~best], COMPLETE),
        dots("best", x[best], y[best], BEST),
    ]
    return Plot(
        [Heat(grid, marks, frame, objective.metric)],
        note=f"{across.name} × {up.name}",
        empty=nothing_complete(known),
        columns=("trial", across.name, up.name, objective.metric),
        rows=lambda: [
            (
                points.trials[at].number,
                points.trials[at].parameters.get(across.name),
                points.trials[at].parameters.get(up.name),
                float(values[at]),
            )
            for at in np.flatnonzero(known).tolist()
        ],
        planes=len(points.axes),
        about=(across.name, up.name, *about(points, view)),
    )


def _polylines(name: str, table: Floats, colour: int, faint: bool) -> Line:
    """All rows as one line with gaps between them."""
    count, axes = table.shape
    gap = np.full((count, 1), np.nan)
    x = np.hstack([np.broadcast_to(np.arange(axes, dtype=np.float64), (count, axes)), gap])
    return Line(name, x.ravel(), np.hstack([table, gap]).ravel(), colour, faint=faint)


def _thinned(rank: Floats) -> NDArray[np.intp]:
    """Which of many trials are drawn: the best ones, and evenly as many of the others as fit."""
    order = np.argsort(rank, kind="stable")
    if len(order) <= MOST_PARALLEL:
        return order
    best = order[: min(int(len(order) * _BEST_SHARE) + 1, MOST_PARALLEL // 2)]
    rest = order[len(best) :]
    step = np.linspace(0, len(rest) - 1, MOST_PARALLEL - len(best)).astype(np.intp)
    return np.concatenate([best, rest[step]])
