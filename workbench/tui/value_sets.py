"""The values that a form is turned between: the recipe's defaults, those of a run, those typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from workbench.params import Parameter, Value, check_all
from workbench.runs.folder import Manifest


@dataclass(frozen=True)
class ValueSet:
    """Values of a whole form, the recipe's and the run's own (seed, device); `label` says whose."""

    label: str
    values: Mapping[str, Value]
    run_values: Mapping[str, Value]

    def same_as(self, other: ValueSet) -> bool:
        """Whether a form would look alike; the label does not count."""
        return (self.values, self.run_values) == (other.values, other.run_values)


def defaults(parameters: Iterable[Parameter], run_parameters: Iterable[Parameter]) -> ValueSet:
    """What the form begins with."""
    return ValueSet(
        "the defaults",
        {p.name: p.default for p in parameters},
        {p.name: p.default for p in run_parameters},
    )


def of_run(
    manifest: Manifest, parameters: Sequence[Parameter], run_parameters: Sequence[Parameter]
) -> ValueSet:
    """What a run was launched with; a default where its value is no longer taken."""
    known = {parameter.name for parameter in parameters}
    given = {name: value for name, value in manifest.parameters.items() if name in known}
    values, _ = check_all(parameters, given)
    asked = {"seed": manifest.seed, "device": manifest.device}
    run_values, _ = check_all(run_parameters, asked)
    return ValueSet(f"as {manifest.name}", values, run_values)


def following(current: ValueSet, known: Sequence[ValueSet]) -> ValueSet:
    """The set after the one that the form shows; the first one where it shows another."""
    distinct: list[ValueSet] = []
    for one in known:
        if not any(one.same_as(other) for other in distinct):
            distinct.append(one)
    at = next((index for index, one in enumerate(distinct) if one.same_as(current)), -1)
    return distinct[(at + 1) % len(distinct)]
