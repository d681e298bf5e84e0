"""What trials are compared by: what is held out, where anything is; else it is said that nothing is."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.tuning.conftest import SCHEMA
from workbench.catalog import RecipeInfo
from workbench.params import Parameter
from workbench.tuning import comparing, launching
from workbench.tuning.study import Objective, Plan

HELD_OUT = Parameter(name="held_out", kind="float", default=0.0, low=0, high=0.5)
LEARNS = msgspec.structs.replace(SCHEMA, monitor="train/accuracy", monitor_mode="max")
MAY_HOLD_OUT = msgspec.structs.replace(LEARNS, parameters=(*LEARNS.parameters, HELD_OUT))


def plan(bowl: RecipeInfo, words: dict[str, str], **wish: Any) -> Plan:
    return launching.plan(launching.Wish(bowl, {"x": "-1..1", **words}, **wish), MAY_HOLD_OUT)


@pytest.mark.parametrize(
    ("words", "wish", "metric"),
    [
        ({}, {}, "train/accuracy"),
        ({"held_out": "0"}, {}, "train/accuracy"),
        ({"held_out": "0.2"}, {}, "val/accuracy"),
        ({}, {"folds": 3}, "val/accuracy"),
        ({}, {"folds": 3, "metric": "train/accuracy"}, "train/accuracy"),
    ],
)
def test_what_is_held_out_counts_where_the_recipe_watches_its_training(
    bowl: RecipeInfo, words: dict[str, str], wish: dict[str, Any], metric: str
) -> None:
    planned = plan(bowl, words, **wish)
    assert planned.objectives == (Objective(metric, "max"),)
    says = comparing.caution(planned, MAY_HOLD_OUT)
    assert (f"compared by {metric}" in says) == metric.startswith("train/")


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({}, "held_out=0.2"),
        ({"metric": "val/accuracy,train/accuracy"}, "compared by train/accuracy"),
        ({"folds": 3, "metric": "train/accuracy"}, "leave out --metric"),
        ({"metric": "test/accuracy"}, "chosen by test/accuracy"),
    ],
)
def test_what_misleads_is_said(bowl: RecipeInfo, wish: dict[str, Any], said: str) -> None:
    assert said in comparing.caution(plan(bowl, {}, **wish), MAY_HOLD_OUT)


def test_where_nothing_can_be_held_out_folds_are_offered(bowl: RecipeInfo) -> None:
    planned = launching.plan(launching.Wish(bowl, {"x": "-1..1"}), LEARNS)
    assert "--folds 5" in comparing.caution(planned, LEARNS)


def test_of_a_validation_metric_nothing_is_said(bowl: RecipeInfo) -> None:
    assert not comparing.caution(plan(bowl, {}, metric="val/accuracy"), MAY_HOLD_OUT)
