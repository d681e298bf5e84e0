"""A new value for a live parameter of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from workbench.params import Parameter, Value
from workbench.tui import keys
from workbench.tui.screens.fields import FieldsScreen
from workbench.tui.widgets.parameter_field import ParameterField


@dataclass(frozen=True)
class NewValue:
    """What the user chose."""

    name: str
    value: Value


class SetParameterScreen(FieldsScreen[NewValue]):
    """One row a live parameter; Enter sets the one under the cursor."""

    BINDINGS = keys.bindings("set")

    def __init__(
        self, parameters: Sequence[Parameter], values: Mapping[str, Value], remark: str = ""
    ) -> None:
        """`remark` stands beside the title."""
        # The form begins with what holds now, not with the defaults.
        held = [
            msgspec.structs.replace(parameter, default=values.get(parameter.name, parameter.default))
            for parameter in parameters
        ]
        super().__init__(held, "Set while it trains", remark, "set")

    def keep_words(self) -> str:
        return "sets the value under the cursor"

    def action_keep(self) -> None:
        for field in self.query(ParameterField):
            if field.control.has_focus_within and not field.fault:
                self.dismiss(NewValue(field.parameter.name, field.value))
