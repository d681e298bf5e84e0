"""A part of a curve, in columns of any width, by steps and by times."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.runs import series as module
from workbench.runs.axis import Floats
from workbench.runs.series import Series
from workbench.runs.smoothing import smoothed


@pytest.fixture(autouse=True, scope="module")
def _a_pyramid_of_many_levels() -> object:
    """With blocks of 4 instead of 32, short curves reach the levels of long ones."""
    usual, module.FANOUT = module.FANOUT, 4
    yield
    module.FANOUT = usual


def series(values: Floats, steps: Floats | None = None, times: Floats | None = None) -> Series:
    one = Series("loss")
    steps = np.arange(1, len(values) + 1) if steps is None else steps
    one.extend(steps.astype(np.int64), steps * 2.0 if times is None else times, values)
    return one


EDGES = st.one_of(
    st.tuples(st.just(np.linspace), st.integers(-50, 900), st.integers(1, 900), st.integers(1, 12)),
    st.tuples(st.just(np.geomspace), st.integers(1, 400), st.integers(1, 900), st.integers(1, 12)),
)


@given(st.integers(1, 800), st.integers(0, 2**32), EDGES, st.booleans())
def test_no_extreme_and_no_gap_between_the_edges_is_lost(
    length: int, seed: int, drawn: tuple[object, int, int, int], by_time: bool
) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=length)
    values[random.random(length) < 0.02] = np.nan
    space, low, width, columns = drawn
    edges = np.asarray(space(low, low + width, columns + 1))
    one = series(values)
    keys = one.times if by_time else one.steps
    part = one.stretch(edges, by_time=by_time)
    assert len(part.steps) == len(part.times) == len(part.values) <= 3 * columns + 2
    assert (np.diff(part.steps) >= 0).all()
    inside = values[(keys >= edges[0]) & (keys <= edges[-1])]
    if np.isfinite(inside).any():
        assert np.nanmin(part.values) <= np.nanmin(inside)
        assert np.nanmax(part.values) >= np.nanmax(inside)
    assert not np.isnan(inside).any() or np.isnan(part.values).any()


def test_a_narrow_column_shows_no_more_than_it_holds() -> None:
    values = np.arange(1.0, 10_001.0)
    part = series(values).stretch(np.geomspace(1, 10_000, 41))
    for step, value in zip(part.steps, part.values, strict=True):
        assert value <= 2 * step + 1  # a column of these reaches a quarter further than it begins


def test_the_line_is_led_on_beyond_both_ends() -> None:
    part = series(np.arange(1.0, 101.0)).stretch(np.array([50.2, 50.8]))
    assert part.steps.tolist() == [50, 51]
    few = series(np.arange(1.0, 101.0)).stretch(np.linspace(40, 60, 4))
    assert (few.steps[0], few.steps[-1]) == (39, 61)


def test_a_clock_that_jumps_back_leaves_times_in_order() -> None:
    times = np.array([10.0, 20.0, 5.0, 6.0, 30.0])
    one = series(np.arange(5.0), times=times)
    part = one.stretch(np.array([0.0, 20.0, 40.0]), by_time=True)
    assert part.times.tolist() == sorted(part.times.tolist())
    assert {0.0, 4.0} <= set(part.values.tolist())
    assert one.bounds(by_time=True) == (5.0, 30.0)
    assert one.nearest(30.0, by_time=True) == 4.0


def test_steps_out_of_order_are_seen_in_order() -> None:
    one = series(np.array([3.0, 1.0, 2.0]), steps=np.array([30.0, 10.0, 20.0]))
    assert one.stretch(np.array([0.0, 40.0, 80.0])).values.tolist() == [1.0, 2.0, 3.0]
    assert one.bounds() == (10.0, 30.0)
    assert one.nearest(21) == 2.0


@pytest.mark.parametrize(("step", "value"), [(1, 0.0), (2.4, 1.0), (2.6, 2.0), (9, 8.0)])
def test_the_nearest_point_is_read(step: float, value: float) -> None:
    assert series(np.arange(9.0)).nearest(step) == value


def test_beyond_its_ends_a_curve_has_no_value() -> None:
    one = series(np.arange(9.0))
    assert one.nearest(0.5) is one.nearest(9.5) is Series("none").nearest(1) is None


def test_a_cut_series_forgets_its_gaps_and_its_sums() -> None:
    values = np.ones(3000)
    values[2000:] = np.nan
    one = series(values)
    one.smoothed(0.9, np.array([1.0, 3000.0]))
    one.truncate(1500)
    steps = np.arange(1501, 3001)
    one.extend(steps, steps * 2.0, np.full(1500, 2.0))
    whole = np.array([1.0, 3000.0])
    assert np.isfinite(one.stretch(np.linspace(1, 3000, 11)).values).all()
    assert one.smoothed(0.5, whole).values[-1] == pytest.approx(2.0)


def test_a_short_run_is_smoothed_point_by_point() -> None:
    values = np.random.default_rng(1).normal(size=500)
    part = series(values).smoothed(0.9, np.array([1.0, 500.0]))
    assert part.steps.tolist() == list(range(1, 501))
    np.testing.assert_allclose(part.values, smoothed(values, 0.9))


def test_a_part_is_smoothed_as_what_came_before_it_says() -> None:
    values = np.random.default_rng(1).normal(size=900)
    part = series(values).smoothed(0.8, np.array([400.0, 450.0]))
    assert (part.steps[0], part.steps[-1]) == (399, 451)
    np.testing.assert_allclose(part.values, smoothed(values, 0.8)[398:451], atol=2e-3)


def test_a_long_run_is_smoothed_in_few_parts() -> None:
    random = np.random.default_rng(1)
    part = series(5.0 + random.normal(size=100_000)).smoothed(0.9, np.array([1.0, 100_000.0]))
    assert 500 <= len(part.values) <= 1001
    assert np.abs(part.values[100:] - 5.0).max() < 0.2


def test_an_empty_series_has_no_part() -> None:
    one, edges = Series("none"), np.array([0.0, 1.0])
    assert len(one.stretch(edges).values) == len(one.smoothed(0.9, edges).values) == 0
    assert np.isnan(one.bounds()).all()


def test_when_a_step_was_is_the_time_of_the_first_point_from_it_on() -> None:
    one = Series("loss")
    assert one.time_at(3) is None
    one.extend(np.array([10, 20, 30]), np.array([1.0, 2.0, 3.0]), np.ones(3))
    assert [one.time_at(step) for step in (0, 10, 11, 30, 99)] == [1.0, 1.0, 2.0, 3.0, 3.0]
    unordered = Series("loss")
    unordered.extend(np.array([30, 10]), np.array([3.0, 1.0]), np.ones(2))
    assert unordered.time_at(20) == 3.0
