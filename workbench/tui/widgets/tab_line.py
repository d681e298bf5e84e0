"""The tabs of a page, on one line."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from workbench.tui import keys
from workbench.tui.text import ACCENT, MUTED, STRONG, Calm, content, joined

_WIDE, _NARROW = "   ", " "


class TabLine(Calm):
    """Names with the number that shows them; the one that is shown stands out.

    `group` is that of the keys: `tabs.1` shows the first.
    """

    DEFAULT_CSS = """
    TabLine { height: 1; padding: 0 1; margin: 1 0; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, names: Sequence[str], group: str = "tabs") -> None:
        super().__init__()
        self._names = names
        self._group = group
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
        """Close together where there is little room; with less, only those near it have names."""
        index, note = self._marked
        room = self.content_size.width
        tabs = [self._tab(at, name, at == index) for at, name in enumerate(self._names)]
        told = [content(f"· {note}", MUTED)] if note else []
        forms = [Content(gap).join([*tabs, *told]) for gap in (_WIDE, _NARROW)]
        fitting = next((form for form in forms if form.cell_length <= room), None)
        self.show(fitting or self._shortened(tabs, told, room))

    def _shortened(self, tabs: Sequence[Content], told: Sequence[Content], room: int) -> Content:
        """The numbers of all, and the names of the open one and of as many beside it as fit."""
        index, _ = self._marked
        forms = [self._number(at, MUTED) for at in range(len(tabs))]
        forms[index] = tabs[index]
        for at in sorted(range(len(tabs)), key=lambda at: abs(at - index)):
            longer = [*forms[:at], tabs[at], *forms[at + 1 :]]
            if Content(_NARROW).join([*longer, *told]).cell_length > room:
                break
            forms = longer
        return Content(_NARROW).join([*forms, *told])

    def _number(self, at: int, style: str) -> Content:
        return Content.styled(keys.shown_for(f"{self._group}.{at + 1}"), style)

    def _tab(self, at: int, name: str, open_: bool) -> Content:
        return joined(
            self._number(at, ACCENT if open_ else MUTED),
            Content(" "),
            Content.styled(name, f"{STRONG} underline" if open_ else MUTED),
        )
