"""Draws a trial's values from what is searched now, which a person may change. Imports Optuna.

Optuna lets ranges of a study change, and lists and scales not. So a list that was narrowed stays whole
for Optuna, and what the sampler proposes beside it is drawn again; a frozen value is given to the trial
as a queued one would be, so that the sampler learns from it.
"""

from __future__ import annotations

import random

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import Trial

from workbench.params import Value
from workbench.tuning import samplers
from workbench.tuning.space import Dimension
from workbench.tuning.standing import Standing
from workbench.tuning.storage import together
from workbench.tuning.study import Plan

DRAWS = 20  # from a narrowed list, before one of it is taken at random


class Drawing:
    """What is searched now, as Optuna's distributions, frozen values and narrowed lists."""

    def __init__(self, plan: Plan) -> None:
        self._whole = {dimension.name: dimension for dimension in plan.space.searched}
        self._distributions = {n: samplers.distribution(one) for n, one in self._whole.items()}
        self._frozen: dict[str, Value] = {}
        self._lists: dict[str, tuple[Value, ...]] = {}
        self._random = random.Random(plan.seed)

    def hold(self, now: Standing, study: optuna.Study) -> None:
        """Draw from what holds now."""
        self._frozen = dict(now.frozen)
        self._lists = {
            one.name: one.values
            for one in now.searched
            if one.kind == "choice" and one != self._whole[one.name]
        }
        ranges = {one.name: one for one in now.searched if one.kind != "choice"}
        for name, dimension in {**self._whole, **ranges}.items():
            self._distributions[name] = samplers.distribution(dimension)
        if any(one != self._whole[name] for name, one in ranges.items()):
            samplers.follow(study.sampler, self._distributions)

    def draw(self, trial: Trial) -> None:
        """Give a new trial its values: those it was queued with, the frozen ones, and others drawn."""
        given = {**self._frozen, **trial._fixed_params}
        for name, distribution in self._distributions.items():
            if name in self._lists and name not in given:
                given[name] = self._from_list(trial, name, distribution)
        trial._fixed_params = given
        with together(trial.storage):
            for name, distribution in self._distributions.items():
                trial._suggest(name, self._reaching(name, distribution, given))

    def _reaching(
        self, name: str, distribution: BaseDistribution, given: dict[str, Value]
    ) -> BaseDistribution:
        """The distribution, wide enough for a value that was queued before a range was narrowed."""
        if name not in given or isinstance(distribution, CategoricalDistribution):
            return distribution
        value, whole = given[name], self._whole[name]
        if isinstance(value, str) or distribution._contains(distribution.to_internal_repr(value)):
            return distribution
        wider = Dimension(name, whole.kind, min(whole.low, value), max(whole.high, value), whole.log)
        return samplers.distribution(wider)

    def _from_list(self, trial: Trial, name: str, distribution: BaseDistribution) -> Value:
        """A value of a narrowed list: the sampler's first that is in it, else any."""
        values = self._lists[name]
        if trial._is_relative_param(name, distribution):
            proposed: Value = trial.relative_params[name]
            return proposed if proposed in values else self._random.choice(values)
        frozen = trial._get_latest_trial()
        study = optuna.pruners._filter_study(trial.study, frozen)
        for _ in range(DRAWS):
            drawn: Value = study.sampler.sample_independent(study, frozen, name, distribution)
            if drawn in values:
                return drawn
        return self._random.choice(values)
