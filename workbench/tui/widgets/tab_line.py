"""The tabs of a page, on one line."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from workbench.tui import keys
from workbench.tui.text import ACCENT, MUTED, STRONG, Calm, content, joined

_WIDE, _NARROW = "   ", " "


class TabLine(Calm):
    """Names with the number that shows them; the one that is shown stands out."""

    DEFAULT_CSS = """
    TabLine { height: 1; padding: 0 1; margin: 1 0; text-wrap: nowrap; }
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._names = names
        self._marked = 0, ""
        self.mark(0)

    def name_tabs(self, names: Sequence[str]) -> None:
        """Other tabs are there now."""
        self._names = names
        self.mark(*self._marked)

    def mark(self, index: int, note: str = "") -> None:
        """Show which tab is open; `note` says what is to know of it."""
        self._marked = index, note
        self._fill()

    def on_resize(self) -> None:
        self._fill()

    def _fill(self) -> None:
        """Close together where there is little room."""
        index, note = self._marked
        tabs = [_tab(number, name, number == index) for number, name in enumerate(self._names)]
        told = [*tabs, content(note, MUTED)] if note else tabs
        wide, narrow = (Content(gap).join(told) for gap in (_WIDE, _NARROW))
        self.show(wide if wide.cell_length <= self.content_size.width else narrow)


def _tab(number: int, name: str, open_: bool) -> Content:
    return joined(
        Content.styled(f"{keys.shown_for(f'tabs.{number + 1}')} ", ACCENT if open_ else MUTED),
        Content.styled(name, f"{STRONG} underline" if open_ else MUTED),
    )
