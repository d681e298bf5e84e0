"""The log of a run, and the line that searches it."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from workbench.tui import keys
from workbench.tui.text import MUTED, WARNING, Calm, content
from workbench.tui.widgets.log_view import LogView


class LogPage(Vertical):
    """Lines, and below them, while one searches, what is looked for and how often it is there."""

    DEFAULT_CSS = """
    LogPage {
        #finder { height: 1; display: none; background: $panel; }
        #finder Input { width: 1fr; background: $panel; }
        #found { width: auto; padding: 0 1 0 2; }
        &.-searching #finder { display: block; }
    }
    """
    BINDINGS = keys.bindings("find")

    def __init__(self, empty: str) -> None:
        super().__init__(id="log")
        self._empty = empty
        self._complete = False
        self._origin = 0

    def compose(self) -> ComposeResult:
        yield LogView(self._empty)
        with Horizontal(id="finder"):
            line = Input(placeholder="type to find lines", compact=True)
            line.cursor_blink = False
            yield line
            yield Calm(id="found")

    @property
    def searching(self) -> bool:
        return self.has_class("-searching")

    @property
    def wants_earlier(self) -> bool:
        """Whether lines that were not read are searched for too."""
        return self.searching and not self._complete and not self.query_one(LogView).full

    def append(self, lines: Iterable[str]) -> None:
        """Add lines that are safe to show."""
        view = self.query_one(LogView)
        before = view.search.current
        view.append(lines)
        self._show_found(moved=before is None)

    def take_earlier(self, lines: Iterable[str]) -> None:
        """Put the lines that were asked for before the others; none where there are no more."""
        earlier, view = list(lines), self.query_one(LogView)
        self._complete = not earlier
        before = view.search.current
        if earlier and not view.full:
            view.put_before(earlier)
        self._show_found(moved=before is None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is found can be gone through where something is looked for."""
        match action:
            case "find":
                return not self.query_one(Input).has_focus
            case "go":
                return self.searching and bool(self.query_one(LogView).search.text)
            case "leave":
                return self.searching
        return super().check_action(action, parameters)

    def action_find(self) -> None:
        view, line = self.query_one(LogView), self.query_one(Input)
        self._origin = view.top
        self.add_class("-searching")
        view.hold(searching=True)
        self.screen.set_focus(line)
        line.action_select_all()
        self._look_for(line.value)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """To the lines, with what was found; without a text there is nothing to keep."""
        message.stop()
        if message.value:
            self.screen.set_focus(self.query_one(LogView))
        else:
            self.action_leave()

    def action_go(self, by: int) -> None:
        self.query_one(LogView).search.step(by)
        self._show_found(moved=True)

    def action_leave(self) -> None:
        view = self.query_one(LogView)
        self.screen.set_focus(view)
        view.search.look_for("", 0)
        self.remove_class("-searching")
        view.hold(searching=False)
        self.query_one(Input).value = ""
        self.refresh_bindings()

    def on_input_changed(self, message: Input.Changed) -> None:
        message.stop()
        if self.searching:
            self._look_for(message.value)

    def _look_for(self, text: str) -> None:
        self.query_one(LogView).search.look_for(text, self._origin)
        self.refresh_bindings()
        self._show_found(moved=True)

    def _show_found(self, *, moved: bool) -> None:
        """Where one is among what was found; there, if that is another place now."""
        view = self.query_one(LogView)
        if moved and self.searching:
            view.show_current()
        told = view.search.told
        style = WARNING if view.search.current is None else MUTED
        self.query_one("#found", Calm).show(content(told, style))
