"""The file of a picture that a network is to be shown."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from workbench.params import Parameter
from workbench.tui import keys
from workbench.tui.text import ACCENT, MUTED, STRONG, Calm, joined
from workbench.tui.widgets.path_field import PathField

_FILE = Parameter(name="picture", kind="path", default="", help="PNG, JPEG or what Pillow reads")


class OwnPictureScreen(ModalScreen[str | None]):
    """Gives the path, or None where there is to be none."""

    DEFAULT_CSS = """
    OwnPictureScreen {
        align: center middle;
        & > Vertical {
            width: 84;
            max-width: 96%;
            height: auto;
            padding: 1 2;
            background: $panel;
        }
        Calm { height: auto; }
        #title, PathField { margin: 0 0 1 0; }
        PathField > .name { width: 10; }
        PathField > Input { width: 1fr; background: $background; }
    }
    """
    BINDINGS = keys.bindings("picture")

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Calm(
                Content.styled("A picture of your own, shown to the network", STRONG), id="title"
            )
            yield PathField(_FILE)
            yield Calm(
                joined(
                    Content.styled(f"{keys.shown_for('picture.show')} ", ACCENT),
                    Content.styled("shows it    ", MUTED),
                    Content.styled(f"{keys.shown_for('picture.back')} ", ACCENT),
                    Content.styled("back", MUTED),
                )
            )

    def on_mount(self) -> None:
        self.query_one(PathField).control.focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self.action_show()

    def action_show(self) -> None:
        path = str(self.query_one(PathField).value).strip()
        if path:
            self.dismiss(path)

    def action_back(self) -> None:
        self.dismiss(None)
