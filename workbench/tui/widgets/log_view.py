"""The lines of a run's log; they are followed while one looks at their end."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.tui import keys
from workbench.tui.log_lines import LogLines, LogSearch

_MARGIN = 8  # cells between a match and the edge, where one scrolls aside to it


class LogView(ScrollView, can_focus=True, inherit_bindings=False):
    """Draws the lines in sight; those of `search` with their matches marked."""

    COMPONENT_CLASSES = {"log-view--match", "log-view--current"}
    DEFAULT_CSS = """
    LogView {
        height: 1fr;
        background: $background;
        scrollbar-size: 1 1;
        & > .log-view--match { color: $warning; text-style: underline; }
        & > .log-view--current { color: $warning; text-style: bold reverse; }
    }
    """

    BINDINGS = keys.bindings("log")

    def __init__(self, empty: str) -> None:
        super().__init__()
        self._empty = empty
        self._follows = True
        self._searching = False
        self._lines = LogLines()
        self.search = LogSearch(self._lines)

    @property
    def lines(self) -> list[str]:
        return list(self._lines.between(self._lines.first, self._lines.end))

    @property
    def full(self) -> bool:
        """Whether earlier lines would find no room."""
        return self._lines.full

    @property
    def top(self) -> int:
        """The number of the first line in sight."""
        return self._lines.first + self.scroll_offset.y

    def append(self, lines: Iterable[str]) -> None:
        """Add lines that are safe to show."""
        self._changed(-self._lines.append(lines))

    def put_before(self, lines: Iterable[str]) -> None:
        """Put earlier lines in the place of the first one; what is in sight stays."""
        self._changed(self._lines.put_before(lines))

    def hold(self, searching: bool) -> None:
        """While one searches the end is not followed, unless one goes there."""
        self._searching = searching
        self._follows = not searching and self.is_vertical_scroll_end
        self.refresh()

    def show_current(self) -> None:
        """Bring what was found into sight, with what stands around it."""
        number, height = self.search.current, self.scrollable_content_region.height
        if number is not None:
            row = number - self._lines.first
            if not self.scroll_offset.y <= row < self.scroll_offset.y + height:
                self._put_at(row - height // 2)
            self._show_aside(self._lines[number])
        self.refresh()

    def on_resize(self) -> None:
        self._follow()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Whoever scrolls up reads; back at the end it follows again."""
        super().watch_scroll_y(old_value, new_value)
        self._follows = self.is_vertical_scroll_end and (self._follows or not self._searching)

    def action_scroll_end(self) -> None:
        self._follows = True
        self._follow()

    def _changed(self, added_before: int) -> None:
        """Lines came, some of them perhaps before those in sight, or some of those went."""
        at = self.scroll_offset.y + added_before
        follows = self._follows
        self.virtual_size = Size(self._lines.cells, len(self._lines))
        if added_before and not follows:
            self._put_at(at)
        self._follows = follows
        self._follow()
        self.search.catch_up()
        self.refresh()

    def _follow(self) -> None:
        if self._follows:
            self._put_at(len(self._lines))

    def _put_at(self, row: int) -> None:
        self.scroll_to(y=max(row, 0), animate=False, immediate=True)

    def _show_aside(self, line: str) -> None:
        """Scroll along the lines only where the match would not be seen."""
        (start, end), *_ = self.search.places(line)
        first, last = cell_len(line[:start]), cell_len(line[:end])
        left, width = self.scroll_offset.x, self.scrollable_content_region.width
        if not left <= first <= last <= left + width:
            place = 0 if last <= width else max(first - _MARGIN, 0)
            self.scroll_to(x=place, animate=False, immediate=True)

    def render_line(self, y: int) -> Strip:
        scroll_x, scroll_y = self.scroll_offset
        style = self.rich_style
        number = self._lines.first + scroll_y + y
        if not self._lines and y == 0:
            segments = [Segment(self._empty, style)]
        else:
            segments = self._segments(number) if number < self._lines.end else []
        return Strip(segments).crop_extend(scroll_x, scroll_x + self.size.width, style)

    def _segments(self, number: int) -> list[Segment]:
        """A line, and in it what is looked for."""
        style, line, done = self.rich_style, self._lines[number], 0
        kind = "log-view--current" if number == self.search.current else "log-view--match"
        segments = []
        for start, end in self.search.places(line):
            marked = self.get_component_rich_style(kind)
            segments += [Segment(line[done:start], style), Segment(line[start:end], marked)]
            done = end
        return [*segments, Segment(line[done:], style)]
