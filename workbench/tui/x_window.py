"""Which part of the x axis is seen, and where the crosshair stands: arithmetic of the keys.

Lengths are in units of the drawn axis: of x itself, or of its logarithm.
"""

from __future__ import annotations

import math
from dataclasses import replace

from workbench.tui.run_facts import PlotView, Reach

ZOOM = 2.0
PAN = 0.25
CLOSEST = 1e-6  # of the whole


def seen(view: PlotView, reach: Reach) -> tuple[float, float]:
    """The first and the last x that are seen."""
    low, high = _ends(reach)
    if not view.span or view.span >= high - low:
        return reach.low, reach.high if reach.room is None else reach.room
    end = _end(view, reach)
    return _x(end - view.span, reach), _x(end, reach)


def zoomed(view: PlotView, reach: Reach, factor: float) -> PlotView:
    """`factor` times as much is seen, around the crosshair; without one the newest end stays."""
    low, high = _ends(reach)
    span = max((view.span or high - low) * factor, (high - low) * CLOSEST)
    if span >= high - low:
        return replace(view, span=0.0, end=None)
    if view.crosshair is not None:
        return _within(replace(view, span=span, end=_place(view.crosshair, reach) + span / 2), reach)
    if view.end is None:
        return replace(view, span=span)
    return _within(replace(view, span=span, end=view.end + (span - view.span) / 2), reach)


def panned(view: PlotView, reach: Reach, by: int) -> PlotView:
    """A quarter of what is seen further to the right, or the left."""
    if not view.span:
        return view
    return _within(replace(view, end=_end(view, reach) + by * PAN * view.span), reach)


def pointed(view: PlotView, reach: Reach, by: float) -> PlotView:
    """The crosshair `by` columns further, or in the middle where there was none; it stays in sight."""
    first, last = (_place(x, reach) for x in seen(view, reach))
    if view.crosshair is None:
        return replace(view, crosshair=_x((first + last) / 2, reach))
    low, high = _ends(reach)
    column = (last - first) / max(reach.columns, 1)
    place = min(max(_place(view.crosshair, reach) + by * column, low), high)
    pointed_at = replace(view, crosshair=_x(place, reach))
    if not view.span or first <= place <= last:
        return pointed_at
    return _within(replace(pointed_at, end=place if place > last else place + view.span), reach)


def share(view: PlotView, reach: Reach) -> float:
    """How much of the axis is seen, 0 to 1."""
    low, high = _ends(reach)
    return min(view.span / (high - low), 1.0) if view.span and high > low else 1.0


def _within(view: PlotView, reach: Reach) -> PlotView:
    """What reaches the newest end follows it."""
    low, high = _ends(reach)
    end = max(view.end if view.end is not None else high, low + view.span)
    return replace(view, end=None if end >= high else end)


def _end(view: PlotView, reach: Reach) -> float:
    low, high = _ends(reach)
    return high if view.end is None else min(max(view.end, low + view.span), high)


def _ends(reach: Reach) -> tuple[float, float]:
    return _place(reach.low, reach), _place(reach.high, reach)


def _place(x: float, reach: Reach) -> float:
    return math.log10(max(x, 1e-300)) if reach.log else x


def _x(place: float, reach: Reach) -> float:
    x = 10.0**place if reach.log else place
    return min(max(x, reach.low), reach.high)
