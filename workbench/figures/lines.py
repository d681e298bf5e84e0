"""What a chart is made of: lines, marks, and what stands around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Line:
    """A line to draw: `x` and `y` of one length, in float64, already decimated; NaN is a gap.

    `colour` is an index into `palette.PALETTE`, which repeats. Not `joined`, the points
    stand alone.
    """

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    colour: int = 0
    joined: bool = True


@dataclass(frozen=True)
class Mark:
    """An event at `x`, such as a changed learning rate, drawn as an upright line."""

    x: float
    label: str = ""


@dataclass(frozen=True)
class Frame:
    """Names, kinds of axes and marks; `margin_x` is the share of the axis left free at its ends."""

    title: str = ""
    x_label: str = ""
    y_label: str = ""
    log_x: bool = False
    log_y: bool = False
    marks: Sequence[Mark] = ()
    margin_x: float = 0.0
