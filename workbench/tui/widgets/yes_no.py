"""A switch on one line."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.message import Message

from workbench.tui import keys
from workbench.tui.text import ACCENT, MUTED, Calm, joined


class YesNo(Calm, can_focus=True):
    """Yes or no; the space bar turns it."""

    DEFAULT_CSS = """
    YesNo {
        height: 1;
        padding: 0 1;
        &:focus { background: $block-cursor-background; }
    }
    """
    BINDINGS = keys.bindings("switch")

    @dataclass
    class Changed(Message):
        """It was turned."""

        value: bool

    def __init__(self, value: bool) -> None:
        super().__init__(_face(value))
        self.value = value

    def action_turn(self) -> None:
        self.put(not self.value)

    def put(self, value: bool) -> None:
        """Set it to yes or no."""
        self.value = value
        self.show(_face(value))
        self.post_message(self.Changed(value))

    def on_click(self) -> None:
        self.action_turn()


def _face(value: bool) -> Content:
    sign = Content.styled("● " if value else "○ ", ACCENT if value else MUTED)
    return joined(sign, Content("yes" if value else "no"))
