"""The help page, made from the table of keys."""

from __future__ import annotations

from itertools import groupby
from textwrap import wrap

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from workbench.tui import keys
from workbench.tui.key_table import GROUPS, KEYS, Key
from workbench.tui.text import ACCENT, MUTED, STRONG, Calm, joined, stacked
from workbench.tui.widgets.key_line import KeyLine

_WIDEST_KEY = 6
_LEAST_ROOM = 10


class HelpScreen(ModalScreen[None]):
    """All keys, by where they are good; any of the leaving keys closes it."""

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        & > VerticalScroll {
            width: 76;
            max-width: 96%;
            height: 92%;
            padding: 1 3;
            background: $panel;
            scrollbar-size-vertical: 1;
        }
        & > KeyLine { dock: bottom; }
    }
    """
    BINDINGS = keys.bindings("help", "move")

    def __init__(self, here: set[str]) -> None:
        super().__init__()
        self._here = here

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield HelpText(self._here)
        yield KeyLine()

    def action_close(self) -> None:
        self.dismiss()


class HelpText(Calm):
    """The table of keys, wrapped as its room wants it."""

    def __init__(self, here: set[str]) -> None:
        super().__init__(help_text(here))
        self._here = here

    def on_resize(self) -> None:
        self.show(help_text(self._here, self.content_size.width))


def help_text(here: set[str], width: int = 0) -> Content:
    """Every group of keys under its heading, those of the ids in `here` first.

    Lines longer than `width` go on below their beginning; 0 is as wide as may be.
    """
    groups = list(GROUPS)
    now = {key.group for key in KEYS if key.id in here}
    order = sorted(groups, key=lambda group: (group not in now, groups.index(group)))
    by_group = sorted(KEYS, key=lambda key: order.index(key.group))
    parts = [
        stacked(Content.styled(GROUPS[group], STRONG), *(_line(key, width) for key in some))
        for group, some in groupby(by_group, key=lambda key: key.group)
    ]
    return Content("\n\n").join(parts)


def _line(key: Key, width: int) -> Content:
    shown = f"{keys.shown_for(key.id):>{_WIDEST_KEY}}  "
    room = max(width - len(shown), _LEAST_ROOM) if width else len(key.help)
    told = f"\n{' ' * len(shown)}".join(wrap(key.help, room))
    return joined(Content.styled(shown, ACCENT), Content.styled(told, MUTED))
