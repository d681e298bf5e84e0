"""A form made from a recipe's parameters, with the seed and the device of the run below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget

from workbench.params import Parameter, Value
from workbench.tui.text import MUTED, STRONG, Calm, content, joined
from workbench.tui.value_sets import ValueSet
from workbench.tui.widgets.parameter_field import ParameterField
from workbench.tui.widgets.path_field import PathField


class ParameterForm(VerticalScroll, can_focus=False, inherit_bindings=False):
    """One row a parameter; `values` and `run_values` are sound when `faults` is empty.

    The arrows go from field to field, and it scrolls along; a container's own bindings would take them.
    """

    DEFAULT_CSS = """
    ParameterForm {
        height: 1fr;
        padding: 0 1;
        scrollbar-size-vertical: 1;
        & > .heading { margin: 1 0 0 0; height: 1; }
        & > .heading.-first { margin: 0; }
    }
    """

    def __init__(
        self,
        parameters: Sequence[Parameter],
        run_parameters: Sequence[Parameter],
        below: Mapping[str, Widget] | None = None,
    ) -> None:
        """`below` holds widgets that stand under the field of a name."""
        super().__init__()
        self._below = dict(below or {})
        self._fields = [_field(parameter) for parameter in parameters]
        self._run_fields = [_field(parameter) for parameter in run_parameters]

    def compose(self) -> ComposeResult:
        if self._fields:
            yield Calm(Content.styled("Parameters", STRONG), id="whose", classes="heading -first")
            yield from self._fields
        yield Calm(Content.styled("Run", STRONG), classes="heading")
        for field in self._run_fields:
            yield field
            if field.parameter.name in self._below:
                yield self._below[field.parameter.name]

    def field(self, name: str) -> ParameterField:
        """The field of the run's own of that name: seed, device."""
        return next(field for field in self._run_fields if field.parameter.name == name)

    @property
    def values(self) -> dict[str, Value]:
        """The recipe's parameters by name."""
        return _values(self._fields)

    @property
    def run_values(self) -> dict[str, Value]:
        """Seed, device, and whether to wait for it."""
        return _values(self._run_fields)

    async def settle(self) -> None:
        """Take what was typed until now into any field."""
        for field in [*self._fields, *self._run_fields]:
            await field.settle()

    @property
    def faulty(self) -> list[ParameterField]:
        """The fields whose text is refused."""
        return [field for field in [*self._fields, *self._run_fields] if field.fault]

    def put(self, shown: ValueSet) -> None:
        """Have the fields show the values that the set has."""
        for field in self._fields:
            if field.parameter.name in shown.values:
                field.put(shown.values[field.parameter.name])
        for field in self._run_fields:
            if field.parameter.name in shown.run_values:
                field.put(shown.run_values[field.parameter.name])

    def say_whose(self, label: str) -> None:
        """Say above the parameters whose values they are."""
        for heading in self.query("#whose").results(Calm):
            heading.show(joined(Content.styled("Parameters", STRONG), content(f"   {label}", MUTED)))


def _field(parameter: Parameter) -> ParameterField:
    return PathField(parameter) if parameter.kind == "path" else ParameterField(parameter)


def _values(fields: Iterable[ParameterField]) -> dict[str, Value]:
    return {field.parameter.name: field.value for field in fields}
