"""What a study is to search for: metrics, directions, and what is refused of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tuning.conftest import SCHEMA
from workbench.catalog import RecipeInfo
from workbench.errors import UsageError
from workbench.tuning import launching
from workbench.tuning.study import Objective, Plan


def plan(bowl: RecipeInfo, **wish: Any) -> Plan:
    return launching.plan(launching.Wish(bowl, {"x": "-1..1"}, **wish), SCHEMA)


def test_what_the_recipe_watches_counts_where_nothing_is_said(bowl: RecipeInfo) -> None:
    planned = plan(bowl)
    assert planned.objectives == (Objective("val/loss", "min"),)
    assert (planned.sampler, planned.pruner) == ("tpe", "median")


def test_several_metrics_have_a_direction_each_and_no_pruner(bowl: RecipeInfo) -> None:
    planned = plan(bowl, metric="val/loss, duration_s", way="min,min", sampler="nsga2")
    assert [one.metric for one in planned.objectives] == ["val/loss", "duration_s"]
    assert planned.pruner == "none"
    assert planned.as_parameters()["metric"] == "val/loss (min), duration_s (min)"


@pytest.mark.parametrize(
    ("wish", "fault"),
    [
        ({"metric": "val/loss,size", "way": "min"}, "there are 2 metrics and 1 directions"),
        ({"metric": "val/loss,size"}, "whether size is better low or high is not known"),
        ({"metric": "size,size", "way": "min,max"}, "metric size is named twice"),
        ({"metric": "size", "way": "mix"}, "no direction 'mix'; did you mean min or max?"),
        ({"metric": "a,b", "way": "min,min", "pruner": "median"}, "pruner median compares one metric"),
        ({"metric": "a,b", "way": "min,min", "sampler": "cmaes"}, "searches for one metric"),
    ],
)
def test_what_is_refused(bowl: RecipeInfo, wish: dict[str, str], fault: str) -> None:
    with pytest.raises(UsageError) as refused:
        plan(bowl, **wish)
    assert fault in str(refused.value)


def test_hyperband_lays_out_its_rounds_by_the_recipes_own_epochs(bowl: RecipeInfo) -> None:
    usual = next(p.default for p in SCHEMA.parameters if p.name == "epochs")
    assert plan(bowl, pruner="hyperband").space.fixed == {"epochs": usual}
    said = launching.Wish(bowl, {"x": "-1..1", "epochs": "4"}, pruner="hyperband")
    assert launching.plan(said, SCHEMA).space.fixed == {"epochs": 4}
    searched = launching.Wish(bowl, {"epochs": "2..4"}, pruner="hyperband")
    assert launching.plan(searched, SCHEMA).space.fixed == {}


def test_a_search_has_folds_a_score_and_all_its_trials(bowl: RecipeInfo) -> None:
    words = {"x": "-1..1", "epochs": "4"}
    planned = launching.plan(launching.Wish(bowl, words, search="halving", trials=9), SCHEMA)
    assert planned.objectives == (Objective("score", "max"),)
    assert (planned.folds, planned.candidates, planned.sampler, planned.pruner) == (5, 9, "", "none")
    assert planned.trials == 9 + 3  # with one epoch, then with three
    by_folds = plan(bowl, folds=3)
    assert (by_folds.pruner, by_folds.folds) == ("wilcoxon", 3)
    assert by_folds.as_parameters()["folds"] == 3


@pytest.mark.parametrize(
    ("wish", "fault"),
    [
        ({"search": "random", "sampler": "tpe"}, "--sampler is for Optuna's studies"),
        ({"search": "random", "pruner": "median"}, "--pruner is for Optuna's studies"),
        ({"search": "random", "way": "min"}, "scores are better high"),
        ({"search": "random", "metric": "f1_macr"}, "no scorer 'f1_macr'; did you mean f1_macro"),
        ({"search": "grid"}, "a grid cannot be laid over the continuous range of x"),
    ],
)
def test_what_a_search_is_refused(bowl: RecipeInfo, wish: dict[str, str], fault: str) -> None:
    with pytest.raises(UsageError) as refused:
        plan(bowl, **wish)
    assert fault in str(refused.value)


def test_no_password_is_in_the_plan(bowl: RecipeInfo) -> None:
    assert plan(bowl, storage="redis://:s3cret@box/1", name="s").storage == "redis://:***@box/1"
