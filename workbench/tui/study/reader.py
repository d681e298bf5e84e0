"""Reads one study in a thread and makes finished values of it, which the event loop only shows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from msgspec.structs import replace as replace_fields
from textual.strip import Strip

from workbench.errors import WorkbenchError
from workbench.figures.panel_cells import draw_panel
from workbench.runs.folder import RunFolder
from workbench.runs.states import State
from workbench.schema import Schema
from workbench.tui import look
from workbench.tui.ansi import strips
from workbench.tui.plots import Grid, arrange, beside
from workbench.tui.run_facts import PlotView, View
from workbench.tui.run_reader import RunReader
from workbench.tui.study.facts import Reach, StudyFacts, StudySnapshot, StudyView
from workbench.tui.study.notes import Notes
from workbench.tui.study.plot import Moment, Plot
from workbench.tui.study.plots import plot_of
from workbench.tuning.comparing import caution
from workbench.tuning.points import Points, points_of
from workbench.tuning.standing import Standing, after, standing
from workbench.tuning.study import Plan, StudyFolder
from workbench.tuning.trials import TrialReader, TrialRecord, winner
from workbench.tuning.weights import Weigher, Weights
from workbench.units import plain

LEFT_BEHIND = "left behind by its driver: it is tried again when the study goes on"
MOST_SHIFTS = 200  # in which a span of time that goes on grows over the width of a plot


class StudyReader:
    """Holds all that was read of a study; made and used in one thread at a time.

    Attributes:
        busy_s: how long the last reading took.
        weights: what Optuna last said of the parameters.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.busy_s = 0.0
        self.weights: Weights | None = None
        self._folder = StudyFolder(folder)
        self._run = RunReader(folder)
        self._trials = TrialReader(self._folder)
        self._notes = Notes(self._folder)
        self._weigher = Weigher(self._folder)
        self._plan, fault = _plan(self._folder)
        self._facts = StudyFacts(self._plan, self._standing(), fault=fault)
        self._points = None if self._plan is None else points_of(self._plan, ())
        self._known: object = None
        self._state = State.STARTING
        self._drawn_for: object = None
        self._drawing: tuple[tuple[Strip, ...], Reach, str] = (), Reach(), ""
        self._last: StudySnapshot | None = None

    def read(self, view: StudyView) -> StudySnapshot | None:
        """What there is to show, or None where nothing changed."""
        began = time.monotonic()
        run = self._run.read(View(earlier=view.earlier))
        if run is not None:
            self._state = run.facts.status.state
            doubt = self._caution(run.facts.schema)
            self._facts = replace(self._facts, now=self._standing(), caution=doubt)
        self._read_trials()
        if view.notes:
            notes = self._notes.read(self._facts.trials.values())
            if notes is not self._facts.notes:
                self._facts = replace(self._facts, notes=notes)
        if view.plot == "importances" and self._points is not None and self._points.trials:
            self.weights = self._weigher.look(int(self._points.complete(view.metric).sum()))
        drawing, reach, note = self._draw(view)
        snapshot = StudySnapshot(self._facts, None, drawing, reach, note)
        changed = run is not None or snapshot != self._last
        self._last = snapshot
        self.busy_s = time.monotonic() - began
        return StudySnapshot(self._facts, run, drawing, reach, note) if changed else None

    def close(self) -> None:
        """End what was begun for this reader."""
        self._weigher.close()

    def _standing(self) -> Standing | None:
        if self._plan is None:
            return None
        try:
            return standing(self._folder, self._plan, self._run.history)
        except (ValueError, TypeError):  # a change that no driver wrote
            return after(self._plan, {})

    def _caution(self, schema: Schema | None) -> str:
        return "" if self._plan is None else caution(self._plan, schema or Schema())

    def _read_trials(self) -> None:
        trials = self._trials.read()
        known = self._trials.records, self._state.ended
        if self._plan is None or known == self._known:
            return
        self._known = known
        self._points = points_of(self._plan, trials.values())
        shown = {number: self._told(trial) for number, trial in sorted(trials.items())}
        if self._plan.has_several:
            on_front = self._points.numbers[self._points.on_front()]
            best, outstanding = None, frozenset(map(int, on_front))
        else:
            best = winner(shown.values(), self._plan)
            outstanding = frozenset[int]() if best is None else frozenset({best.number})
        self._facts = replace(self._facts, trials=shown, best=best, outstanding=outstanding)

    def _told(self, trial: TrialRecord) -> TrialRecord:
        """The trial; of one that a driver left behind which is gone, what will become of it."""
        if trial.state != "running" or not self._state.ended:
            return trial
        return replace_fields(trial, reason=LEFT_BEHIND)

    def _draw(self, view: StudyView) -> tuple[tuple[Strip, ...], Reach, str]:
        if view.plot is None or view.width < 1 or view.height < 1:
            return (), Reach(), ""
        if self._points is None:
            return strips([plain(self._facts.fault)]), Reach(), ""
        now = self._now(self._points, view)
        key = view, self._known, self.weights, now
        if key != self._drawn_for:
            self._drawn_for = key
            plot = plot_of(view.plot, self._points, view, Moment(now, self.weights))
            metrics = 1 if view.plot in {"history", "workers"} else len(self._points.plan.objectives)
            self._drawing = draw_plot(plot, view, metrics)
        return self._drawing

    def _now(self, points: Points, view: StudyView) -> float:
        """Until when spans that have not ended go on; where time is not drawn, always the same.

        In steps that are seen, so that a page that shows nothing new is not drawn.
        """
        if view.plot != "workers":
            return 0.0
        last = max((max(one.began, one.ended) for one in points.everything), default=0.0)
        if self._state.ended or not any(one.state == "running" for one in points.everything):
            return last
        first = min(one.began for one in points.everything)
        step = max((time.time() - first) / MOST_SHIFTS, 1.0)
        return max(first + round((time.time() - first) / step) * step, last)


def draw_plot(plot: Plot, view: StudyView, metrics: int = 1) -> tuple[tuple[Strip, ...], Reach, str]:
    """The page of the plot that `view` asks for, what can be chosen of it, and its note."""
    if plot.empty:
        return strips([plain(plot.empty)]), Reach(metrics=metrics), ""
    count = len(plot.panels)
    room = PlotView(width=view.width, height=view.height, zoomed=view.alone, place=view.place)
    grid = arrange(count, room)
    page = view.place % grid.pages
    shown = list(islice(plot.panels, page * grid.size, (page + 1) * grid.size))
    size = grid.width, grid.height - (grid.rows > 1)
    drawn = [strips(draw_panel(panel, size, look.pen())) for panel in shown]
    note = f"{plot.note} · {page + 1}/{grid.pages}" if grid.pages > 1 else plot.note
    reach = Reach(grid.pages, count, metrics, plot.planes, plot.log_y)
    return tuple(_rows(drawn, grid)), reach, plain(note)


def _rows(drawn: Sequence[Sequence[Strip]], grid: Grid) -> list[Strip]:
    """The lines of all panels of a page."""
    starts = range(0, len(drawn), grid.columns)
    return [line for start in starts for line in beside(drawn[start : start + grid.columns], grid)]


def _plan(folder: StudyFolder) -> tuple[Plan | None, str]:
    try:
        return folder.plan(), ""
    except WorkbenchError as fault:
        return None, fault.title
