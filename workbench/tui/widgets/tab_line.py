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
    TabLine { height: 1; padding: 0 1; margin: 1 0; text-wrap: nowrap; text-overflow: ellipsis; }
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
        """Close together where there is little room; with less, only the open one has its name."""
        index, note = self._marked
        tabs = [_tab(number, name, number == index) for number, name in enumerate(self._names)]
        short = [tab if at == index else _number(at, MUTED) for at, tab in enumerate(tabs)]
        told = [content(note, MUTED)] if note else []
        forms = [Content(gap).join([*some, *told]) for gap, some in ((_WIDE, tabs), (_NARROW, tabs))]
        room = self.content_size.width
        shortest = Content(_NARROW).join([*short, *told])
        self.show(next((form for form in forms if form.cell_length <= room), shortest))


def _number(at: int, style: str) -> Content:
    return Content.styled(keys.shown_for(f"tabs.{at + 1}"), style)


def _tab(at: int, name: str, open_: bool) -> Content:
    return joined(
        _number(at, ACCENT if open_ else MUTED),
        Content(" "),
        Content.styled(name, f"{STRONG} underline" if open_ else MUTED),
    )
