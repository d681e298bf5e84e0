"""Pruners, as Optuna uses them."""

from __future__ import annotations

import optuna
import pytest

from workbench.runs.folder import RecipeReference
from workbench.tuning import samplers
from workbench.tuning.space import Dimension, Space
from workbench.tuning.study import Objective, Plan

EPOCHS, TRIALS = 20, 60


@pytest.fixture
def hyperband() -> Plan:
    space = Space((Dimension("lr", "float", 1e-4, 1e-1, True),), {"epochs": EPOCHS})
    recipe = RecipeReference(id="demo/bowl", file="bowl.py")
    objectives = (Objective("val/accuracy", "max"),)
    return Plan(recipe=recipe, space=space, objectives=objectives, pruner="hyperband")


def test_hyperband_looks_first_before_a_third_of_the_epochs(hyperband: Plan) -> None:
    def worse_than_all_before(trial: optuna.trial.Trial) -> float:
        for epoch in range(1, EPOCHS + 1):
            trial.report(-trial.number, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return -trial.number

    study = optuna.create_study(direction="maximize", pruner=samplers.make_pruner(hyperband))
    study.optimize(worse_than_all_before, TRIALS)
    ended = [trial.last_step or 0 for trial in study.trials]
    # The first of each of two brackets has nobody to be worse than.
    assert sorted(set(ended)) == [1, 3, EPOCHS]
    assert ended.count(EPOCHS) == 2
