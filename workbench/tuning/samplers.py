"""Optuna's samplers, pruners and distributions for the workbench's names. Imports Optuna."""

from __future__ import annotations

import itertools
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler

from workbench.params import Value
from workbench.tuning.planners import GaussianProcess, Parzen, Planner, QuasiMonteCarlo
from workbench.tuning.space import Dimension, Space
from workbench.tuning.study import Plan

PATIENT_TRIALS = 5  # none is pruned before that many have shown what is usual
PATIENT_EPOCHS = 1
GENERATIONS = 5
HYPERBAND_FACTOR = 3  # of as many trials, one trains on at each comparison


@contextmanager
def experimental() -> Iterator[None]:
    """Use what Optuna calls experimental and has had for years, without its warnings in the log."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield


def make_sampler(plan: Plan, seed: int) -> BaseSampler:
    """The sampler that the plan names; of a grid all points are queued, so it has nothing to choose."""
    with experimental():
        match plan.sampler:
            case "gp":
                return GaussianProcess(seed=seed, deterministic_objective=False)
            case "cmaes":
                return optuna.samplers.CmaEsSampler(seed=seed)
            case "qmc":
                return QuasiMonteCarlo(seed=plan.seed, scramble=True)
            case "nsga2":
                return optuna.samplers.NSGAIISampler(population_size=_population(plan), seed=seed)
            case "random" | "grid":
                return optuna.samplers.RandomSampler(seed=seed)
            case _:
                return Parzen(seed=seed)


def follow(sampler: BaseSampler, ranges: dict[str, BaseDistribution]) -> None:
    """Have a sampler that plans all parameters together do so in these ranges from now on."""
    if isinstance(sampler, Planner):
        sampler.ranges = ranges


def _population(plan: Plan) -> int:
    """Few enough for some generations; Optuna's own 50 would be all of most studies."""
    return min(max(plan.trials // GENERATIONS, 8), 50) if plan.trials else 20


def make_pruner(plan: Plan) -> BasePruner:
    """The pruner that the plan names; what a trial reports is counted in epochs or folds, from 1."""
    patience: dict[str, Any] = {
        "n_startup_trials": PATIENT_TRIALS,
        "n_warmup_steps": PATIENT_EPOCHS,
    }
    match plan.pruner:
        case "median":
            return optuna.pruners.MedianPruner(**patience)
        case "percentile":
            return optuna.pruners.PercentilePruner(25.0, **patience)
        case "halving":
            return optuna.pruners.SuccessiveHalvingPruner()
        case "hyperband":
            return _hyperband(plan)
        case "wilcoxon":
            with experimental():
                return optuna.pruners.WilcoxonPruner()
        case _:
            return optuna.pruners.NopPruner()


def _hyperband(plan: Plan) -> BasePruner:
    """Hyperband (Li et al., 2018) without the bracket that compares latest.

    That one first looks at a trial after more than a third of its epochs, so that a sixth of the trials
    takes two fifths of the time. To Optuna, the longest trial only says how many brackets there are.
    """
    epochs = plan.space.fixed.get("epochs")
    longest: int | str = "auto"
    if isinstance(epochs, int) and epochs > 1:
        longest = max(epochs // HYPERBAND_FACTOR, 1)
    with experimental():
        return optuna.pruners.HyperbandPruner(max_resource=longest, reduction_factor=HYPERBAND_FACTOR)


def grid(space: Space, seed: int) -> list[dict[str, Value]]:
    """Every point, in an order that the seed gives, so that a part of them is spread over all."""
    names = [dimension.name for dimension in space.searched]
    points = [
        dict(zip(names, point, strict=True))
        for point in itertools.product(*map(values_of, space.searched))
    ]
    random.Random(seed).shuffle(points)
    return points


def values_of(dimension: Dimension) -> tuple[Value, ...]:
    """All that a list or a range of whole numbers has."""
    if dimension.kind == "choice":
        return dimension.values
    return tuple(range(int(dimension.low), int(dimension.high) + 1))


def distribution(dimension: Dimension) -> BaseDistribution:
    """What Optuna calls a searched parameter."""
    if dimension.kind == "choice":
        return CategoricalDistribution(dimension.values)
    if dimension.kind == "int":
        return IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log)
