"""The values that a form is turned between: the recipe's defaults, those of a run, those typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.params import Parameter, Value, check_all
from workbench.runs.folder import Manifest

Values = Mapping[str, Value]


@dataclass(frozen=True)
class ValueSet:
    """Values of a whole form, the recipe's and the run's own (seed, device); `label` says whose."""

    label: str
    values: Values
    run_values: Values

    def same_as(self, other: ValueSet) -> bool:
        """Whether a form would look alike; the label does not count."""
        return (self.values, self.run_values) == (other.values, other.run_values)


class ValueSets:
    """What one form can be turned to; it remembers what was typed when it was turned away from that."""

    def __init__(
        self, parameters: Sequence[Parameter] = (), run_parameters: Sequence[Parameter] = ()
    ) -> None:
        self._parameters = parameters
        self._run_parameters = run_parameters
        self._typed: ValueSet | None = None

    def defaults(self) -> ValueSet:
        """What the form begins with."""
        own = {p.name: p.default for p in self._parameters}
        return ValueSet("the defaults", own, {p.name: p.default for p in self._run_parameters})

    def of_run(self, manifest: Manifest) -> ValueSet:
        """What a run was launched with; a default where its value is no longer taken."""
        asked = {"seed": manifest.seed, "device": manifest.device}
        return self.of_values(f"as {manifest.name}", manifest.parameters, asked)

    def of_values(
        self, label: str, given: Mapping[str, object], asked: Mapping[str, object]
    ) -> ValueSet:
        """Values from elsewhere; a default where one is no longer taken."""
        known = {parameter.name for parameter in self._parameters}
        values, _ = check_all(
            self._parameters, {name: value for name, value in given.items() if name in known}
        )
        run_values, _ = check_all(self._run_parameters, asked)
        return ValueSet(label, values, run_values)

    def turned(self, values: Values, run_values: Values, newest: ValueSet | None) -> ValueSet:
        """The set after the one that the form shows: the newest run's, the defaults, what was typed."""
        shown = self._shown(values, run_values)
        if not any(one.same_as(shown) for one in self._named(newest)):
            self._typed = shown
        typed = [] if self._typed is None else [self._typed]
        return following(shown, [*typed, *self._named(newest)])

    def has_others(self, values: Values, run_values: Values, newest: ValueSet | None) -> bool:
        """Whether there is a set with other values than the form shows."""
        shown = self._shown(values, run_values)
        typed = [] if self._typed is None else [self._typed]
        return any(not one.same_as(shown) for one in [*typed, *self._named(newest)])

    def whose(self, values: Values, run_values: Values, newest: ValueSet | None) -> str:
        """Which set the form shows, in words, or how far it is from the defaults."""
        shown = self._shown(values, run_values)
        for one in reversed(self._named(newest)):
            if one.same_as(shown):
                return one.label
        count = sum(value != shown.values[name] for name, value in self.defaults().values.items())
        return f"{count} {'differs' if count == 1 else 'differ'} from the defaults"

    def _named(self, newest: ValueSet | None) -> list[ValueSet]:
        return [*([] if newest is None else [newest]), self.defaults()]

    def _shown(self, values: Values, run_values: Values) -> ValueSet:
        """The form's values, without those of the run that no set knows."""
        known = [parameter.name for parameter in self._run_parameters]
        return ValueSet("as typed", values, {name: run_values[name] for name in known})


def following(current: ValueSet, known: Sequence[ValueSet]) -> ValueSet:
    """The set after the one that the form shows; the first one where it shows another."""
    distinct: list[ValueSet] = []
    for one in known:
        if not any(one.same_as(other) for other in distinct):
            distinct.append(one)
    at = next((index for index, one in enumerate(distinct) if one.same_as(current)), -1)
    return distinct[(at + 1) % len(distinct)]
