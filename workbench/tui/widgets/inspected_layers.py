"""The layers of a network that is looked into: a table, and all of the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from workbench.tui import keys
from workbench.tui.inspect.layer_rows import (
    COLUMNS,
    LayerLines,
    Order,
    Row,
    Rows,
    details,
    in_order,
)
from workbench.tui.text import Calm
from workbench.tui.widgets.line_table import LineTable


class InspectedLayersTable(LineTable):
    """One line a call of a layer, in the order of their calls or by any column."""

    BINDINGS = keys.bindings("insidelayers")

    @dataclass
    class Opened(Message):
        """A layer's maps are to be seen."""

        row: Row

    def __init__(self) -> None:
        super().__init__()
        self._rows = Rows()
        self._order = Order()
        self._sorted: Sequence[Row] = ()
        self._lines = LayerLines(self._rows, 1)

    @property
    def chosen(self) -> Row | None:
        """The layer under the cursor."""
        return self._sorted[self.cursor_row] if self.cursor_row < len(self._sorted) else None

    def fill(self, rows: Rows) -> None:
        """Show these layers."""
        self._rows = rows
        self.width_changed(self.size.width)
        self._show()
        self.redraw_heading()

    def choose(self, layer: str, call: int = 0) -> None:
        """Put the cursor on a layer, where there is one of that name."""
        places = [at for at, row in enumerate(self._sorted) if row.key == (layer, call)]
        if places and places[0] != self.cursor_row:
            self.move_cursor(places[0])

    def _show(self) -> None:
        self._sorted = in_order(self._rows.rows, self._order)
        self.fill_lines([row.key for row in self._sorted])

    def make_line(self, row: int) -> Content:
        return self._lines.line(self._sorted[row])

    def make_heading(self) -> Content:
        return self._lines.heading(self._order)

    def line_length(self) -> int:
        return max(self.size.width, 1)

    def width_changed(self, width: int) -> None:
        self._lines = LayerLines(self._rows, max(width - 1, 1))  # beside the scroll bar

    def open_line(self, row: int) -> None:
        self.post_message(self.Opened(self._sorted[row]))

    def action_sort(self) -> None:
        """By the next of the columns that have room; behind the last one as the network calls them."""
        shown = [COLUMNS.index(column) for column in self._lines.shown]
        now = self._order.column
        later = [at for at in shown if now is None or at > now]
        self._reorder(Order(later[0] if later else None))

    def action_reverse(self) -> None:
        self._reorder(Order(self._order.column, not self._order.falling))

    def _reorder(self, order: Order) -> None:
        self._order = order
        self._show()
        self.redraw_heading()

    def action_bad(self, by: int) -> None:
        """To the next layer with a mark, or the one before."""
        count = len(self._sorted)
        places = ((self.cursor_row + by * step) % count for step in range(1, count + 1))
        found = next((at for at in places if self._sorted[at].is_bad), None)
        if found is not None:
            self.move_cursor(found)


class InspectedLayers(Vertical):
    """The table and the details."""

    DEFAULT_CSS = """
    InspectedLayers {
        & > Calm { height: auto; max-height: 5; margin: 1 0 0 0; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="layers")

    def compose(self) -> ComposeResult:
        yield InspectedLayersTable()
        yield Calm()

    def on_line_table_moved(self) -> None:
        row = self.query_one(InspectedLayersTable).chosen
        self.query_one(Calm).show(Content("") if row is None else details(row))
