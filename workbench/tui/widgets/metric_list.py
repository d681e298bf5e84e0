"""Names that can be ticked, of which there may be thousands."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from workbench.units import plain


class MetricList(Widget):
    """Draws only the names in sight, so that their number does not matter."""

    COMPONENT_CLASSES = {"metric-list--cursor", "metric-list--unticked"}
    DEFAULT_CSS = """
    MetricList {
        height: 1fr;
        & > .metric-list--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
        }
        & > .metric-list--unticked { color: $muted; }
    }
    """

    def __init__(self, names: Sequence[str], ticked: frozenset[str]) -> None:
        super().__init__()
        self._names = names
        self.ticked = set(ticked)
        self.matching = list(names)
        self._cursor = self._top = 0

    def narrow(self, wanted: str) -> None:
        """Show the names that hold every word of `wanted`."""
        words = wanted.lower().split()
        self.matching = [name for name in self._names if all(word in name.lower() for word in words)]
        self._cursor = self._top = 0
        self.refresh()

    def move(self, by: int) -> None:
        """The cursor further down, or up; it stops at the ends."""
        self._cursor = min(max(self._cursor + by, 0), max(len(self.matching) - 1, 0))
        self._scroll()
        self.refresh()

    def toggle(self) -> None:
        """Tick the name under the cursor, or untick it."""
        if self.matching:
            self.ticked ^= {self.matching[self._cursor]}
            self.refresh()

    def toggle_all(self) -> None:
        """Tick all that are shown; untick them where all are ticked."""
        shown = set(self.matching)
        self.ticked = self.ticked - shown if shown <= self.ticked else self.ticked | shown
        self.refresh()

    def on_resize(self) -> None:
        self._scroll()

    def _scroll(self) -> None:
        height = max(self.size.height, 1)
        self._top = min(max(self._top, self._cursor - height + 1), self._cursor)

    def render_line(self, y: int) -> Strip:
        width, place = self.size.width, self._top + y
        if place >= len(self.matching):
            text = "nothing matches" if not self.matching and y == 0 else ""
            style = self.get_component_rich_style("metric-list--unticked")
            return Strip([Segment(text, style)]).adjust_cell_length(width, self.rich_style)
        name = self.matching[place]
        ticked = name in self.ticked
        style = self.rich_style
        if place == self._cursor:
            style = self.get_component_rich_style("metric-list--cursor")
        elif not ticked:
            style = self.get_component_rich_style("metric-list--unticked")
        line = f" {'✓' if ticked else '·'} {plain(name)}"
        return Strip([Segment(line, style)]).adjust_cell_length(width, style)
