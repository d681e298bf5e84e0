"""The end of a run's log; it follows while one looks at its end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.tui import keys

MOST_LINES = 2_000


class LogView(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines of text, the last MOST_LINES of them."""

    DEFAULT_CSS = """
    LogView {
        height: 1fr;
        background: $background;
        scrollbar-size: 1 1;
    }
    """

    BINDINGS = keys.bindings("log")

    def __init__(self, empty: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._empty = empty
        self._follows = True
        self._lines: deque[str] = deque(maxlen=MOST_LINES)

    @property
    def lines(self) -> list[str]:
        return list(self._lines)

    def append(self, lines: Iterable[str]) -> None:
        """Add lines that are safe to show."""
        self._lines.extend(lines)
        self.virtual_size = Size(max(map(cell_len, self._lines), default=0), len(self._lines))
        self._follow()
        self.refresh()

    def on_resize(self) -> None:
        self._follow()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Whoever scrolls up reads; back at the end it follows again."""
        super().watch_scroll_y(old_value, new_value)
        self._follows = self.is_vertical_scroll_end

    def _follow(self) -> None:
        if self._follows:
            self.scroll_to(y=len(self._lines), animate=False, immediate=True)

    def render_line(self, y: int) -> Strip:
        scroll_x, scroll_y = self.scroll_offset
        style = self.rich_style
        index = scroll_y + y
        if not self._lines and y == 0:
            text = self._empty
        else:
            text = self._lines[index] if index < len(self._lines) else ""
        return Strip([Segment(text, style)]).crop_extend(scroll_x, scroll_x + self.size.width, style)
