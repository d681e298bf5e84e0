"""What holds in a study now: its plan, changed by what its launches and people said since."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from workbench.params import Value
from workbench.runs import control
from workbench.runs.comparison import parameters_held
from workbench.runs.history import History
from workbench.tuning import space
from workbench.tuning.space import Dimension
from workbench.tuning.study import CHANGEABLE, Plan, StudyFolder

LIMITS = {parameter.name: parameter for parameter in CHANGEABLE}


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How far a study goes, and what it searches.

    `trials` and `minutes` are 0 where there is no limit. `searched` has every parameter that the plan
    searches, as it is searched now; those in `frozen` have one value in each trial that begins.
    """

    trials: int
    minutes: float
    jobs: int
    searched: tuple[Dimension, ...]
    frozen: dict[str, Value] = {}

    def words(self, name: str) -> Value:
        """A limit, a frozen value, or what is searched, as a person gives it."""
        if name in LIMITS:
            limit: Value = getattr(self, name)
            return limit
        return self.frozen[name] if name in self.frozen else self.dimension(name).words()

    def dimension(self, name: str) -> Dimension:
        """How the parameter is searched; KeyError where it is not."""
        return {dimension.name: dimension for dimension in self.searched}[name]


def changes(folder: StudyFolder, history: History | None = None) -> dict[str, Value]:
    """What was said since the study began: by its `history` as far as that is read, else by all."""
    read = History(folder.run).read_all() if history is None else history
    bare = msgspec.structs.replace(folder.run.manifest(), parameters={})
    return parameters_held(bare, control.launches(folder.run.control_file), read)


def after(plan: Plan, changed: Mapping[str, Value]) -> Standing:
    """The plan with these changes, which were checked when they were asked for."""
    held = {name: getattr(plan, name) for name in LIMITS}
    held.update({name: LIMITS[name].parse(value) for name, value in changed.items() if name in LIMITS})
    size = plan.space.size if plan.sampler == "grid" else None
    if plan.search:
        size = plan.trials  # what it chooses depends on how many there are
    if size is not None:
        held["trials"] = min(held["trials"] or size, size)
    searched, frozen = [], {}
    for dimension in plan.space.searched:
        given = changed.get(dimension.name)
        found = dimension if given is None else space.changed(dimension, given)
        if isinstance(found, Dimension):
            searched.append(found)
        else:
            searched.append(dimension)
            frozen[dimension.name] = found
    return Standing(**held, searched=tuple(searched), frozen=frozen)


def standing(folder: StudyFolder, plan: Plan, history: History | None = None) -> Standing:
    """What holds now by the study's record."""
    return after(plan, changes(folder, history))
