"""A table of many lines of which only those in sight are made."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.geometry import Region, Size, Spacing
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from workbench.tui.painting import paint_now

_HEADING_LINES = 1


class LineTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines under a heading that stays, with a cursor; thousands of lines cost what a screenful costs.

    What is shown is told to it by `fill_lines`: as many keys as there are lines, by which the cursor
    stays where it is while others come and go.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {"line-table--heading", "line-table--cursor"}
    DEFAULT_CSS = """
    LineTable {
        height: 1fr;
        background: $background;
        color: $foreground;
        scrollbar-size: 1 1;
        & > .line-table--heading { color: $muted; }
        & > .line-table--cursor {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
            text-style: $block-cursor-blurred-text-style;
        }
        &:focus > .line-table--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
    }
    """

    class Moved(Message):
        """The cursor stands on another line, or on none, or other lines are in sight."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._keys: Sequence[object] = ()
        self._shown: dict[int, Content] = {}
        self._width = 0
        self.cursor_row = 0

    def make_line(self, row: int) -> Content:
        """What stands on a line, counted from 0."""
        raise NotImplementedError

    def make_heading(self) -> Content:
        """What stands above the lines."""
        raise NotImplementedError

    def line_length(self) -> int:
        """How many cells a line takes."""
        raise NotImplementedError

    def open_line(self, row: int) -> None:
        """What a line is about is to be looked at."""
        raise NotImplementedError

    def width_changed(self, width: int) -> None:
        """The table has this many cells now."""

    def fill_lines(self, keys: Sequence[object]) -> None:
        """Show these lines; those that are as they were are not drawn anew."""
        before, self._keys = self._keys, keys
        if before == keys:
            self.redraw_changed()
            return
        self.cursor_row = _place(keys, before, self.cursor_row)
        self._fit()
        self.redraw_changed()
        self.post_message(self.Moved())

    def redraw_heading(self) -> None:
        """Draw the heading anew."""
        self.refresh_line(self.scroll_offset.y)

    @property
    def row_count(self) -> int:
        """How many lines there are."""
        return len(self._keys)

    @property
    def rows_in_sight(self) -> slice:
        """Which lines there is room for now."""
        first = self.scroll_offset.y
        return slice(first, first + self._page)

    @property
    def _page(self) -> int:
        return max(self.scrollable_content_region.height - _HEADING_LINES, 1)

    def _fit(self) -> None:
        """Have as many lines as there are, and the cursor among those in sight."""
        self.virtual_size = Size(self.line_length(), len(self._keys) + _HEADING_LINES)
        self._scroll_to_cursor()

    def on_resize(self) -> None:
        if self.size.width and self.size.width != self._width:
            self._width = self.size.width
            self.width_changed(self._width)
            self._shown.clear()
            self.refresh()
            self.post_message(self.Moved())
        self._fit()

    def redraw_changed(self) -> None:
        """Have those lines in sight drawn anew that are no longer what is on the screen."""
        before, sight = self._shown, self.rows_in_sight
        self._shown = {}
        for row in range(sight.start, sight.stop):
            line = self._shown[row] = self._line(row)
            if row not in before or not before[row].is_same(line):
                self.refresh_line(row + _HEADING_LINES)

    def _line(self, row: int) -> Content:
        return self.make_line(row) if row < len(self._keys) else Content("")

    def render_line(self, y: int) -> Strip:
        if y < _HEADING_LINES:
            return self._strip(self.make_heading(), "line-table--heading")
        row = self.scroll_offset.y + y - _HEADING_LINES
        if row not in self._shown:
            self._shown[row] = self._line(row)
        if row == self.cursor_row and row < len(self._keys):
            # In one colour: those of the states are not meant for the cursor's background.
            return self._strip(Content(self._shown[row].plain), "line-table--cursor")
        return self._strip(self._shown[row])

    def _strip(self, line: Content, *component: str) -> Strip:
        """A line as wide as the table."""
        style = self.get_visual_style(*component)
        room = max(self.line_length(), 1)
        (strip,) = Visual.to_strips(self, line.truncate(room), room, 1, style, pad=True)
        left = self.scroll_offset.x
        right = left + self.scrollable_content_region.width
        strip = strip.crop_extend(left, right, style.rich_style)
        # Textual's visual styles know no text style of a component, which is all that marks the cursor
        # in the terminal's own colours.
        return strip.apply_style(self.get_component_rich_style(*component)) if component else strip

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._shown.clear()

    def move_cursor(self, row: int) -> None:
        """Put the cursor on a line, or on the next one that there is."""
        before, self.cursor_row = self.cursor_row, max(min(row, len(self._keys) - 1), 0)
        if self.cursor_row != before:
            self.refresh_line(before + _HEADING_LINES)
            self.refresh_line(self.cursor_row + _HEADING_LINES)
            first = self.scroll_offset.y
            self._scroll_to_cursor()
            if self.scroll_offset.y == first:
                paint_now(self)
            self.post_message(self.Moved())

    def _scroll_to_cursor(self) -> None:
        line = Region(0, self.cursor_row + _HEADING_LINES, 1, 1)
        below_heading = Spacing(_HEADING_LINES, 0, 0, 0)
        self.scroll_to_region(line, spacing=below_heading, animate=False, force=True, x_axis=False)

    def action_cursor_down(self) -> None:
        self.move_cursor(self.cursor_row + 1)

    def action_cursor_up(self) -> None:
        self.move_cursor(self.cursor_row - 1)

    def action_page_down(self) -> None:
        self.move_cursor(self.cursor_row + self._page)

    def action_page_up(self) -> None:
        self.move_cursor(self.cursor_row - self._page)

    def action_scroll_top(self) -> None:
        self.move_cursor(0)

    def action_scroll_bottom(self) -> None:
        self.move_cursor(len(self._keys))

    def action_select_cursor(self) -> None:
        if self._keys:
            self.open_line(self.cursor_row)

    def on_click(self, event: events.Click) -> None:
        """Onto the line that was clicked; what is under the cursor is opened."""
        row = self.scroll_offset.y + event.y - _HEADING_LINES
        if event.y < _HEADING_LINES or row >= len(self._keys):
            return
        if row == self.cursor_row:
            self.action_select_cursor()
        else:
            self.move_cursor(row)


def _place(keys: Sequence[object], before: Sequence[object], cursor: int) -> int:
    """Where the line under the cursor is now; where it is gone, the one below it, or else above it."""
    places = {key: row for row, key in enumerate(keys)}
    nearest = (*before[cursor:], *reversed(before[:cursor]))
    return next((places[key] for key in nearest if key in places), 0)
