"""Plots over a study's trials and its time: history, Pareto front, workers; and importances."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from workbench.figures.data import Bars
from workbench.figures.lines import Frame, Line, Mark
from workbench.figures.panels import Chart, Floats, Span, Spans
from workbench.tui.study.facts import StudyView
from workbench.tui.study.plot import (
    BEST,
    COMPLETE,
    FAILED,
    MARGIN,
    PRUNED,
    RUNNING,
    Plot,
    about,
    dots,
    pair,
    plain_values,
)
from workbench.tuning.points import Points, best_so_far, workers_lanes
from workbench.tuning.trials import TrialRecord, TrialState
from workbench.tuning.weights import Weights

_STATES: tuple[tuple[TrialState, str, int], ...] = (
    ("complete", "complete", COMPLETE),
    ("pruned", "pruned", PRUNED),
    ("failed", "failed", FAILED),
    ("running", "running", RUNNING),
    ("again", "tried again", BEST),
)


def history(points: Points, view: StudyView) -> Plot:
    """The value of each trial, and the best so far."""
    metric = points.plan.metric
    values, numbers = points.values[:, 0], points.numbers
    complete, pruned, failed = points.complete(), points.having("pruned"), points.having("failed")
    best = best_so_far(np.where(complete, values, np.nan), points.plan.direction)
    lines = [
        dots("complete", numbers[complete], values[complete], COMPLETE),
        dots("pruned", numbers[pruned], values[pruned], PRUNED),
        Line("best so far", *_stairs(numbers, best), BEST),
    ]
    # One with a value where there is none to compare, as a failed one, stands on the axis.
    lost = failed | (pruned & ~np.isfinite(values)) | (points.having("complete") & ~complete)
    frame = Frame(
        metric,
        "trial",
        log_y=view.log_y,
        faults=[Mark(number, "") for number in numbers[lost].tolist()],
        x_limits=_reach(numbers),
    )
    counted = [f"{count} {said}" for count, said in _counts(points)]
    return Plot(
        [Chart([line for line in lines if len(line.x)], frame)],
        note=" · ".join([*counted, *(["× no value"] if lost.any() else [])]),
        columns=("trial", "state", metric, "best so far"),
        rows=lambda: [
            (trial.number, trial.state, trial.value, value)
            for trial, value in zip(points.trials, plain_values(best), strict=True)
        ],
        log_y=True,
    )


def pareto(points: Points, view: StudyView) -> Plot:
    """Two of several metrics, and the trials that no other one beats in all of them."""
    objectives = points.plan.objectives
    across, up = pair(view, len(objectives))
    kept, best = points.compared(), points.on_front()
    complete = np.isfinite(kept).all(axis=1)
    x, y = kept[:, across], kept[:, up]
    order = np.flatnonzero(best)[np.argsort(x[best], kind="stable")]
    pruned = points.having("pruned")
    lines = [
        dots("beaten", x[complete & ~best], y[complete & ~best], COMPLETE),
        dots("pruned", points.values[pruned, across], points.values[pruned, up], PRUNED),
        dots("Pareto front", x[order], y[order], BEST),
    ]
    if len(objectives) == 2:  # of more, the front is no line in the plane of two
        lines.append(Line("", x[order], y[order], BEST, faint=True))
    names = [f"{one.metric} ({one.direction})" for one in objectives]
    frame = Frame("", names[across], names[up], log_y=view.log_y, margin_x=MARGIN)
    many = len(objectives) > 2
    return Plot(
        [Chart([line for line in lines if len(line.x)], frame)],
        note=f"{int(best.sum())} of {int(complete.sum())} on the front",
        empty="" if complete.any() else "no complete trial yet",
        columns=("trial", "state", *(one.metric for one in objectives), "on the front"),
        rows=lambda: [
            (trial.number, trial.state, *plain_values(row), bool(on))
            for trial, row, on in zip(points.trials, points.values, best, strict=True)
        ],
        planes=len(objectives) if many else 0,
        about=(objectives[across].metric, objectives[up].metric) if many else (),
        log_y=True,
    )


def workers(points: Points, now: float) -> Plot:
    """When each trial was at work, in the lane of its worker."""
    timed = [trial for trial in points.everything if trial.began > 0]
    if not timed:
        return Plot(empty="no trial has begun yet")
    began = np.array([one.began for one in timed])
    ended = np.array([one.ended or now for one in timed])
    lane, count = workers_lanes(timed, ended)
    start = float(began.min())
    seen = {one.state for one in timed}
    legend = [(name, colour) for state, name, colour in _STATES if state in seen]
    kinds = {state: index for index, state in enumerate(s for s, _, _ in _STATES if s in seen)}
    spans = [
        Span(at, one.began - start, max(end, one.began) - start, kinds[one.state])
        for one, end, at in zip(timed, ended.tolist(), lane, strict=True)
    ]
    length = max(float(ended.max()) - start, 1e-3)
    busy = float((ended - began).clip(0).sum()) / (length * count)
    lives = any(one.state == "running" for one in timed)
    spans.sort(key=lambda span: span.begin)
    return Plot(
        [Spans("", [str(at + 1) for at in range(count)], spans, legend, _later(length, lives))],
        note=f"{count} at once{_elsewhere(timed, lane)}, {busy:.0%} busy",
        columns=("trial", "run", "state", "lane", "worker", "pid", "device", "began", "ended"),
        rows=lambda: [
            (
                *(one.number, one.full_name, one.state, at + 1, one.worker or None, one.pid or None),
                *(one.device or None, one.began, one.ended or None),
            )
            for one, at in zip(timed, lane, strict=True)
        ],
    )


def _elsewhere(trials: Sequence[TrialRecord], lane: Sequence[int]) -> str:
    count = len({at for one, at in zip(trials, lane, strict=True) if one.study})
    return f" ({count} in other studies)" if count else ""


def importances(points: Points, view: StudyView, weights: Weights | None) -> Plot:
    """How much of the value's differences each parameter explains, as Optuna's evaluators say."""
    if weights is None:
        return Plot(empty="Optuna weighs the parameters …")
    shown = [one for one in weights.of if one.metric == view.metric]
    if weights.fault or not shown:
        return Plot(empty=weights.fault or "Optuna weighs the parameters …")
    panels = [
        Bars(f"{one.evaluator}{f': {one.fault}' if one.fault else ''}", *_bars(one.importances))
        for one in shown
    ]
    return Plot(
        panels,
        note=f"{points.plan.objectives[view.metric].metric} of {weights.trials} trials",
        about=about(points, view),
        columns=("evaluator", "parameter", "importance"),
        rows=lambda: [
            (one.evaluator, name, value) for one in shown for name, value in one.importances.items()
        ],
    )


def _bars(found: Mapping[str, float]) -> tuple[list[str], list[float]]:
    return list(found), list(found.values())


def _reach(numbers: Floats) -> tuple[float, float]:
    """From where to where trials are counted: of a study that joined another one not from 0."""
    first, last = float(numbers[0]), _roomy(int(numbers[-1]))
    return (first if first > last / 2 else 0.0), last


def _roomy(last: int) -> float:
    """Where an axis of trials ends: a little beyond the last one, so that it moves rarely."""
    step = max(2 ** (max(last, 1).bit_length() - 4), 1)
    return float((last // step + 1) * step)


def _later(length: float, lives: bool) -> float:
    """Where an axis of time ends: for a study that lives a little later, so that it moves rarely."""
    if not lives:
        return length
    step = 2.0 ** (math.floor(math.log2(length)) - 3)
    return math.ceil(length / step + 0.5) * step


def _stairs(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """A line that keeps each value until the next one."""
    return np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]


def _counts(points: Points) -> list[tuple[int, str]]:
    found = [(int(points.having(state).sum()), said) for state, said, _ in _STATES]
    return [(count, said) for count, said in found if count]
