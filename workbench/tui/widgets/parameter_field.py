"""One hyperparameter in a form: its name, a control of its kind, what it accepts or what is wrong."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Select

from workbench.params import Parameter, Value
from workbench.tui import keys
from workbench.tui.text import ACCENT, BAD, MUTED, WARNING, Calm, content, joined
from workbench.tui.widgets.recipe_page import value_text
from workbench.tui.widgets.yes_no import YesNo


class Choice(Select[str], inherit_bindings=False):
    """A list that opens on Enter; the arrows up and down stay free to move between fields."""

    BINDINGS = keys.bindings("choice")

    def __init__(self, parameter: Parameter) -> None:
        options = [(content(choice), choice) for choice in parameter.choices]
        super().__init__(options, allow_blank=False, value=str(parameter.default), compact=True)

    def action_turn(self, by: int) -> None:
        """The next choice, or the one before, without opening the list."""
        values = [value for _, value in self._options]
        self.value = values[(values.index(self.value) + by) % len(values)]


class ParameterField(Horizontal):
    """A row of the form; what is typed is checked at once."""

    DEFAULT_CSS = """
    ParameterField {
        height: auto;
        & > .name { width: 20; padding: 0 1 0 0; text-wrap: nowrap; text-overflow: ellipsis; }
        & > .note {
            width: 1fr;
            max-width: 44;
            height: auto;
            padding: 0 0 0 2;
            text-wrap: nowrap;
            text-overflow: ellipsis;
        }
        &.-faulty > .note, &.-remarked > .note { text-wrap: wrap; }
        & > .help { width: 1fr; padding: 0 0 0 2; display: none; height: auto; }
        & > Input, & > Choice, & > YesNo { width: 22; background: $panel; }
        & > Input.-textual-compact { padding: 0 1; }
        &.-faulty > Input { color: $error; }
        & > Input:focus { background: $block-cursor-background; background-tint: $background 0%; }
        & > YesNo:focus { background: $block-cursor-background; }
        & > Choice.-textual-compact > SelectCurrent { padding: 0 1; background: $panel; }
        & > Choice:focus > SelectCurrent {
            background: $block-cursor-background;
            background-tint: $background 0%;
        }
        & > Choice > SelectOverlay { border: none; padding: 0; background: $panel; }
    }
    """

    @dataclass
    class Changed(Message):
        """Something else stands in the field."""

        field: ParameterField

    def __init__(self, parameter: Parameter) -> None:
        super().__init__()
        self.parameter = parameter
        self.value: Value = parameter.default
        self.fault = ""
        self._remark: Content | None = None

    def compose(self) -> ComposeResult:
        yield Calm(self._named(), classes="name")
        yield self._make_control()
        yield Calm(self._note(), classes="note")
        yield Calm(content(self.parameter.help, MUTED), classes="help")

    def _make_control(self) -> Widget:
        default = self.parameter.default
        if self.parameter.kind == "choice":
            return Choice(self.parameter)
        if self.parameter.kind == "bool":
            return YesNo(bool(default))
        line = Input(value_text(default), compact=True)
        line.cursor_blink = False
        return line

    def _named(self) -> Content:
        """The name, with a dot before it where the value is not the default."""
        dot = Content.styled("• ", ACCENT) if self.differs else Content("  ")
        live = Content.styled(" live", WARNING) if self.parameter.live else Content("")
        return joined(dot, content(self.parameter.name), live)

    @property
    def differs(self) -> bool:
        """The value is not the recipe's default."""
        return self.value != self.parameter.default

    def put(self, value: Value) -> None:
        """Have the control show `value`, as if it had been typed or chosen."""
        control = self.control
        if isinstance(control, YesNo):
            control.put(bool(value))
        elif isinstance(control, Choice):
            control.value = str(value)
        elif isinstance(control, Input):
            control.value = value_text(value)
        self.take(value)  # at once: what the control says of it comes a moment later

    @property
    def control(self) -> Widget:
        """Where the value is typed or chosen."""
        return self.query_one("Input, YesNo, Choice")

    async def settle(self) -> None:
        """Take what was typed until now: a field handles its keys after those of the screen."""
        handled = asyncio.Event()
        self.control.call_later(handled.set)
        await handled.wait()
        if isinstance(self.control, Input):
            self.take(self.control.value)

    @on(Input.Changed)
    @on(Select.Changed)
    @on(YesNo.Changed)
    def _take(self, message: Input.Changed | Select.Changed | YesNo.Changed) -> None:
        message.stop()
        self.take(message.value)

    def take(self, raw: object) -> None:
        """Check `raw`, keep its value or show what is wrong with it."""
        try:
            self.value, self.fault = self.parameter.parse(raw), ""
        except ValueError as fault:
            self.fault = str(fault)
        self.set_class(bool(self.fault), "-faulty")
        self._show_note()
        self.query_one(".name", Calm).show(self._named())
        self.post_message(self.Changed(self))

    def remark(self, remark: Content | None) -> None:
        """Say this where the bounds stand, which None brings back; a fault goes before it."""
        self._remark = remark
        self.set_class(remark is not None, "-remarked")
        self._show_note()

    def _show_note(self) -> None:
        self.query_one(".note", Calm).show(self._note())

    def _note(self) -> Content:
        if self.fault:
            return content(self.fault, BAD)
        return self._remark or content(self.parameter.bounds(), MUTED)
