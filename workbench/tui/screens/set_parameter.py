"""A new value for a live parameter of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from workbench.params import Parameter, Value
from workbench.tui import keys
from workbench.tui.text import ACCENT, MUTED, STRONG, Calm, joined
from workbench.tui.widgets.parameter_field import ParameterField


@dataclass(frozen=True)
class NewValue:
    """What the user chose."""

    name: str
    value: Value


class Fields(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Scrolls to the field under the cursor; a container's own bindings would take the arrows."""


class SetParameterScreen(ModalScreen[NewValue | None]):
    """One row a live parameter; Enter sets the one under the cursor."""

    DEFAULT_CSS = """
    SetParameterScreen {
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
        ParameterField > Input, ParameterField > Choice, ParameterField > YesNo {
            background: $background;
        }
    }
    """
    BINDINGS = [*keys.bindings("set"), *keys.bindings("launch.next", "launch.previous")]

    def __init__(
        self, parameters: Sequence[Parameter], values: Mapping[str, Value], remark: str = ""
    ) -> None:
        """`remark` stands below the title."""
        super().__init__()
        self._remark = remark
        # The form begins with what holds now, not with the defaults.
        self._parameters = [
            msgspec.structs.replace(parameter, default=values.get(parameter.name, parameter.default))
            for parameter in parameters
        ]

    def compose(self) -> ComposeResult:
        with Vertical():
            remark = Content.styled(f"   {self._remark}" if self._remark else "", MUTED)
            yield Calm(joined(Content.styled("Set while it trains", STRONG), remark), id="title")
            with Fields():
                yield from map(ParameterField, self._parameters)
            yield Calm(
                joined(
                    Content.styled(f"{keys.shown_for('set.keep')} ", ACCENT),
                    Content.styled("sets the value under the cursor    ", MUTED),
                    Content.styled(f"{keys.shown_for('set.back')} ", ACCENT),
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
        for field in self.query(ParameterField):
            if field.control.has_focus_within and not field.fault:
                self.dismiss(NewValue(field.parameter.name, field.value))

    def action_back(self) -> None:
        self.dismiss(None)
