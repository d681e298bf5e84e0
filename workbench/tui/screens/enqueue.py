"""The values of a trial that a person wants tried next."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from workbench.params import Parameter, Value
from workbench.tui import keys
from workbench.tui.screens.set_parameter import Fields
from workbench.tui.text import ACCENT, MUTED, STRONG, Calm, content, joined
from workbench.tui.widgets.parameter_field import ParameterField


class EnqueueScreen(ModalScreen[dict[str, Value] | None]):
    """One row a searched parameter; what is left empty is drawn. Gives the values, or None."""

    DEFAULT_CSS = """
    EnqueueScreen {
        align: center middle;
        & > Vertical {
            width: 76;
            max-width: 96%;
            height: auto;
            max-height: 90%;
            padding: 1 2;
            background: $panel;
        }
        Calm { height: auto; }
        VerticalScroll { height: auto; scrollbar-size-vertical: 1; }
        #title { margin: 0 0 1 0; }
        #way { margin: 1 0 0 0; }
        ParameterField > Input { background: $background; width: 26; }
    }
    """
    BINDINGS = [
        *keys.bindings("enqueue.keep", "enqueue.back"),
        *keys.bindings("launch.next", "launch.previous"),
    ]

    def __init__(self, parameters: Sequence[Parameter], whose: str) -> None:
        """`whose` says whose values the form begins with."""
        super().__init__()
        self._parameters = parameters
        self._whose = whose

    def compose(self) -> ComposeResult:
        with Vertical():
            whose = content(f"   {self._whose}" if self._whose else "", MUTED)
            yield Calm(joined(Content.styled("Try this next", STRONG), whose), id="title")
            with Fields():
                yield from map(ParameterField, self._parameters)
            yield Calm(
                joined(
                    Content.styled(f"{keys.shown_for('enqueue.keep')} ", ACCENT),
                    Content.styled("queues it; what is empty is drawn    ", MUTED),
                    Content.styled(f"{keys.shown_for('enqueue.back')} ", ACCENT),
                    Content.styled("leaves it", MUTED),
                ),
                id="way",
            )

    def on_mount(self) -> None:
        self.query(ParameterField).first().control.focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self.action_keep()

    def action_keep(self) -> None:
        fields = list(self.query(ParameterField))
        faulty = [field for field in fields if field.fault]
        if faulty:
            faulty[0].control.focus()
        else:
            self.dismiss({one.parameter.name: one.value for one in fields if one.value != ""})

    def action_back(self) -> None:
        self.dismiss(None)
