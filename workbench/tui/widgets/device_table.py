"""Devices, their processes and the queue, one line each, with a cursor."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable

from workbench.tui import keys
from workbench.tui.device_rows import Row


class DeviceTable(DataTable[Content]):
    """Only the lines that changed are drawn anew; the cursor stays on what it stands on."""

    DEFAULT_CSS = """
    DeviceTable {
        height: 1fr;
        padding: 0 1;
        background: $background;
        scrollbar-size: 1 1;
        &:focus { background-tint: $background 0%; }
        & > .datatable--even-row, & > .datatable--odd-row { background: $background; }
    }
    """
    BINDINGS = keys.bindings("devices.open", "devices.top", "devices.bottom")

    class Moved(Message):
        """The cursor stands on another line, or on none."""

    class Resized(Message):
        """There is another width to fill."""

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=False, cell_padding=0, show_header=False)
        self._rows: list[Row] = []
        self._laid_out_for = 0

    @property
    def room(self) -> int:
        """Cells of a line; 0 before there is a layout."""
        return max(self._laid_out_for - 3, 0)

    @property
    def chosen(self) -> Row | None:
        """The line under the cursor."""
        return self._rows[self.cursor_row] if 0 <= self.cursor_row < len(self._rows) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a run is opened."""
        if action == "select_cursor":
            return self.chosen is not None and self.chosen.folder is not None
        return super().check_action(action, parameters)

    def on_resize(self) -> None:
        if self.size.width and self.size.width != self._laid_out_for:
            self._laid_out_for = self.size.width
            self._rebuild(self._rows)
            self.post_message(self.Resized())

    def fill(self, rows: Sequence[Row]) -> None:
        """Show these lines."""
        if [row.key for row in rows] != [row.key for row in self._rows]:
            self._rebuild(rows)
            return
        before, self._rows = self._rows, list(rows)
        for old, new in zip(before, rows, strict=True):
            if not old.shown.is_same(new.shown):
                self.update_cell(new.key, "line", new.shown)

    def _rebuild(self, rows: Sequence[Row]) -> None:
        at, before, top = self.cursor_row, self.chosen, self.scroll_offset.y
        self.clear(columns=True)
        self._rows = list(rows)
        self.add_column("", width=self.room, key="line")
        for row in rows:
            self.add_row(row.shown, key=row.key)
        places = [row.key for row in rows]
        if before is not None and before.key in places:
            at = places.index(before.key)
        else:  # it is gone: what stands in its place now, or above
            at = max((one for one in self._telling if one <= at), default=0)
        self.scroll_to(y=top, animate=False)
        self.move_cursor(row=at, animate=False)
        self.post_message(self.Moved())

    @property
    def _telling(self) -> list[int]:
        return [index for index, row in enumerate(self._rows) if row.tells]

    def action_cursor_down(self) -> None:
        self._go(next((one for one in self._telling if one > self.cursor_row), self.cursor_row))

    def action_cursor_up(self) -> None:
        above = [one for one in self._telling if one < self.cursor_row]
        self._go(above[-1] if above else self.cursor_row)

    def action_scroll_bottom(self) -> None:
        self._go(max(self._telling, default=0))

    def _go(self, row: int) -> None:
        self.move_cursor(row=row, animate=False)

    def on_data_table_row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        message.stop()
        self.post_message(self.Moved())
