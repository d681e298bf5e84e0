"""What differs between runs, and how their metrics came out."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.runs.comparison import (
    Outcome,
    Reading,
    differing,
    direction,
    in_order,
    leaders,
    outcome,
)
from workbench.runs.series import Series

NAN, INF = float("nan"), float("inf")


def series(*values: float) -> Series:
    made = Series("loss")
    steps = np.arange(1, len(values) + 1)
    made.extend(steps, steps.astype(float), np.array(values))
    return made


def test_only_values_that_differ_are_named_and_a_missing_one_differs() -> None:
    held = [{"lr": 0.1, "width": 8, "loud": True}, {"width": 8, "lr": 0.2, "loud": 1}, {"width": 8}]
    assert differing(held[:2]) == ["lr", "loud"]
    assert differing(held) == ["lr", "loud"]
    assert differing(held[:1]) == []
    assert in_order(held) == ["lr", "width", "loud"]


def test_an_outcome_tells_the_last_the_lowest_and_the_highest_with_their_steps() -> None:
    course = outcome(series(3.0, 1.0, NAN, INF, 5.0, 2.0))
    assert course == Outcome(Reading(2.0, 6), Reading(1.0, 2), Reading(5.0, 5))
    assert course.best("min") == Reading(1.0, 2)
    assert course.best("max") == Reading(5.0, 5)
    assert course.best("") is None


def test_what_was_never_finite_has_no_best_and_what_was_never_recorded_no_outcome() -> None:
    course = outcome(series(NAN))
    assert course is not None
    assert course.best("min") is None
    assert outcome(series()) is None
    assert outcome(None) is None


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("val/loss", "min"), ("train/loss", "min"), ("loss", "min"), ("val/accuracy", "")],
)
def test_the_direction_is_that_of_the_monitored_quantity(metric: str, expected: str) -> None:
    assert direction(metric, "val/loss", "min") == expected
    assert direction(metric, "", "min") == ""
    assert direction(metric, "val/loss", "") == ""


def test_the_leaders_are_all_that_share_the_best_value() -> None:
    assert leaders([2.0, 1.0, None, 1.0, NAN], "min") == {1, 3}
    assert leaders([2.0, 1.0, None], "max") == {0}
    assert leaders([2.0, 2.0], "max") == set()
    assert leaders([2.0, 1.0], "") == set()
