"""A question before something that cannot be undone."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from workbench.tui import keys
from workbench.tui.text import ACCENT, MUTED, STRONG, Calm, content, joined


class QuestionScreen(ModalScreen[str]):
    """Gives `yes`, `other` (where another way is offered) or nothing."""

    DEFAULT_CSS = """
    QuestionScreen {
        align: center middle;
        & > Vertical {
            width: 64;
            max-width: 94%;
            height: auto;
            padding: 1 3;
            background: $panel;
        }
        Calm { height: auto; }
        #detail { margin: 0 0 1 0; }
    }
    """
    BINDINGS = keys.bindings("dialog")

    def __init__(self, question: str, detail: str, yes: str, other: str = "") -> None:
        super().__init__()
        self._texts = question, detail
        self._ways = {"yes": yes, "other": other, "no": "leave it"}

    def compose(self) -> ComposeResult:
        question, detail = self._texts
        with Vertical():
            yield Calm(content(question, STRONG))
            yield Calm(content(detail, MUTED), id="detail")
            yield Calm(Content("    ").join([_way(key, way) for key, way in self._ways.items() if way]))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The other way is there only where it was offered."""
        if parameters == ("other",):
            return bool(self._ways["other"])
        return super().check_action(action, parameters)

    def action_answer(self, way: str) -> None:
        self.dismiss(way)


def _way(answer: str, way: str) -> Content:
    return joined(Content.styled(f"{keys.shown_for(f'dialog.{answer}')} ", ACCENT), content(way))
