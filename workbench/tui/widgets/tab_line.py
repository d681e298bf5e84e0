"""The tabs of a page, on one line."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from workbench.tui import keys
from workbench.tui.text import ACCENT, MUTED, STRONG, Calm, content, joined


class TabLine(Calm):
    """Names with the number that shows them; the one that is shown stands out."""

    DEFAULT_CSS = """
    TabLine { height: 1; padding: 0 1; margin: 1 0; text-wrap: nowrap; }
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._names = names
        self.mark(0)

    def mark(self, index: int, note: str = "") -> None:
        """Show which tab is open; `note` says what is to know of it."""
        tabs = [_tab(number, name, number == index) for number, name in enumerate(self._names)]
        self.show(joined(Content("   ").join(tabs), content(f"   {note}" if note else "", MUTED)))


def _tab(number: int, name: str, open_: bool) -> Content:
    return joined(
        Content.styled(f"{keys.shown_for(f'tabs.{number + 1}')} ", ACCENT if open_ else MUTED),
        Content.styled(name, f"{STRONG} underline" if open_ else MUTED),
    )
