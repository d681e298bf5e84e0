"""What a driver does when people change its study while it runs. Imports Optuna."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workbench.errors import unknown
from workbench.params import Parameter, Value
from workbench.runs import control
from workbench.tuning import methods, space
from workbench.tuning.choosing import Chooser
from workbench.tuning.running import RunningTrial
from workbench.tuning.space import Dimension
from workbench.tuning.standing import LIMITS, after
from workbench.tuning.study import Plan
from workbench.tuning.trials import TrialRecord


class Changes:
    """Limits and space of a study as they stand; each change is checked before it holds.

    Raises:
        ValueError: from every method, with the sentence that refuses what was asked.
        StorageGoneError: from `enqueue`; nothing was queued, and it may be asked again.

    Attributes:
        now: what holds.
    """

    def __init__(self, plan: Plan, changed: Mapping[str, Value]) -> None:
        self._plan = plan
        self._changed = dict(changed)
        self.now = after(plan, changed)

    def set(
        self, request: control.SetParameter, parameters: Iterable[Parameter]
    ) -> tuple[Value, Value]:
        """Another limit, another range, fewer of a list, or one value; what was and what holds now."""
        name = request.name
        old = self.now.words(name) if self._can_be_set(name) else ""
        given = (
            LIMITS[name].parse(request.value)
            if name in LIMITS
            else self._searched(name, request.value, parameters)
        )
        self._changed[name] = given
        self.now = after(self._plan, self._changed)
        return old, self.now.words(name)

    def enqueue(self, request: control.Enqueue, search: Chooser, at_work: int) -> None:
        """Queue a trial with the values that are given."""
        values = {name: self._wanted(name, value) for name, value in request.values.items()}
        if self._plan.search:
            search.enqueue(values, request.id, request.client)
            return
        if self._plan.sampler == "grid":
            raise ValueError("a grid tries each of its points: there is nothing to queue")
        limit = self.now.trials
        if limit and at_work + search.taken() + search.waiting() >= limit:
            raise ValueError(
                f"all of the {limit:,} trials have begun or are queued: set trials={limit + 1}"
            )
        search.enqueue(values, request.id, request.client)

    def _can_be_set(self, name: str) -> bool:
        known = [dimension.name for dimension in self._plan.space.searched]
        if name in self._plan.space.fixed:
            raise ValueError(
                f"{name} is the same in every trial, so that they can be compared; "
                f"these can be set: {', '.join([*LIMITS, *known])}"
            )
        if name not in LIMITS and name not in known:
            raise ValueError(
                f"{name} cannot be set while the study runs; these can: {', '.join([*LIMITS, *known])}"
            )
        return True

    def _searched(self, name: str, given: Value, parameters: Iterable[Parameter]) -> Value:
        """What is recorded of a change that is sound: words that can be read again, or one value."""
        (before,) = [one for one in self._plan.space.searched if one.name == name]
        found = space.changed(before, given)
        fault = methods.change_fault(self._plan.sampler, self._plan.search, before, found)
        if fault:
            raise ValueError(fault)
        (bounds,) = [one for one in parameters if one.name == name]
        if not isinstance(found, Dimension):
            bounds.parse(found)
            return self._within(name, found)
        if found.kind != "choice":
            bounds.parse(found.low)
            bounds.parse(found.high)
        return found.words()

    def _wanted(self, name: str, given: Value) -> Value:
        """A value for one trial."""
        known = [dimension.name for dimension in self._plan.space.searched]
        if name not in known:
            raise ValueError(
                f"{name} is the same in every trial: only what is searched can be given, "
                f"{', '.join(known)}"
                if name in self._plan.space.fixed
                else unknown("searched parameter", name, known)
            )
        (before,) = [one for one in self._plan.space.searched if one.name == name]
        found = space.changed(before, given)
        if isinstance(found, Dimension):
            raise ValueError(f"{name}={given}: a trial takes one value")
        return self._within(name, found)

    def _within(self, name: str, value: Value) -> Value:
        """The value, which Optuna takes only where it is searched."""
        dimension = self.now.dimension(name)
        if dimension.kind != "choice" and not space.contains(dimension, value):
            raise ValueError(
                f"{name}={value:g} lies outside of what is searched, {dimension.words()}: "
                "widen that first"
            )
        return value


def prune(
    request: control.Prune, running: Iterable[RunningTrial], trials: Iterable[TrialRecord]
) -> None:
    """Ask a trial that is at work to end as a pruned one.

    Raises:
        ValueError: when no such trial is at work.
    """
    for trial in running:
        if trial.folder.name == request.run:
            trial.pruning = True
            trial.stop(request.client)
            return
    ended = {trial.run: trial.state for trial in trials}
    if request.run in ended:
        raise ValueError(f"{request.run} is not at work: it is {ended[request.run]}")
    raise ValueError(unknown("trial at work", request.run, [one.folder.name for one in running]))
