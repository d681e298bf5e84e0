"""Pictures of many trials: charts, heat maps with points, spans of time, parallel axes, bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workbench.figures.data import Bars
from workbench.figures.lines import Frame, Line

Floats = NDArray[np.float64]
LEVELS = 8  # of colour that a heat map has, so that its borders are contours


@dataclass(frozen=True, eq=False)
class Chart:
    """Lines and points on two axes."""

    lines: Sequence[Line]
    frame: Frame


@dataclass(frozen=True, eq=False)
class Heat:
    """Values over a plane, rows from below x columns, NaN where there is none; points upon them.

    `frame` has the limits of both axes; `value` names what the colours are. The last of `points` stand
    out from the others.
    """

    values: Floats
    points: Sequence[Line]
    frame: Frame
    value: str = ""

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and the highest value; NaN where there is none."""
        known = self.values[np.isfinite(self.values)]
        return (float(known.min()), float(known.max())) if known.size else (np.nan, np.nan)

    def levels(self) -> NDArray[np.intp]:
        """The level of colour of each value, from 0 to LEVELS - 1; -1 where there is none."""
        low, high = self.limits
        known = np.isfinite(self.values)
        shares = np.where(known, self.values, low)
        # Halves, for the distance of two very large values is no number.
        shares = (shares / 2 - low / 2) / ((high / 2 - low / 2) or 1.0)
        found = np.clip((np.nan_to_num(shares) * LEVELS).astype(np.intp), 0, LEVELS - 1)
        return np.where(known, found, -1)


@dataclass(frozen=True)
class Span:
    """A stretch of time in a lane, from 0; `colour` is an index into the legend."""

    lane: int
    begin: float
    end: float
    colour: int


@dataclass(frozen=True, eq=False)
class Spans:
    """Lanes of spans along an axis of time, in seconds from 0 to `length`."""

    title: str
    lanes: Sequence[str]
    spans: Sequence[Span]
    legend: Sequence[tuple[str, int]]  # names and colours of the palette, for Span.colour
    length: float


@dataclass(frozen=True)
class Upright:
    """One of the axes that stand beside one another, with what its ends mean."""

    name: str
    low: str
    high: str
    ticks: Sequence[tuple[float, str]] = ()


@dataclass(frozen=True, eq=False)
class Parallel:
    """Lines over upright axes: `x` counts the axes from 0, `y` is 0 to 1 along them, NaN a gap."""

    title: str
    axes: Sequence[Upright]
    lines: Sequence[Line] = field(default_factory=tuple)


Panel = Chart | Heat | Spans | Parallel | Bars
