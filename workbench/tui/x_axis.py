"""What the x axis of curves counts, and which part of it is seen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.figures.lines import Unit
from workbench.figures.scale import short
from workbench.figures.time_ticks import clock, span
from workbench.runs.axis import Steps
from workbench.runs.series import Series
from workbench.tui.run_facts import AXES, Axis, PlotView, Reach

Floats = NDArray[np.float64]

ROOM_PARTS = 8  # of the half of the axis, so that at most an eighth of it is left empty

_UNITS: dict[Axis, Unit] = {"time": "duration", "clock": "clock"}


@dataclass(frozen=True, eq=False)
class XAxis:
    """The way from steps and times to x.

    Attributes:
        began: when the run began (s since 1970).
        epochs: how many epochs were done after which steps; both rise.
        grows: whether points are still to come; the axis then goes on a little beyond the last one.
    """

    axis: Axis = "step"
    log: bool = False
    began: float = 0.0
    epochs: tuple[Floats, Floats] = (np.empty(0), np.empty(0))
    grows: bool = False

    @property
    def by_time(self) -> bool:
        return self.axis in {"time", "clock"}

    @property
    def unit(self) -> Unit:
        return _UNITS.get(self.axis, "number")

    def of(self, steps: Steps | Floats, times: Floats) -> Floats:
        """The x of points."""
        if self.by_time:
            return times - (self.began if self.axis == "time" else 0.0)
        x = np.asarray(steps, np.float64)
        return _interpolated(x, *self.epochs) if self.axis == "epoch" else x

    def keys(self, x: Floats) -> Floats:
        """The steps, or times, of places on the axis."""
        if self.by_time:
            return x + (self.began if self.axis == "time" else 0.0)
        return _interpolated(x, *self.epochs[::-1]) if self.axis == "epoch" else x

    def edges(self, low: float, high: float, columns: int) -> Floats:
        """The borders of columns that look equally wide, as steps or times."""
        space = np.geomspace if self.log else np.linspace
        return self.keys(space(low, high, max(columns, 1) + 1))

    def text(self, x: float) -> str:
        """A place as it is read: `step 1,200`, `epoch 3.25`, `2 h 05 min`, `12:31:05`."""
        if self.axis == "clock":
            return clock(x)
        if self.axis == "time":
            return span(x)
        return f"epoch {short(x, 4)}" if self.axis == "epoch" else f"step {round(x):,}"

    def reach(self, several: Iterable[Series]) -> Reach:
        """From where to where the curves go."""
        ends = np.array([one.bounds(by_time=self.by_time) for one in several if len(one)])
        if not len(ends):
            return Reach(log=self.log, low=1.0 if self.log else 0.0)
        low, high = self.of(*[np.array([ends[:, 0].min(), ends[:, 1].max()])] * 2).tolist()
        if self.log:
            low = _least_positive(low, high)
        room = _room(low, high) if self.grows and not self.log else None
        return Reach(low, max(low, high), self.log, room=room)


def chosen(series: Mapping[str, Series], view: PlotView) -> dict[str, Series]:
    """The metrics that are to be drawn; all where the run has none of the chosen."""
    kept = {name: one for name, one in series.items() if view.metrics is None or name in view.metrics}
    return kept or dict(series)


def _room(low: float, high: float) -> float:
    """The end of an axis that moves rarely: else each new point would shift all that is drawn."""
    if high <= low:
        return high
    part = 2.0 ** math.floor(math.log2(high - low)) / ROOM_PARTS
    return low + part * math.ceil((high - low) / part)


def axis_of(
    view: PlotView, began: float, epochs: Sequence[tuple[int, float]], *, grows: bool = False
) -> XAxis:
    """The axis that is asked for; steps where a run tells no epochs."""
    known = available(epochs)
    axis = view.axis if view.axis in known else "step"
    log = view.log_x and axis != "clock"
    return XAxis(axis, log, began, _rising(epochs) if axis == "epoch" else XAxis.epochs, grows)


def available(epochs: Sequence[tuple[int, float]]) -> tuple[Axis, ...]:
    """What the x axis of a run can count."""
    told = len(_rising(epochs)[0]) > 1
    return tuple(axis for axis in AXES if told or axis != "epoch")


def _rising(epochs: Sequence[tuple[int, float]]) -> tuple[Floats, Floats]:
    """The entries that lie above all before them, from the beginning of the first epoch on."""
    kept = [(0.0, 0.0)]
    for step, done in epochs:
        if step > kept[-1][0] and done > kept[-1][1]:
            kept.append((step, done))
    table = np.array(kept, np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _interpolated(x: Floats, known: Floats, values: Floats) -> Floats:
    """Straight lines between known places, and on beyond them."""
    place = np.clip(np.searchsorted(known, x) - 1, 0, len(known) - 2)
    slope = (values[place + 1] - values[place]) / (known[place + 1] - known[place])
    result: Floats = values[place] + (x - known[place]) * slope
    return result


def _least_positive(low: float, high: float) -> float:
    """Where a logarithmic axis begins: at 1 for counts, or close to the end for what is shorter."""
    if low > 0:
        return low
    return min(1.0, high / 1000) if high > 0 else 1.0
