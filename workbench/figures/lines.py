"""What a chart is made of: lines, marks, and what stands around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Unit = Literal["number", "duration", "clock"]


@dataclass(frozen=True, eq=False)
class Line:
    """A line to draw: `x` and `y` of one length, in float64, already decimated; NaN is a gap.

    `colour` is an index into `palette.PALETTE`, which repeats. Not `joined`, the points
    stand alone. A `faint` line stands back, has no entry in the legend, and is left out where
    there are no colours.
    """

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    colour: int = 0
    joined: bool = True
    faint: bool = False


@dataclass(frozen=True)
class Mark:
    """An event at `x`, such as a changed learning rate, drawn as an upright line.

    `short` names it above the line, where there is little room.
    """

    x: float
    label: str = ""
    short: str = ""


@dataclass(frozen=True)
class Frame:
    """Names, kinds of axes and marks.

    Attributes:
        x_unit: what x counts: numbers, or seconds.
        x_limits: the ends of the x axis; None for those of the points.
        y_limits: the ends of the y axis, likewise.
        x_ticks: values with names, such as those of choices; none for round numbers.
        y_ticks: likewise.
        margin_x: the share of the x axis left free at its ends.
        faults: where a value was not finite, marked on the x axis: `nan`, `inf`, `-inf`.
        cursor: where an upright line stands that the reader moves.
    """

    title: str = ""
    x_label: str = ""
    y_label: str = ""
    log_x: bool = False
    log_y: bool = False
    marks: Sequence[Mark] = ()
    margin_x: float = 0.0
    x_unit: Unit = "number"
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None
    x_ticks: Sequence[tuple[float, str]] = ()
    y_ticks: Sequence[tuple[float, str]] = ()
    faults: Sequence[Mark] = ()
    cursor: float | None = None
