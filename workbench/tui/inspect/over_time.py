"""Reads the probes of a run as they come and draws them; made and used in one thread at a time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace
from textual.strip import Strip

from workbench.debugging.series import QUANTITIES, Course, curves, heat_map
from workbench.params import Value
from workbench.runs import control, events
from workbench.runs.folder import RunFolder
from workbench.runs.foreign.opening import open_history
from workbench.runs.states import State
from workbench.tui.figure_drawing import draw_in
from workbench.tui.inspect.drawing import below

READ_BUDGET_S = 0.4
LEAST_BOTH = 16  # lines: with fewer there is one of the two drawings
GAP = 1
HEADINGS = 3  # the title of a map, the steps above its columns, and its range
LEAST_CURVES = 6


@dataclass(frozen=True)
class CourseView:
    """Which quantity of which layer is to be seen, in how much room (cells).

    Attributes:
        layer: whose curve stands below the map; empty for some over the depth.
    """

    quantity: str = "output_gradient"
    layer: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class CourseSnapshot:
    """One reading.

    Attributes:
        layers: those that have the quantity.
        probes: how many were taken, the last one at `step`.
        answers: by request, why it was refused; empty where it was done.
        probe_every: how many steps lie between two probes; 0 for none, None where it is not known.
    """

    view: CourseView
    strips: tuple[Strip, ...] = ()
    layers: tuple[str, ...] = ()
    probes: int = 0
    step: int = 0
    state: State = State.LOST
    answers: Mapping[str, str] = field(default_factory=dict)
    probe_every: int | None = None
    faults: tuple[str, ...] = ()
    loading: bool = False


class CourseReader:
    """Holds the probes of one run.

    Attributes:
        busy_s: how long the last reading took.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._history = open_history(folder)
        self._course = Course()
        self._drawn_for: object = None
        self._drawn: tuple[tuple[Strip, ...], tuple[str, ...]] = (), ()
        self.busy_s = 0.0

    def read(self, view: CourseView) -> CourseSnapshot:
        """What there is to show now."""
        began = time.monotonic()
        loading = self._history.read(READ_BUDGET_S)
        probes = self._history.probes
        key = view, len(probes), probes[-1] if probes else None
        if key != self._drawn_for:
            self._drawn_for = key
            self._course.take(probes)
            self._drawn = self._draw(view)
        strips, layers = self._drawn
        snapshot = CourseSnapshot(
            view,
            strips,
            layers,
            probes=len(probes),
            step=probes[-1].step if probes else 0,
            state=self._history.status().state,
            answers={name: _refusal(answer) for name, answer in self._history.answers.items()},
            probe_every=self._probe_every(),
            faults=tuple(self._course.faults),
            loading=loading,
        )
        self.busy_s = time.monotonic() - began
        return snapshot

    def _draw(self, view: CourseView) -> tuple[tuple[Strip, ...], tuple[str, ...]]:
        """The map of all layers, below it the curve of one."""
        probes = self._course.probes
        if not probes or not view.width or not view.height:
            return (), ()
        every = heat_map(probes, view.quantity)
        layers = tuple(every.rows)
        if not layers:
            return (), ()
        chosen = [view.layer] if view.layer in layers else []
        lines = curves(probes, view.quantity, chosen)
        if chosen:
            lines = replace(lines, title=f"{view.layer}: {lines.title}")
        if view.height < LEAST_BOTH:
            figure = lines if chosen else every
            return draw_in(figure, view.width, view.height).strips, layers
        named = len(layers) + HEADINGS  # with a line for each, their names have room
        fits = named <= view.height - GAP - LEAST_CURVES
        upper = named if fits else max(view.height // 2, LEAST_CURVES)
        top = draw_in(every, view.width, upper)
        rest = view.height - len(top.strips) - GAP
        bottom = draw_in(lines, view.width, rest)
        return below(top, bottom, len(top.strips) + GAP).strips, layers

    def _probe_every(self) -> int | None:
        """What holds now: declared, overridden at a resume, set while alive."""
        values: dict[str, Value] = dict(self._folder.manifest().parameters)
        for launch in control.launches(self._folder.control_file):
            values.update(launch.parameters)
        values.update({change.name: change.value for change in self._history.parameters_set})
        value = values.get("probe_every")
        return int(value) if isinstance(value, int | float) else None


def next_quantity(name: str) -> str:
    """The quantity that comes after one."""
    names = list(QUANTITIES)
    return names[(names.index(name) + 1) % len(names)]


def _refusal(answer: events.Answered | events.ParameterSet) -> str:
    return answer.refused if isinstance(answer, events.Answered) else ""
