"""The values of a trial that a person wants tried next."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.params import Parameter, Value
from workbench.tui import keys
from workbench.tui.screens.fields import FieldsScreen
from workbench.tui.widgets.parameter_field import ParameterField


class EnqueueScreen(FieldsScreen[dict[str, Value]]):
    """One row a searched parameter; what is left empty is drawn. Gives the values, or None."""

    DEFAULT_CSS = "EnqueueScreen ParameterField > Input { width: 26; }"
    BINDINGS = keys.bindings("enqueue.keep", "enqueue.back")

    def __init__(self, parameters: Sequence[Parameter], whose: str) -> None:
        """`whose` says whose values the form begins with."""
        super().__init__(parameters, "Try this next", whose, "enqueue")

    def keep_words(self) -> str:
        return "queues it; what is empty is drawn"

    def action_keep(self) -> None:
        fields = list(self.query(ParameterField))
        faulty = [field for field in fields if field.fault]
        if faulty:
            faulty[0].control.focus()
        else:
            self.dismiss({one.parameter.name: one.value for one in fields if one.value != ""})
