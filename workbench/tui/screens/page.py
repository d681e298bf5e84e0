"""What the pages of a run and of a study share: tabs, a notice, and the post-mortem of what died."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from textual.widget import Widget
from textual.widgets import ContentSwitcher

from workbench.runs.folder import RunFolder
from workbench.runs.states import State
from workbench.tui import keys
from workbench.tui.painting import paint_now
from workbench.tui.run_facts import Facts
from workbench.tui.screens.following import FollowingScreen
from workbench.tui.screens.steering import KEYS
from workbench.tui.text import state_style
from workbench.tui.widgets.notice import Notice
from workbench.tui.widgets.post_mortem import PostMortemPage
from workbench.tui.widgets.tab_line import TabLine

ReadT = TypeVar("ReadT")

POST_MORTEM = "Post-mortem"  # behind the others, of what failed or was lost
_BROKEN = {State.FAILED, State.LOST, State.PREEMPTED}


class PageScreen(FollowingScreen):
    """Has a TabLine, a Notice, and a ContentSwitcher with a PostMortemPage in it."""

    DEFAULT_CSS = """
    PageScreen {
        ContentSwitcher { height: 1fr; padding: 0 1; }
        ContentSwitcher > VerticalScroll { scrollbar-size-vertical: 1; }
        ContentSwitcher > VerticalScroll > Calm { height: auto; }
        &.-alone { RunHeader, TabLine { display: none; } }
    }
    """
    BINDINGS = [*KEYS, *keys.bindings("run.set", "run.fork", "run.back")]

    def __init__(self, folder: RunFolder) -> None:
        super().__init__(folder)
        self.tab = 0
        self._opening = True

    @property
    def tab_names(self) -> Sequence[str]:
        """The tabs that are always there."""
        raise NotImplementedError

    def tab_opened(self) -> None:
        """Another tab is to be seen."""
        raise NotImplementedError

    def place_of(self, tab: str) -> str:
        """The id of what a tab shows."""
        return tab.lower()

    @property
    def damage(self) -> Sequence[str]:
        """What of the record cannot be read."""
        return self.facts.faults

    def read_folder(self, read: Callable[[], ReadT]) -> tuple[ReadT | None, str]:
        """What `read` gives; or None with a sentence, where the folder is gone or cannot be read."""
        try:
            if not self.folder.path.is_dir():
                return None, f"{self.folder.name} is no more: somebody deleted its folder"
            return read(), ""
        except OSError as fault:
            return None, f"{self.folder.name} cannot be read: {fault}"

    # Tabs.

    @property
    def _tabs(self) -> Sequence[str]:
        dead = self.facts.post_mortem is not None
        return (*self.tab_names, POST_MORTEM) if dead else self.tab_names

    def action_tab(self, by: int) -> None:
        self.action_show_tab((self.tab + by) % len(self._tabs))

    def action_show_tab(self, index: int) -> None:
        self.tab = index
        self._opening = False
        tabs = self.query_one(TabLine)
        tabs.mark(index)
        paint_now(tabs)
        switcher = self.query_one(ContentSwitcher)
        switcher.current = self.place_of(self._tabs[index])
        inside = switcher.query_one(f"#{switcher.current}").walk_children(Widget, with_self=True)
        self.set_focus(next((widget for widget in inside if widget.focusable), None))
        self.show_notice()
        self.tab_opened()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only tabs that are there are shown."""
        if action == "show_tab":
            return parameters[0] in range(len(self._tabs))
        return super().check_action(action, parameters)

    # What went wrong.

    def show_post_mortem(self, before: Facts, *, loading: bool) -> None:
        """The page of what is dead opens on it; what goes on has none."""
        told = self.facts.post_mortem
        self.query_one(PostMortemPage).fill(told)
        last = len(self.tab_names)
        if told is None and self.tab == last:
            self.action_show_tab(0)  # before its name goes
        if (told is None) != (before.post_mortem is None):
            self.query_one(TabLine).name_tabs(self._tabs)
            self.refresh_bindings()
        if told is not None and self._opening:
            self.action_show_tab(last)
        self._opening = self._opening and loading

    def show_notice(self) -> None:
        """What went wrong or came between, and what with the record."""
        status, damage = self.facts.status, self.damage
        told = self.tab == len(self.tab_names)  # the post-mortem says it all
        broken = status.state in _BROKEN and not told
        remedies = [status.remedy] if broken and status.remedy else []
        if damage:
            more = f" and {len(damage) - 1} more" if len(damage) > 1 else ""
            remedies.append(f"a part of the record is damaged, the rest is shown: {damage[0]}{more}")
        title = status.reason if broken else ""
        self.query_one(Notice).say(title, "\n".join(remedies), style=state_style(status.state))
