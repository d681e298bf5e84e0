"""All runs, one line each."""

from __future__ import annotations

import time
from dataclasses import dataclass

from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable

from workbench import units
from workbench.runs.listing import RunSummary
from workbench.tui import keys
from workbench.tui.session import Runs
from workbench.tui.text import MUTED, bar, content, cut_middle, joined, state_sign, state_style

_WIDTHS = {"state": 12, "done": 7, "to go": 7, "best": 9, "device": 7, "started": 9}
_WIDE = {"done": 24, "best": 30}
_LEAST_NAME = 20
_MOST_NAME = 44
_WIDE_FROM = 120


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
    BINDINGS = keys.bindings("runs")

    @dataclass
    class Moved(Message):
        """The cursor stands on another run, or on none."""

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=False, cell_padding=0)
        self._runs: Runs = ()
        self._cells: dict[str, list[Content]] = {}
        self._laid_out_for = 0

    @property
    def chosen(self) -> RunSummary | None:
        """The run under the cursor."""
        return self._runs[self.cursor_row] if 0 <= self.cursor_row < len(self._runs) else None

    def on_resize(self) -> None:
        if self.size.width and self.size.width != self._laid_out_for:
            self._laid_out_for = self.size.width
            self._rebuild(self._runs)

    def fill(self, runs: Runs) -> None:
        """Show the runs as they are now; the cursor stays on its run."""
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
            self.add_column(Content(name), width=width, key=name)  # type: ignore[arg-type]  # a Content is drawn as a Text is
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

    def _widths(self) -> dict[str, int]:
        """Cells of each column; the name takes what is left."""
        widths = _WIDTHS | (_WIDE if self._laid_out_for >= _WIDE_FROM else {})
        left = self._laid_out_for - 3 - sum(widths.values())
        return {"name": min(max(left, _LEAST_NAME), _MOST_NAME), **widths}

    def _row(self, run: RunSummary) -> list[Content]:
        widths, status = self._widths(), run.status
        wide = self._laid_out_for >= _WIDE_FROM
        style = state_style(status.state)
        eta = "" if status.state.ended else units.duration(status.eta_s)
        best = "" if status.best is None else units.number(status.best.value)
        if wide and status.best is not None:
            best = f"{best}  {status.best.metric}"
        return [
            content(cut_middle(run.name, widths["name"] - 2)),
            Content.styled(f"{state_sign(status.state)} {status.state}", style),
            _progress(run, widths["done"] - 8, style),
            Content.styled(eta, MUTED),
            content(best[: widths["best"] - 2]),
            content(status.device[: widths["device"] - 1], MUTED),
            Content.styled(_age(run), MUTED),
        ]

    def on_data_table_row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        message.stop()
        self.post_message(self.Moved())


def _age(run: RunSummary) -> str:
    return "" if run.fault else units.age(time.time() - run.manifest.created)


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
