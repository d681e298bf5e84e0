"""All runs, one line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message

from workbench.runs.listing import RunSummary
from workbench.runs.order import Order
from workbench.tui import keys
from workbench.tui.run_line import RunLines
from workbench.tui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from workbench.tui.session import Runs


class RunsTable(LineTable):
    """Sorted by any column; runs can be marked."""

    BINDINGS = keys.bindings(
        "runs.open",
        "runs.down",
        "runs.up",
        "runs.page_down",
        "runs.page_up",
        "runs.top",
        "runs.bottom",
        "runs.right",
        "runs.left",
        "runs.mark",
        "runs.mark_all",
        "runs.sort",
        "runs.reverse",
    )

    class Moved(LineTable.Moved):
        """The cursor stands on another run, or on none, or other runs are in sight or marked."""

    @dataclass
    class Opened(Message):
        """The run under the cursor is to be looked at."""

        run: RunSummary

    def __init__(self) -> None:
        super().__init__()
        self._all: Runs = ()
        self._runs: Runs = ()
        self._marked: frozenset[str] = frozenset()
        self._marked_runs: Runs = ()
        self._order = Order()
        self._trends: Mapping[str, Sequence[float]] = {}
        self._lines = RunLines(0)

    @property
    def chosen(self) -> RunSummary | None:
        """The run under the cursor."""
        return self._runs[self.cursor_row] if self.cursor_row < len(self._runs) else None

    @property
    def marked(self) -> Runs:
        """The marked runs that are shown, in the order of the table."""
        return self._marked_runs

    @property
    def in_sight(self) -> Runs:
        """The runs on the screen where there is room for their trends, else none."""
        return self._runs[self.rows_in_sight] if self._lines.has_trends else ()

    def show_trends(self, trends: Mapping[str, Sequence[float]]) -> None:
        """Draw the rough courses of the watched metrics, by names of runs."""
        self._trends = {**self._trends, **trends}
        self.redraw_changed()

    def fill(self, runs: Runs) -> None:
        """Show the runs as they are now, in the order that was chosen; the cursor stays on its run."""
        self._all = runs
        self._marked &= {run.name for run in runs}
        self._show(self._order.sort(runs))

    def _show(self, runs: Runs) -> None:
        self._runs = runs
        self._find_marked()
        self.fill_lines([run.name for run in runs])

    def width_changed(self, width: int) -> None:
        self._lines = RunLines(width)

    def line_length(self) -> int:
        return self._lines.length

    def make_heading(self) -> Content:
        return self._lines.heading(self._order)

    def make_line(self, row: int) -> Content:
        run = self._runs[row]
        trend = self._trends.get(run.name, ())
        return self._lines.line(run, marked=run.name in self._marked, trend=trend)

    def action_mark(self) -> None:
        """Mark the run under the cursor, or take its mark away, and go on to the next."""
        if self.chosen is not None:
            self._mark(self._marked ^ {self.chosen.name})
            self.action_cursor_down()

    def action_mark_all(self) -> None:
        shown = frozenset(run.name for run in self._runs)
        self._mark(frozenset() if shown <= self._marked else self._marked | shown)

    def unmark(self) -> None:
        """No run is marked any more."""
        self._mark(frozenset())

    def _mark(self, names: frozenset[str]) -> None:
        self._marked = names
        self._find_marked()
        self.redraw_changed()
        self.post_message(self.Moved())

    def _find_marked(self) -> None:
        # Once, since every key that may be offered asks for them.
        runs = self._runs if self._marked else ()
        self._marked_runs = tuple(run for run in runs if run.name in self._marked)

    def action_sort(self) -> None:
        self._sort(self._order.next())

    def action_reverse(self) -> None:
        self._sort(self._order.turned())

    def _sort(self, order: Order) -> None:
        self._order = order
        self.redraw_heading()
        self._show(order.sort(self._all))

    def open_line(self, row: int) -> None:
        self.post_message(self.Opened(self._runs[row]))
