"""All runs, one line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events
from textual.content import Content
from textual.geometry import Region, Size, Spacing
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from workbench.runs.listing import RunSummary
from workbench.runs.order import Order
from workbench.tui import keys
from workbench.tui.painting import paint_now
from workbench.tui.run_line import RunLines

if TYPE_CHECKING:
    from workbench.tui.session import Runs

_HEADING_LINES = 1


class RunsTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Makes the lines in sight and no others, so that a thousand runs cost what a screenful costs.

    The first line is the heading, which stays where it is.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {"runs-table--heading", "runs-table--cursor"}
    DEFAULT_CSS = """
    RunsTable {
        height: 1fr;
        background: $background;
        color: $foreground;
        scrollbar-size: 1 1;
        & > .runs-table--heading { color: $muted; }
        & > .runs-table--cursor {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
            text-style: $block-cursor-blurred-text-style;
        }
        &:focus > .runs-table--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
    }
    """
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

    @dataclass
    class Moved(Message):
        """The cursor stands on another run, or on none."""

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
        self._shown: dict[int, Content] = {}
        self._width = 0
        self.cursor_row = 0

    @property
    def row_count(self) -> int:
        """How many runs are shown."""
        return len(self._runs)

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
        return self._runs[self._rows_in_sight] if self._lines.has_trends else ()

    @property
    def _page(self) -> int:
        """How many runs there is room for."""
        return max(self.scrollable_content_region.height - _HEADING_LINES, 1)

    @property
    def _rows_in_sight(self) -> slice:
        first = self.scroll_offset.y
        return slice(first, first + self._page)

    def show_trends(self, trends: Mapping[str, Sequence[float]]) -> None:
        """Draw the rough courses of the watched metrics, by names of runs."""
        self._trends = {**self._trends, **trends}
        self._redraw_changed()

    def fill(self, runs: Runs) -> None:
        """Show the runs as they are now, in the order that was chosen; the cursor stays on its run."""
        self._all = runs
        self._marked &= {run.name for run in runs}
        self._show(self._order.sort(runs))

    def _show(self, runs: Runs) -> None:
        before, self._runs = self._runs, runs
        self._find_marked()
        names = [run.name for run in runs]
        if names == [run.name for run in before]:
            self._redraw_changed()
            return
        self.cursor_row = _place(names, [run.name for run in before], self.cursor_row)
        self._fit()
        self._redraw_changed()
        self.post_message(self.Moved())

    def _fit(self) -> None:
        """Have as many lines as there are runs, and the cursor among those in sight."""
        self.virtual_size = Size(self._lines.length, len(self._runs) + _HEADING_LINES)
        self._scroll_to_cursor()

    def on_resize(self) -> None:
        if self.size.width and self.size.width != self._width:
            self._width = self.size.width
            self._lines = RunLines(self._width)
            self._shown.clear()
            self.refresh()
            self.post_message(self.Moved())
        self._fit()

    def _redraw_changed(self) -> None:
        """Have those lines in sight drawn anew that are no longer what is on the screen."""
        first, before = self.scroll_offset.y, self._shown
        self._shown = {}
        for row in range(first, first + self._page):
            line = self._shown[row] = self._line(row)
            if row not in before or not before[row].is_same(line):
                self.refresh_line(row + _HEADING_LINES)

    def _line(self, row: int) -> Content:
        if row >= len(self._runs):
            return Content("")
        run = self._runs[row]
        trend = self._trends.get(run.name, ())
        return self._lines.line(run, marked=run.name in self._marked, trend=trend)

    def render_line(self, y: int) -> Strip:
        if y < _HEADING_LINES:
            return self._strip(self._lines.heading(self._order), "runs-table--heading")
        row = self.scroll_offset.y + y - _HEADING_LINES
        if row not in self._shown:
            self._shown[row] = self._line(row)
        if row == self.cursor_row and row < len(self._runs):
            # In one colour: those of the states are not meant for the cursor's background.
            return self._strip(Content(self._shown[row].plain), "runs-table--cursor")
        return self._strip(self._shown[row])

    def _strip(self, line: Content, *component: str) -> Strip:
        """A line as wide as the table."""
        style = self.get_visual_style(*component)
        (strip,) = Visual.to_strips(self, line, self._lines.length, 1, style, pad=True)
        left = self.scroll_offset.x
        right = left + self.scrollable_content_region.width
        return strip.crop_extend(left, right, style.rich_style)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._shown.clear()

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
        self._redraw_changed()
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
        self.refresh_line(self.scroll_offset.y)  # the heading
        self._show(order.sort(self._all))

    def move_cursor(self, row: int) -> None:
        """Put the cursor on a line, or on the next one that there is."""
        before, self.cursor_row = self.cursor_row, max(min(row, len(self._runs) - 1), 0)
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
        self.move_cursor(len(self._runs))

    def action_select_cursor(self) -> None:
        if self.chosen is not None:
            self.post_message(self.Opened(self.chosen))

    def on_click(self, event: events.Click) -> None:
        """Onto the run that was clicked; one under the cursor is opened."""
        row = self.scroll_offset.y + event.y - _HEADING_LINES
        if event.y < _HEADING_LINES or row >= len(self._runs):
            return
        if row == self.cursor_row:
            self.action_select_cursor()
        else:
            self.move_cursor(row)


def _place(names: Sequence[str], before: Sequence[str], cursor: int) -> int:
    """Where the run under the cursor is now; where it is gone, the one below it, or else above it."""
    places = {name: row for row, name in enumerate(names)}
    nearest = (*before[cursor:], *reversed(before[:cursor]))
    return next((places[name] for name in nearest if name in places), 0)
