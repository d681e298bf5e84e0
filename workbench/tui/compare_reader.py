"""Reads several runs in a thread and makes finished values of them, which the event loop only shows."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from textual.content import Content

from workbench import schema as schemas
from workbench.catalog import RecipeInfo
from workbench.errors import WorkbenchError
from workbench.figures.plot import Mark
from workbench.params import Value
from workbench.runs import control
from workbench.runs.comparison import Outcome, in_order, outcome, parameters_held
from workbench.runs.folder import Manifest, RunFolder
from workbench.runs.foreign.opening import open_history
from workbench.runs.series import Series
from workbench.runs.state import Status
from workbench.schema import Schema
from workbench.tui.compare_facts import Compared, CompareView, Comparison, letter
from workbench.tui.plots import arrange, draw_page, group
from workbench.tui.run_facts import Axis, PlotView
from workbench.tui.run_reader import Drawing
from workbench.tui.widgets.compare_tables import results_table
from workbench.tui.x_axis import axis_of

# What x can count for several runs: neither epochs nor the time since their starts are the same.
AXES: tuple[Axis, ...] = ("step", "clock")
READ_BUDGET_S = 0.4  # of all runs together, as of one on its own page


class _Read:
    """What was read of one run."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.history = open_history(folder)
        self.gone = False
        self.fault = ""
        self.manifest, self.schema = self._describe()
        self._outcomes: tuple[int, Mapping[str, Outcome]] = (0, {})

    def _describe(self) -> tuple[Manifest | None, Schema]:
        try:
            manifest = self.folder.manifest()
            file = Path(manifest.recipe.file)
            known = schemas.cached(RecipeInfo(manifest.recipe.id, file, file.parent))
        except WorkbenchError as fault:
            self.fault = fault.title
            return None, Schema()
        return manifest, known or Schema()

    def read(self, budget_s: float) -> bool:
        """Take in what is new; true when more is waiting."""
        try:
            self.gone = not self.folder.manifest_file.exists()
            return False if self.gone else self.history.read(budget_s)
        except OSError as refused:
            self.fault = f"{self.folder.name} cannot be read: {refused.strerror or refused}"
            return False

    @property
    def points(self) -> int:
        """Grows with the curves."""
        return sum(map(len, self.history.series.values()))

    @property
    def status(self) -> Status:
        return self.history.recorded if self.gone else self.history.status()

    @property
    def values(self) -> dict[str, Value]:
        """The parameters that hold now, and the seed, which is chosen beside them."""
        if self.manifest is None:
            return {}
        launches = [] if self.gone else control.launches(self.folder.control_file)
        return {
            **parameters_held(self.manifest, launches, self.history),
            "seed": self.manifest.seed,
        }

    def outcomes(self) -> Mapping[str, Outcome]:
        """By metric; worked out again only when there are further points."""
        points = self.points
        if points != self._outcomes[0]:
            found = {name: outcome(series) for name, series in self.history.series.items()}
            self._outcomes = points, {name: one for name, one in found.items() if one is not None}
        return self._outcomes[1]


class CompareReader:
    """Holds all that was read of the runs; made and used in one thread at a time.

    Attributes:
        busy_s: how long the last reading took.
    """

    def __init__(self) -> None:
        self.busy_s = 0.0
        self._read: dict[RunFolder, _Read] = {}
        self._drawn_for: object = None
        self._drawing = Drawing()
        self._results_for: object = None
        self._results: Content | None = None
        self._last: Comparison | None = None

    def read(self, folders: Sequence[RunFolder], view: CompareView) -> Comparison | None:
        """What there is to show of these runs, or None where nothing changed."""
        began = time.monotonic()
        self._read = {folder: self._read.get(folder) or _Read(folder) for folder in folders}
        several = list(self._read.values())
        loading = self._take_in(several, began + READ_BUDGET_S)
        runs = _compared(several)
        drawn = self._draw(several, runs, view)
        results = self._tabulate(several, runs) if view.results else None
        metrics = tuple(in_order(one.history.series for one in several))
        comparison = Comparison(
            view, runs, drawn.strips, drawn.pages, results, drawn.reach, metrics, loading
        )
        changed = comparison != self._last
        self._last = comparison
        self.busy_s = time.monotonic() - began
        return comparison if changed else None

    def _take_in(self, several: Sequence[_Read], deadline: float) -> bool:
        """Read every run a little; the first ones leave the others their share."""
        loading = False
        for index, one in enumerate(several):
            share = max(deadline - time.monotonic(), 0.0) / (len(several) - index)
            loading = one.read(share) or loading
        return loading

    def _draw(self, several: Sequence[_Read], runs: Sequence[Compared], view: CompareView) -> Drawing:
        extent = [(one.folder, one.points, run.parent) for one, run in zip(several, runs, strict=True)]
        key = (view.plots, *extent)
        if key != self._drawn_for:
            self._drawn_for = key
            self._drawing = Drawing() if view.plots is None else _draw_curves(several, view.plots)
        return self._drawing

    def _tabulate(self, several: Sequence[_Read], runs: Sequence[Compared]) -> Content | None:
        """The table of results, made here because thousands of metrics would hold up the keys."""
        key = tuple((one.folder, one.points, one.history.recorded.elapsed_s) for one in several)
        if key != self._results_for:
            self._results_for = key
            self._results = results_table(runs, [one.outcomes() for one in several])
        return self._results


def _draw_curves(several: Sequence[_Read], view: PlotView) -> Drawing:
    axis = axis_of(view, 0.0, ())
    curves = _labelled(several, view.metrics) or _labelled(several, None)
    columns = arrange(max(len(group(curves)), 1), view).width
    reach = replace(axis.reach(curves.values()), columns=columns, axes=AXES)
    forks = _forks(several) if axis.axis == "step" else []
    strips, pages = draw_page(curves, forks, replace(view, metrics=None), axis)
    return Drawing(strips, pages, reach)


def _labelled(several: Sequence[_Read], metrics: frozenset[str] | None) -> dict[str, Series]:
    """The curves of these metrics, or of all, by the letter of its run and its metric.

    What stands before the slash gives a plot's lines their names and colours, what follows is its
    title: so each metric has a plot, in which each run has its own colour.
    """
    curves = {}
    for index, one in enumerate(several):
        for name, series in one.history.series.items():
            if metrics is not None and name not in metrics:
                continue
            curve = copy.copy(series)  # shares the points
            curve.name = f"{letter(index)}/{name}"
            curves[curve.name] = curve
    return curves


def _forks(several: Sequence[_Read]) -> list[Mark]:
    """Where a fork left its parent; its own curve begins there."""
    return [
        Mark(one.manifest.parent.step, f"{letter(index)} forks")
        for index, one in enumerate(several)
        if one.manifest is not None and one.manifest.parent is not None
    ]


def _compared(several: Sequence[_Read]) -> tuple[Compared, ...]:
    letters = {one.folder.name: letter(index) for index, one in enumerate(several)}
    drawn = [one.folder.name for one in several if one.points]
    return tuple(_one(one, letters, drawn) for one in several)


def _one(one: _Read, letters: Mapping[str, str], drawn: Sequence[str]) -> Compared:
    name, manifest = one.folder.name, one.manifest
    parent = None if manifest is None else manifest.parent
    return Compared(
        name=name,
        letter=letters[name],
        colour=drawn.index(name) if name in drawn else None,
        recipe="" if manifest is None else manifest.recipe.id,
        status=one.status,
        parent="" if parent is None else f"{letters.get(parent.run, parent.run)} at {parent.step:,}",
        values=one.values,
        monitor=one.schema.monitor,
        mode=one.schema.monitor_mode,
        gone=one.gone,
        fault=one.fault,
    )
