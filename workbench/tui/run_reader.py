"""Reads one run in a thread and makes finished values of it, which the event loop only shows."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from textual.strip import Strip

from workbench import schema as schemas
from workbench.catalog import RecipeInfo
from workbench.errors import WorkbenchError
from workbench.figures.plot import Mark
from workbench.params import Value
from workbench.runs import control, events
from workbench.runs.folder import Manifest, RunFolder
from workbench.runs.foreign.history import ForeignHistory
from workbench.runs.foreign.opening import open_history
from workbench.runs.forks import Child
from workbench.runs.history import History
from workbench.runs.saved import saved
from workbench.runs.shown import ShownFigure
from workbench.runs.state import Status
from workbench.schema import Schema
from workbench.tui.log_file import LogFile
from workbench.tui.moments import moments
from workbench.tui.pictures import TerminalPicture
from workbench.tui.plots import arrange, draw_page, group
from workbench.tui.post_mortem import LAST_LINES, post_mortem
from workbench.tui.run_facts import (
    Facts,
    FigureSeen,
    FigureSteps,
    FigureView,
    PlotView,
    PostMortem,
    Reach,
    Snapshot,
    View,
)
from workbench.tui.x_axis import XAxis, available, axis_of, chosen

READ_BUDGET_S = 0.4  # drawing a long run while it loads would cost more than reading it


@dataclass(frozen=True)
class Drawing:
    """What is to be shown of curves or of a figure."""

    strips: tuple[Strip, ...] = ()
    pages: int = 1
    reach: Reach = field(default_factory=Reach)
    figure: FigureSeen = field(default_factory=FigureSeen)
    pictures: tuple[TerminalPicture, ...] = ()


class RunReader:
    """Holds all that was read of a run; made and used in one thread at a time.

    Attributes:
        busy_s: how long the last reading took.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.busy_s = 0.0
        self._history = open_history(folder)
        self._log = LogFile(folder.output_file)
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._examined_for: object = None
        self._post_mortem: PostMortem | None = None
        self._manifest, self._fault = _manifest(folder)
        self._schema = _schema(self._manifest)
        self._drawn_for: object = None
        self._drawing = Drawing()
        self._last: Snapshot | None = None

    @property
    def history(self) -> History:
        """The record, as far as it is read."""
        return self._history

    def read(self, view: View) -> Snapshot | None:
        """What there is to show, or None where nothing changed; `loading` says that more is waiting."""
        began = time.monotonic()
        loading = self._history.read(READ_BUDGET_S)
        log = tuple(self._log.read())
        earlier = tuple(self._log.read_earlier()) if view.earlier else ()
        self._last_lines.extend(log)
        drawing = self._draw(view)
        metrics = tuple(self._history.series)
        snapshot = Snapshot(
            self._facts(loading, view.children),
            drawing=drawing.strips,
            pages=drawing.pages,
            loading=loading,
            reach=drawing.reach,
            metrics=metrics,
            figure=drawing.figure,
            pictures=drawing.pictures,
        )
        changed = bool(log or earlier) or snapshot != self._last
        self._last = snapshot
        self.busy_s = time.monotonic() - began
        return replace(snapshot, log=log, earlier=earlier) if changed else None

    def _facts(self, loading: bool, children: tuple[Child, ...]) -> Facts:
        history = self._history
        status = history.status()
        return Facts(
            manifest=self._manifest,
            schema=self._schema,
            status=status,
            values=self._values(),
            checkpoints=() if self.folder.read_only else saved(self.folder, history.checkpoints),
            messages=tuple(history.messages),
            figures={
                name: FigureSteps(len(shown), shown[-1].step)
                for name, shown in history.figures.items()
                if shown
            },
            answers={name: _refusal(answer) for name, answer in history.answers.items()},
            faults=tuple([self._fault] if self._fault else []) + tuple(history.faults),
            ended=history.ended,
            system={name: one.last for name, one in history.system.series.items()},
            post_mortem=None if loading else self._examine(status),
            read_only=self.folder.read_only,
            children=children,
        )

    def _examine(self, status: Status) -> PostMortem | None:
        """The post-mortem, made anew only where something came: it looks at every value."""
        key = status.state, status.reason, self._extent(), tuple(self._last_lines)
        if key != self._examined_for:
            self._examined_for = key
            self._post_mortem = post_mortem(self._history, status, tuple(self._last_lines))
        return self._post_mortem

    def _values(self) -> Mapping[str, Value]:
        """The parameters that hold now: declared, overridden at a resume, set while alive."""
        values = {} if self._manifest is None else dict(self._manifest.parameters)
        for launch in control.launches(self.folder.control_file):
            values.update(launch.parameters)
        if isinstance(self._history, ForeignHistory):
            values.update(self._history.parameters)
        values.update({change.name: change.value for change in self._history.parameters_set})
        return values

    def _draw(self, view: View) -> Drawing:
        key = (view, self._extent() if view.figure is None else self._chosen(view.figure))
        if key != self._drawn_for:
            self._drawn_for = key
            if view.plots is not None:
                self._drawing = self._draw_curves(view.plots, view.children)
            elif view.system is not None:
                self._drawing = self._draw_system(view.system)
            elif view.figure is not None:
                self._drawing = self._draw_figure(view.figure)
            else:
                self._drawing = Drawing()
        return self._drawing

    def _draw_curves(self, view: PlotView, children: tuple[Child, ...]) -> Drawing:
        history = self._history
        axis = axis_of(view, self._began(), history.epochs, grows=history.ended is None)
        shown = chosen(history.series, view)
        columns = arrange(max(len(group(shown)), 1), view).width
        reach = replace(axis.reach(shown.values()), columns=columns, axes=available(history.epochs))
        marks = self._fork(reach) + self._marks(axis, reach, children)
        strips, pages = draw_page(history.series, marks, view, axis)
        return Drawing(strips, pages, reach)

    def _draw_system(self, view: PlotView) -> Drawing:
        series = self._history.system.series
        began = min((float(one.times[0]) for one in series.values() if len(one)), default=0.0)
        strips, pages = draw_page(series, (), view, XAxis("time", began=began))
        return Drawing(strips, pages)

    def _fork(self, reach: Reach) -> list[Mark]:
        """Where the run left its parent: at its own beginning."""
        parent = None if self._manifest is None else self._manifest.parent
        return [] if parent is None else [Mark(reach.low, f"forked from {parent.run}")]

    def _began(self) -> float:
        """When the first attempt started, or the first point was recorded."""
        if self._history.started:
            return self._history.started[0].time
        firsts = [one.bounds(by_time=True)[0] for one in self._history.series.values() if len(one)]
        return min(firsts, default=0.0)

    def _extent(self) -> tuple[int, ...]:
        """Grows with everything that is drawn."""
        history = self._history
        return (
            len(history.started),
            len(history.checkpoints),
            len(history.parameters_set),
            sum(map(len, history.series.values())),
            history.system.length,
        )

    def _marks(self, axis: XAxis, reach: Reach, children: tuple[Child, ...]) -> list[Mark]:
        """What happened, at its place; at the end of the curves what came after their last point."""
        happened = moments(self._history, children)
        steps = np.array([one.step for one in happened], np.float64)
        times = np.array([one.time for one in happened], np.float64)
        places = np.minimum(axis.of(steps, times), reach.high).tolist()
        return [Mark(x, one.label, one.short) for x, one in zip(places, happened, strict=True)]

    def _chosen(self, view: FigureView) -> tuple[int, ShownFigure | None]:
        """The step of the figure that is to be seen, by its place; the newest where that is gone."""
        shown = self._history.figures.get(view.name, [])
        place = len(shown) - 1 if view.place is None else min(view.place, len(shown) - 1)
        return place, shown[place] if shown else None

    def _draw_figure(self, view: FigureView) -> Drawing:
        # Renderers are loaded when the first figure is looked at.
        from workbench.tui.figure_drawing import draw_figure  # noqa: PLC0415

        place, chosen = self._chosen(view)
        if chosen is None:
            return Drawing()
        drawn = draw_figure(self.folder, chosen, view)
        figure = FigureSeen(view.name, place, chosen.step, drawn.images)
        return Drawing(drawn.strips, figure=figure, pictures=drawn.pictures)


def _refusal(answer: events.Answered | events.ParameterSet) -> str:
    return answer.refused if isinstance(answer, events.Answered) else ""


def _manifest(folder: RunFolder) -> tuple[Manifest | None, str]:
    try:
        return folder.manifest(), ""
    except WorkbenchError as fault:
        return None, fault.title


def _schema(manifest: Manifest | None) -> Schema | None:
    """The parameters as they are in the recipe's file now; None where they are not known."""
    if manifest is None or not manifest.recipe.file:
        return None
    file = Path(manifest.recipe.file)
    return schemas.cached(RecipeInfo(manifest.recipe.id, file, file.parent))
