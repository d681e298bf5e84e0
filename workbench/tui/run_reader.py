"""Reads one run in a thread and makes finished values of it, which the event loop only shows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from textual.strip import Strip

from workbench import schema as schemas
from workbench.catalog import RecipeInfo
from workbench.errors import WorkbenchError
from workbench.figures.plot import Mark
from workbench.params import Value
from workbench.runs import control, events
from workbench.runs.folder import Manifest, RunFolder, step_in
from workbench.runs.foreign.history import ForeignHistory
from workbench.runs.foreign.opening import open_history
from workbench.runs.saved import saved
from workbench.schema import Schema
from workbench.tui.log_file import LogFile
from workbench.tui.plots import draw_page
from workbench.tui.run_facts import Facts, FigureView, Snapshot, View

READ_BUDGET_S = 0.4  # drawing a long run while it loads would cost more than reading it

Drawing = tuple[tuple[Strip, ...], int]


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
        self._manifest, self._fault = _manifest(folder)
        self._schema = _schema(self._manifest)
        self._drawn_for: object = None
        self._drawing: Drawing = ((), 1)
        self._last: Snapshot | None = None

    def read(self, view: View) -> Snapshot | None:
        """What there is to show, or None where nothing changed; `loading` says that more is waiting."""
        began = time.monotonic()
        loading = self._history.read(READ_BUDGET_S)
        log = tuple(self._log.read())
        drawing, pages = self._draw(view)
        snapshot = Snapshot(self._facts(), (), drawing, pages, loading)
        changed = bool(log) or snapshot != self._last
        self._last = snapshot
        self.busy_s = time.monotonic() - began
        return Snapshot(snapshot.facts, log, drawing, pages, loading) if changed else None

    def _facts(self) -> Facts:
        history = self._history
        return Facts(
            manifest=self._manifest,
            schema=self._schema,
            status=history.status(),
            values=self._values(),
            checkpoints=() if self.folder.read_only else saved(self.folder, history.checkpoints),
            messages=tuple(history.messages),
            figures={name: shown[-1].step for name, shown in history.figures.items() if shown},
            answers={name: _refusal(answer) for name, answer in history.answers.items()},
            faults=tuple([self._fault] if self._fault else []) + tuple(history.faults),
            ended=history.ended,
            read_only=self.folder.read_only,
        )

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
        key = (view, self._extent())
        if key != self._drawn_for:
            self._drawn_for = key
            if view.plots is not None:
                self._drawing = draw_page(self._history.series, self._marks(), view.plots)
            elif view.figure is not None:
                self._drawing = self._draw_figure(view.figure), 1
            else:
                self._drawing = (), 1
        return self._drawing

    def _extent(self) -> tuple[int, ...]:
        """Grows with everything that is drawn."""
        history = self._history
        return (
            len(history.started),
            len(history.checkpoints),
            len(history.parameters_set),
            sum(map(len, history.series.values())),
            sum(map(len, history.figures.values())),
        )

    def _marks(self) -> list[Mark]:
        # Those that are kept under their step would hide the curves.
        named = [c for c in self._history.checkpoints if step_in(c.file) is None]
        newest = {c.file: c for c in named if c.reason != "last"}
        marks = [Mark(c.step, Path(c.file).stem) for c in newest.values()]
        marks += [Mark(c.step, f"{c.name}={c.value}") for c in self._history.parameters_set]
        return marks + [Mark(s.step, "resumed") for s in self._history.started[1:]]

    def _draw_figure(self, view: FigureView) -> tuple[Strip, ...]:
        # Renderers are loaded when the first figure is looked at.
        from workbench.tui.figure_drawing import draw_figure  # noqa: PLC0415

        records = self._history.figures.get(view.name)
        return draw_figure(self.folder, records[-1], view) if records else ()


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
