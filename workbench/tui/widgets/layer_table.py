"""A network's layers as a table of which only the lines in sight are made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from workbench.layer_columns import LayerColumns, Piece, Role, details
from workbench.rehearsal import Layer
from workbench.tui import keys
from workbench.tui.text import ACCENT, FAINT, MUTED, STRONG, Calm, content, joined, stacked
from workbench.tui.widgets.line_table import LineTable

_STYLES = {
    Role.HEADING: MUTED,
    Role.NAME: "",
    Role.KIND: MUTED,
    Role.SHAPE: ACCENT,
    Role.NUMBER: "",
    Role.NOTHING: FAINT,
    Role.SUM: STRONG,
}


class LayerTable(LineTable):
    """One line a layer, the sums at the end; its columns are those for which there is room."""

    BINDINGS = keys.bindings("layers")

    def __init__(self) -> None:
        super().__init__()
        self._layers: Sequence[Layer] = ()
        self._weights = 0
        self._room = 0  # until the table has a place on the screen
        self._columns = LayerColumns((), 0, 1)

    def show(self, layers: Sequence[Layer], weights: int) -> None:
        """Show these; `weights` is the sum over the whole network."""
        self._layers, self._weights = layers, weights
        self._lay_out()

    def width_changed(self, width: int) -> None:
        self._room = max(width - 1, 1)  # for a scroll bar
        self._lay_out()

    def _lay_out(self) -> None:
        if not self._room:
            return
        self._columns = LayerColumns(self._layers, self._weights, self._room)
        self.redraw_heading()
        self.fill_lines(range(len(self._columns)) if self._layers else ())

    @property
    def chosen(self) -> Layer | None:
        """The layer under the cursor; None for the line of sums."""
        return self._columns.layer(self.cursor_row)

    def make_line(self, row: int) -> Content:
        return styled(self._columns.line(row))

    def make_heading(self) -> Content:
        return styled(self._columns.heading()) if self._layers else Content("")

    def line_length(self) -> int:
        return max(self._columns.length, self.scrollable_content_region.width)

    def open_line(self, row: int) -> None:
        """What there is to tell of it stands below the table."""


class LayerView(Vertical):
    """What is said above the table, the table, and what it has no room for about the marked layer."""

    DEFAULT_CSS = """
    LayerView {
        & > Calm { height: auto; }
        & > #layer-detail { height: 2; color: $muted; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """

    def compose(self) -> ComposeResult:
        yield Calm(id="layer-above")
        yield LayerTable()
        yield Calm(id="layer-detail")

    def show(self, above: Content, layers: Sequence[Layer], weights: int) -> None:
        """Show these layers under that text."""
        self.query_one("#layer-above", Calm).show(above)
        self.query_one(LayerTable).show(layers, weights)
        self._show_detail()

    def on_line_table_moved(self) -> None:
        self._show_detail()

    def _show_detail(self) -> None:
        layer = self.query_one(LayerTable).chosen
        lines = [] if layer is None else told(layer)
        self.query_one("#layer-detail", Calm).show(stacked(*lines))


def told(layer: Layer) -> list[Content]:
    """The formula on a line of its own, what is seen and the memory on the next."""
    first, *others = details(layer)
    if layer.formula:
        return [content(first), content("; ".join(others))]
    return [content("; ".join([first, *others]))]


def styled(pieces: Iterable[Piece]) -> Content:
    """A line of the table in the colours of its parts."""
    return joined(*(content(text, _STYLES[role]) for text, role in pieces))
