"""What came between, inside a page: what is wrong, and what to do about it."""

from __future__ import annotations

from textual.content import Content

from workbench.tui.text import BAD, MUTED, Calm, content, stacked


class Notice(Calm):
    """Takes no room while there is nothing to say."""

    DEFAULT_CSS = """
    Notice {
        height: auto;
        max-height: 8;
        padding: 0 1;
        margin: 0 0 1 0;
        display: none;
        &.-there { display: block; }
    }
    """

    def say(self, title: str, remedy: str = "", *, style: str = BAD) -> None:
        """Show the two texts; nothing where both are empty."""
        lines = [content(title, style, lines=True), content(remedy, MUTED, lines=True)]
        self.show(stacked(*(line for line in lines if line)) if title or remedy else Content(""))
        self.set_class(bool(title or remedy), "-there")
