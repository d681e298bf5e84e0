"""Shows a drawing that a thread made, line by line."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from workbench.tui.ansi import in_theme
from workbench.tui.text import MUTED, content


class Drawing(Widget):
    """Strips on the widget's own background; redrawn only where a line changed."""

    DEFAULT_CSS = """
    Drawing { height: 1fr; width: 1fr; }
    """

    @dataclass
    class RoomChanged(Message):
        """A drawing of another size fits now (cells)."""

        size: Size

    def __init__(self, empty: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._empty = empty
        self._strips: tuple[Strip, ...] = ()

    def show(self, strips: tuple[Strip, ...]) -> None:
        """Draw `strips` in the place of what is there."""
        if strips is not self._strips and strips != self._strips:
            self._strips = strips
            self.refresh()

    def on_resize(self) -> None:
        self.post_message(self.RoomChanged(self.size))

    def render(self) -> Content:
        """What stands there while there is nothing to draw."""
        return content(self._empty, MUTED)

    def render_line(self, y: int) -> Strip:
        if not self._strips:
            return super().render_line(y)
        style = self.rich_style
        if y >= len(self._strips):
            return Strip.blank(self.size.width, style)
        drawn = in_theme(self._strips[y], self.app.theme)
        return drawn.apply_style(style).adjust_cell_length(self.size.width, style)
