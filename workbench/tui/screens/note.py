"""One line about a run."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from workbench.tui import keys
from workbench.tui.text import ACCENT, MUTED, STRONG, Calm, content, joined
from workbench.units import plain

MOST_CHARACTERS = 500


class NoteScreen(ModalScreen[str | None]):
    """Gives the note, empty where there is to be none, or None where it stays as it was."""

    DEFAULT_CSS = """
    NoteScreen {
        align: center middle;
        & > Vertical {
            width: 76;
            max-width: 96%;
            height: auto;
            padding: 1 2;
            background: $panel;
        }
        Calm { height: auto; }
        Input { margin: 1 0; background: $background; }
    }
    """
    BINDINGS = keys.bindings("set.back")

    def __init__(self, name: str, note: str) -> None:
        super().__init__()
        self._name = name
        self._note = plain(note)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Calm(content(f"A note on {self._name}", STRONG))
            yield Input(self._note, compact=True, max_length=MOST_CHARACTERS)
            yield Calm(
                joined(
                    Content.styled("enter ", ACCENT),
                    Content.styled("keeps it    ", MUTED),
                    Content.styled("esc ", ACCENT),
                    Content.styled("leaves it as it was", MUTED),
                )
            )

    def on_input_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self.dismiss(message.value.strip())

    def action_back(self) -> None:
        self.dismiss(None)
