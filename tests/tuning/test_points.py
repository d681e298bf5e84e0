"""Trials as numbers: axes, the best so far, fronts, ranks, lanes and surfaces."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tests.tuning.written import plan_of, trials_of
from workbench.tuning.points import (
    ParameterAxis,
    best_so_far,
    front,
    lanes,
    points_of,
    ranks,
    surface,
    word,
    workers_lanes,
)
from workbench.tuning.space import Dimension
from workbench.tuning.study import Objective
from workbench.tuning.trials import TrialRecord

LR = ParameterAxis(Dimension("lr", "float", 1e-4, 1e-1, log=True))
NORM = ParameterAxis(Dimension("norm", "choice", values=(False, True)))
MIXED = ParameterAxis(Dimension("size", "choice", values=(1, True, "1")))


def test_a_value_has_its_place_on_the_axis_of_its_parameter() -> None:
    assert LR.place(0.01) == 0.01
    assert [NORM.place(value) for value in (False, True)] == [0, 1]
    assert [MIXED.place(value) for value in (1, True, "1")] == [0, 1, 2]
    for axis, value in ((LR, "high"), (LR, True), (LR, None), (NORM, "no"), (NORM, 0)):
        assert np.isnan(axis.place(value)), (axis.name, value)


def test_a_logarithmic_axis_is_shared_out_by_decades() -> None:
    shares = LR.shares(np.array([1e-4, 1e-3, 1e-1, -1.0, np.nan]))
    assert shares[:3] == pytest.approx([0, 1 / 3, 1])
    assert np.isnan(shares[3:]).all()
    zero = ParameterAxis(Dimension("x", "float", 0.0, 1.0, log=True))
    assert zero.shares(np.array([0.0, 0.5])).tolist() == [0.0, 0.5], "no logarithm reaches 0"
    fixed = ParameterAxis(Dimension("x", "float", 2.0, 2.0))
    assert fixed.shares(np.array([2.0])).tolist() == [0.5]
    assert NORM.shares(np.array([0.0, 1.0])) == pytest.approx([0.25, 0.75])


def test_an_axis_has_room_for_what_was_tried_before_its_range_was_narrowed() -> None:
    wider = LR.wider(np.array([1e-5, np.nan, 1e-2]))
    assert wider.limits == (1e-5, 1e-1)
    assert LR.wider(np.array([-1.0])).limits == LR.limits
    assert NORM.wider(np.array([7.0])).limits == NORM.limits


def test_trials_that_are_tried_again_have_no_place_and_gaps_are_nan() -> None:
    plan = plan_of()
    records = list(trials_of(plan, 12))
    records[3] = msgspec.structs.replace(records[3], state="again")
    records[4] = msgspec.structs.replace(records[4], parameters={"lr": float("inf")})
    points = points_of(plan, reversed(records))
    assert [int(number) for number in points.numbers] == [n for n in range(12) if n != 3]
    assert len(points.everything) == 12
    assert np.isnan(points.values[9, 0]), "the tenth failed"
    assert np.isnan(points.places["width"][3])
    assert points.complete().sum() == 9


def test_values_that_are_no_numbers_are_never_the_best() -> None:
    values = np.array([np.nan, 3.0, np.inf, 1.0, -np.inf, 2.0])
    assert best_so_far(values, "min").tolist()[1:] == [3, 3, 1, 1, 1]
    assert best_so_far(values, "max").tolist()[1:] == [3, 3, 3, 3, 3]
    assert np.isnan(best_so_far(values, "min")[0])
    assert best_so_far(np.empty(0), "min").size == 0


def test_the_front_is_what_nothing_beats_in_everything() -> None:
    values = np.array([[0.9, 10], [0.8, 5], [0.8, 6], [0.9, 10], [np.nan, 1], [0.1, 4]])
    kept = front(values, ("max", "min"))
    assert kept.tolist() == [True, True, False, True, False, True]
    assert not front(np.empty((0, 2)), ("max", "min")).size


def test_ranks_go_from_the_best_to_the_worst() -> None:
    values = np.array([5.0, 1.0, np.nan, 3.0])
    assert ranks(values, "min").tolist()[:2] == [1.0, 0.0]
    assert ranks(values, "max").tolist()[:2] == [0.0, 1.0]
    assert np.isnan(ranks(values, "min")[2])


def test_spans_of_one_lane_do_not_overlap() -> None:
    began = np.array([5.0, 0.0, 1.0, 4.0, 20.0])
    ended = np.array([9.0, 4.0, 6.0, 4.0, 21.0])
    lane, count = lanes(began, ended)
    assert count == 2
    assert lane == [0, 0, 1, 0, 0]
    assert lanes(np.empty(0), np.empty(0)) == ([], 0)


def worked(number: int, span: tuple[float, float], worker: int = 0, study: str = "") -> TrialRecord:
    return TrialRecord(
        number=number,
        state="complete",
        run=f"trial-{number:04d}",
        study=study,
        began=span[0],
        ended=span[1],
        worker=worker,
    )


def test_a_worker_keeps_its_lane_and_the_next_one_takes_it_over() -> None:
    trials = [
        worked(0, (1.0, 4.0), worker=1),
        worked(1, (2.0, 3.0), worker=2),
        # By its times it would come into the first lane that is free, which is the second.
        worked(2, (4.0, 9.0), worker=1),
        worked(3, (5.0, 6.0), worker=3),  # the second has left
        worked(4, (1.0, 9.0), worker=1, study="tune-other-0001"),
        worked(5, (7.0, 8.0)),  # an older file does not say whose it was
    ]
    found, count = workers_lanes(trials, np.array([one.ended for one in trials]))
    assert (found, count) == ([0, 1, 0, 1, 2, 1], 3)
    assert workers_lanes([], np.empty(0)) == ([], 0)


def test_a_surface_is_known_near_points_alone_and_choices_keep_to_themselves() -> None:
    x, y = np.array([0.1, 0.9]), np.array([0.25, 0.75])
    found = surface((x, 0), (y, 2), np.array([1.0, 2.0]), (20, 10))
    assert found.shape == (10, 20)
    assert found[0, 2] == pytest.approx(1.0)
    assert found[9, 18] == pytest.approx(2.0)
    assert np.isnan(found[0, 18]), "the other choice has a point there"
    assert np.isnan(found[2, 10])
    beside = surface((np.array([0.5, 0.5]), 0), (y, 2), np.array([1.0, 2.0]), (1, 10))
    assert beside[:, 0].tolist() == pytest.approx([1.0] * 5 + [2.0] * 5)


def test_several_metrics_have_a_column_each() -> None:
    plan = plan_of(Objective("val/accuracy", "max"), Objective("params", "min"))
    one = TrialRecord(number=0, state="complete", run="trial-0000", value=0.5, values=(0.5,))
    points = points_of(plan, [one, *list(trials_of(plan, 3))[1:]])
    assert points.values.shape == (3, 2)
    assert np.isnan(points.values[0, 1])
    assert points.complete(1).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("value", "said"), [(True, "yes"), (3, "3"), (1e-4, "1.00e-04"), ("x", "x"), (None, "–")]
)
def test_values_in_words(value: object, said: str) -> None:
    assert word(value) == said  # type: ignore[arg-type]
