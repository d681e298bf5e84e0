"""A few fields above a page, which Enter hands in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, OptionList

from workbench.params import Parameter
from workbench.tui import keys
from workbench.tui.text import ACCENT, MUTED, STRONG, Calm, content, joined
from workbench.tui.widgets.parameter_field import ParameterField

ResultT = TypeVar("ResultT")


def in_open_list(screen: Screen[Any]) -> bool:
    """Whether the list of a choice is open, in which the arrows go up and down."""
    return isinstance(screen.focused, OptionList)


def go_to_field(screen: Screen[Any], direction: int) -> None:
    """To the field below (1) or above (-1)."""
    if direction > 0:
        screen.focus_next()
    else:
        screen.focus_previous()


class Fields(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Scrolls to the field under the cursor; a container's own bindings would take the arrows."""


class FieldsScreen(ModalScreen[ResultT | None], Generic[ResultT]):
    """One row a parameter; gives what `action_keep` makes of them, or None."""

    DEFAULT_CSS = """
    FieldsScreen {
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
    BINDINGS = keys.bindings("launch.next", "launch.previous")

    def __init__(self, parameters: Sequence[Parameter], title: str, remark: str, group: str) -> None:
        """`remark` stands beside the title; `group` is that of the keys that hand in and leave."""
        super().__init__()
        self._parameters = parameters
        self._heading = title
        self._remark = f"   {remark}" if remark else ""
        self._group = group

    def keep_words(self) -> str:
        """What the key that hands in does."""
        raise NotImplementedError

    def action_keep(self) -> None:
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        with Vertical():
            title = Content.styled(self._heading, STRONG)
            yield Calm(joined(title, content(self._remark, MUTED)), id="title")
            with Fields():
                yield from map(ParameterField, self._parameters)
            yield Calm(
                joined(
                    Content.styled(f"{keys.shown_for(f'{self._group}.keep')} ", ACCENT),
                    Content.styled(f"{self.keep_words()}    ", MUTED),
                    Content.styled(f"{keys.shown_for(f'{self._group}.back')} ", ACCENT),
                    Content.styled("leaves it", MUTED),
                ),
                id="way",
            )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In a list that is open the arrows choose."""
        if action == "field":
            return not in_open_list(self)
        return super().check_action(action, parameters)

    def action_field(self, direction: int) -> None:
        go_to_field(self, direction)

    def on_mount(self) -> None:
        self.query(ParameterField).first().control.focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self.action_keep()

    def action_back(self) -> None:
        self.dismiss(None)
