"""Live metric curves, as the interface and `workbench watch` draw them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from workbench.figures.cells import Pen
from workbench.figures.lines import Frame, Line, Mark

__all__ = ["Line", "Mark", "draw_lines", "sparkline"]

_LEVELS = "▁▂▃▄▅▆▇█"


def draw_lines(
    lines: Sequence[Line],
    width: int,
    height: int,
    *,
    title: str = "",
    x_label: str = "step",
    log_x: bool = False,
    log_y: bool = False,
    marks: Sequence[Mark] = (),
    colour: bool = True,
    unicode: bool = True,
) -> list[str]:
    """At most `height` lines of at most `width` cells with ANSI colours: the curves on axes.

    NaN and infinity break a line; values that are not positive are left out on log axes.
    Several lines get a legend. Names, title and labels are shown as text, never obeyed.
    """
    # Drawing loads plotext, half a second that a program must not wait for until it draws.
    from workbench.figures.chart import draw_chart  # noqa: PLC0415

    frame = Frame(title, x_label, log_x=log_x, log_y=log_y, marks=marks)
    return draw_chart(lines, frame, (width, height), Pen(colour, unicode))


def sparkline(values: Sequence[float], width: int) -> str:
    """`values` as bars of eight heights in at most `width` cells; NaN leaves a blank.

    More values than cells are averaged; infinities stand at the ends of the scale.
    """
    shown = [_mean(part) for part in _parts(values, width)]
    finite = [value for value in shown if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    return "".join(_bar(value, low, high) for value in shown)


def _parts(values: Sequence[float], width: int) -> list[Sequence[float]]:
    count = min(len(values), max(width, 0))
    edges = [index * len(values) // count for index in range(count + 1)] if count else [0]
    return [values[start:end] for start, end in pairwise(edges)]


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    # Dividing first keeps the sum of very large values from overflowing.
    return sum(value / len(known) for value in known) if known else math.nan


def _bar(value: float, low: float, high: float) -> str:
    if math.isnan(value):
        return " "
    if math.isinf(value):
        return _LEVELS[-1] if value > 0 else _LEVELS[0]
    span = high / 2 - low / 2
    if span <= 0:
        return _LEVELS[len(_LEVELS) // 2 - 1]
    return _LEVELS[round((value / 2 - low / 2) / span * (len(_LEVELS) - 1))]
