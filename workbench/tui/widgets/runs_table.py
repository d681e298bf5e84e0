"""All runs, one line each."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable

from workbench import units
from workbench.figures.plot import sparkline
from workbench.runs.listing import RunSummary
from workbench.runs.order import Order
from workbench.tui import keys
from workbench.tui.session import Runs
from workbench.tui.text import (
    ACCENT,
    MUTED,
    WARNING,
    bar,
    content,
    cut_middle,
    joined,
    state_sign,
    state_style,
)

_GUTTER = 3  # marked, starred, a blank
_WIDTHS = {"state": 12, "done": 7, "to go": 7, "best": 9, "device": 7, "started": 9}
_WIDE = {"done": 24, "best": 30}
_LEAST_NAME = 20
_MOST_NAME = 44
_WIDE_FROM = 120
_TREND = {"trend": 24}
_TREND_FROM = 150


class RunsTable(DataTable[Content]):
    """Only the cells that changed are drawn anew."""

    DEFAULT_CSS = """
    RunsTable {
        height: 1fr;
        padding: 0 1;
        background: $background;
        scrollbar-size: 1 1;
        &:focus { background-tint: $background 0%; }
        & > .datatable--header { background: $background; color: $muted; text-style: none; }
        & > .datatable--even-row, & > .datatable--odd-row { background: $background; }
    }
    """
    BINDINGS = keys.bindings(
        "runs.open",
        "runs.top",
        "runs.bottom",
        "runs.mark",
        "runs.mark_all",
        "runs.sort",
        "runs.reverse",
    )

    @dataclass
    class Moved(Message):
        """The cursor stands on another run, or on none."""

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=False, cell_padding=0)
        self._all: Runs = ()
        self._runs: Runs = ()
        self._marked: frozenset[str] = frozenset()
        self._order = Order()
        self._trends: Mapping[str, Sequence[float]] = {}
        self._cells: dict[str, list[Content]] = {}
        self._laid_out_for = 0

    @property
    def chosen(self) -> RunSummary | None:
        """The run under the cursor."""
        return self._runs[self.cursor_row] if 0 <= self.cursor_row < len(self._runs) else None

    @property
    def marked(self) -> Runs:
        """The marked runs that are shown, in the order of the table."""
        return tuple(run for run in self._runs if run.name in self._marked)

    @property
    def in_sight(self) -> Runs:
        """The runs on the screen where there is room for their trends, else none."""
        first = self.scroll_offset.y
        return self._runs[first : first + self.size.height] if self._has_trends else ()

    @property
    def _has_trends(self) -> bool:
        return self._laid_out_for >= _TREND_FROM

    def show_trends(self, trends: Mapping[str, Sequence[float]]) -> None:
        """Draw the rough courses of the watched metrics, by names of runs."""
        self._trends = {**self._trends, **trends}
        self._update_cells()

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
        self._update_cells()
        self.post_message(self.Moved())

    def action_sort(self) -> None:
        self._sort(self._order.next())

    def action_reverse(self) -> None:
        self._sort(self._order.turned())

    def _sort(self, order: Order) -> None:
        self._order = order
        self._rebuild(order.sort(self._all))

    def on_resize(self) -> None:
        if self.size.width and self.size.width != self._laid_out_for:
            self._laid_out_for = self.size.width
            self._rebuild(self._runs)

    def fill(self, runs: Runs) -> None:
        """Show the runs as they are now, in the order that was chosen; the cursor stays on its run."""
        self._all = runs
        self._marked &= {run.name for run in runs}
        runs = self._order.sort(runs)
        if not self._laid_out_for:
            self._runs = runs
        elif [run.name for run in runs] == [run.name for run in self._runs]:
            self._runs = runs
            self._update_cells()
        else:
            self._rebuild(runs)

    def _rebuild(self, runs: Runs) -> None:
        before = self.chosen.name if self.chosen else ""
        names = [run.name for run in runs]
        self.clear(columns=True)
        self._runs = runs
        for name, width in self._widths().items():
            self.add_column(self._heading(name), width=width, key=name)  # type: ignore[arg-type]  # a Content is drawn as a Text is
        self._cells = {run.name: self._row(run) for run in runs}
        for name, cells in self._cells.items():
            self.add_row(*cells, key=name)
        if before in names:
            self.move_cursor(row=names.index(before), animate=False)
        self.post_message(self.Moved())

    def _update_cells(self) -> None:
        columns = list(self._widths())
        for run in self._runs:
            cells = self._row(run)
            for column, old, new in zip(columns, self._cells[run.name], cells, strict=True):
                if not old.is_same(new):
                    self.update_cell(run.name, column, new)
            self._cells[run.name] = cells

    def _heading(self, column: str) -> Content:
        if column == self._order.column:
            return Content(f"{column} {'▼' if self._order.falling else '▲'}")
        return Content("" if column == "marks" else column)

    def _widths(self) -> dict[str, int]:
        """Cells of each column; the name takes what is left."""
        widths = _WIDTHS | (_WIDE if self._laid_out_for >= _WIDE_FROM else {})
        widths |= _TREND if self._has_trends else {}
        left = self._laid_out_for - 3 - _GUTTER - sum(widths.values())
        return {"marks": _GUTTER, "name": min(max(left, _LEAST_NAME), _MOST_NAME), **widths}

    def _row(self, run: RunSummary) -> list[Content]:
        widths, status = self._widths(), run.status
        wide = self._laid_out_for >= _WIDE_FROM
        style = state_style(status.state)
        eta = "" if status.state.ended else units.duration(status.eta_s)
        best = "" if status.best is None else units.number(status.best.value)
        if wide and status.best is not None:
            best = f"{best}  {status.best.metric}"
        return [
            self._signs(run),
            content(cut_middle(run.name, widths["name"] - 2)),
            Content.styled(f"{state_sign(status.state)} {status.state}", style),
            _progress(run, widths["done"] - 8, style),
            Content.styled(eta, MUTED),
            content(best[: widths["best"] - 2]),
            content(status.device[: widths["device"] - 1], MUTED),
            Content.styled(_age(run), MUTED),
            *([self._trend(run, widths["trend"])] if self._has_trends else []),
        ]

    def _trend(self, run: RunSummary, width: int) -> Content:
        drawn = sparkline(self._trends.get(run.name, ()), width)
        return Content.styled(drawn, state_style(run.status.state))

    def _signs(self, run: RunSummary) -> Content:
        marked = Content.styled("┃" if run.name in self._marked else " ", ACCENT)
        return joined(marked, Content.styled("★" if run.marks.starred else " ", WARNING))

    def on_data_table_row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        message.stop()
        self.post_message(self.Moved())


def _age(run: RunSummary) -> str:
    return units.age(time.time() - run.manifest.created) if run.manifest.created else ""


def _step(step: int, room: int) -> str:
    """The step within `room` cells: a number that is cut would be another one."""
    texts = (f"step {step:,}", f"{step:,}", f"{step / 1e3:,.0f}k", f"{step / 1e6:,.0f}M")
    return next((text for text in texts if len(text) <= room), texts[-1]) if step else ""


def _progress(run: RunSummary, room: int, style: str) -> Content:
    fraction = run.status.fraction
    if fraction is None:
        return Content.styled(_step(run.status.step, room + 7), MUTED)
    percent = Content.styled(f"{fraction:>4.0%}", MUTED)
    return joined(bar(fraction, room, style), Content(" "), percent) if room > 0 else percent
