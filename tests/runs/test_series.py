"""A curve drawn in few points loses no spike, whatever its length, order and gaps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.runs import series as module
from workbench.runs.axis import Floats, Steps
from workbench.runs.series import Series

VALUES = st.floats(-1e6, 1e6) | st.just(float("nan"))
COLUMNS = st.integers(1, 12)


def noise(length: int, seed: int) -> Floats:
    """Values of which every tenth is missing; hypothesis would draw fewer of them one by one."""
    random = np.random.default_rng(seed)
    values = random.normal(size=length)
    values[random.random(length) < 0.1] = np.nan
    return values


CURVE = st.builds(noise, st.integers(1, 700), st.integers(0, 2**32))


@pytest.fixture(autouse=True, scope="module")
def _a_pyramid_of_many_levels() -> object:
    """With blocks of 4 instead of 32, short curves reach the levels of long ones."""
    usual, module.FANOUT = module.FANOUT, 4
    yield
    module.FANOUT = usual


def filled(steps: object, values: object, cuts: tuple[int, ...] = ()) -> Series:
    """A series that got its points in several parts."""
    series = Series("loss")
    s, v = np.asarray(steps, np.int64), np.asarray(values, np.float64)
    edges = [0, *sorted(min(cut, len(s)) for cut in cuts), len(s)]
    for low, high in pairwise(edges):
        series.extend(s[low:high], s[low:high] / 10, v[low:high])
    return series


def extremes(values: Floats) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    return (float(known.min()), float(known.max())) if len(known) else (np.nan, np.nan)


def in_columns(steps: Steps, values: Floats, columns: int) -> tuple[list[int], list[float]]:
    """The definition: minimum and maximum of each of `columns` equal spans of steps."""
    edges = np.linspace(steps[0], steps[-1], columns + 1)[:-1]
    column = np.searchsorted(edges, steps, side="right") - 1
    x, y = [], []
    for number in np.unique(column):
        inside = column == number
        x += [int(steps[inside][0])] * 2
        y += extremes(values[inside])
    return x, y


@given(CURVE, COLUMNS, st.data())
def test_points_are_the_extremes_of_their_columns_and_nothing_is_lost(
    values: Floats, columns: int, data: st.DataObject
) -> None:
    gap = data.draw(st.integers(1, 5))
    steps = np.cumsum(np.random.default_rng(gap).integers(1, gap + 1, len(values)))
    cuts = data.draw(st.lists(st.integers(0, 700), max_size=5))
    x, y = filled(steps, values, tuple(cuts)).points(columns)
    if len(values) <= 2 * columns:
        np.testing.assert_array_equal(x, steps)
        np.testing.assert_array_equal(y, values)
        return
    assert len(x) == len(y) <= 2 * columns
    starts = np.searchsorted(steps, x[::2])
    assert starts[0] == 0
    for low, high, pair in zip(starts, [*starts[1:], len(steps)], y.reshape(-1, 2), strict=True):
        np.testing.assert_array_equal(pair, extremes(values[low:high]))


@given(CURVE, COLUMNS, st.integers(0, 400), st.integers(0, 700))
def test_a_part_of_the_curve_shows_what_lies_in_it_and_no_more_than_close_by(
    values: Floats, columns: int, low: int, width: int
) -> None:
    x, y = filled(np.arange(len(values)), values).points(columns, low, low + width)
    part = values[low : low + width + 1]
    if len(part) <= 2 * columns:
        np.testing.assert_array_equal(y, part)
        return
    assert x[0] == low
    assert x[-1] <= low + width
    slack = len(part) // (module.BLOCKS_PER_COLUMN * columns)
    starts = x[::2].astype(int)
    for start, end, pair in zip(starts, [*starts[1:], low + width + 1], y.reshape(-1, 2), strict=True):
        least, most = extremes(values[start:end])
        assert np.isnan(least) or (pair[0] <= least and most <= pair[1])
        least, most = extremes(values[max(start - slack, 0) : end + slack])
        assert np.isnan(pair[0]) or (least <= pair[0] and pair[1] <= most)


@given(st.lists(st.tuples(st.integers(-50, 50), VALUES), min_size=1, max_size=200), st.integers(1, 20))
def test_steps_out_of_order_and_twice_the_same_are_drawn_in_order(
    points: list[tuple[int, float]], columns: int
) -> None:
    steps, values = np.array([s for s, _ in points]), np.array([v for _, v in points])
    order = np.argsort(steps, kind="stable")
    x, y = filled(steps, values, (7, 50)).points(columns)
    if len(points) <= 2 * columns:
        np.testing.assert_array_equal(x, steps[order])
        np.testing.assert_array_equal(y, values[order])
    elif (np.diff(steps) < 0).any():
        expected_x, expected_y = in_columns(steps[order], values[order], columns)
        np.testing.assert_array_equal(x, expected_x)
        np.testing.assert_array_equal(y, expected_y)


@given(
    st.lists(st.tuples(st.integers(0, 60), VALUES), max_size=120),
    st.integers(-1, 70),
    st.lists(VALUES, max_size=60),
    st.booleans(),
)
def test_a_truncated_series_is_as_if_it_had_never_gone_further(
    points: list[tuple[int, float]], step: int, more: list[float], in_order: bool
) -> None:
    points = sorted(points, key=lambda point: point[0]) if in_order else points
    first = filled([s for s, _ in points], [v for _, v in points], (30, 31))
    first.truncate(step)
    kept = [(s, v) for s, v in points if s <= step]
    again = [(step + 1 + i, v) for i, v in enumerate(more)]
    first.extend(
        np.array([s for s, _ in again], np.int64),
        np.array([s / 10 for s, _ in again]),
        np.array([v for _, v in again]),
    )
    second = filled([s for s, _ in kept + again], [v for _, v in kept + again])
    np.testing.assert_array_equal(first.steps, second.steps)
    np.testing.assert_array_equal(first.values, second.values)
    np.testing.assert_array_equal(first.times, second.times)
    for columns in (3, 10):
        np.testing.assert_array_equal(first.points(columns), second.points(columns))


@given(CURVE, st.integers(0, 700), st.integers(0, 2**32), COLUMNS)
def test_the_levels_of_a_truncated_series_are_those_of_its_points(
    values: Floats, step: int, seed: int, columns: int
) -> None:
    again = noise(300, seed)
    first = filled(np.arange(len(values)), values)
    first.truncate(step)
    kept = values[: step + 1]
    steps = np.arange(len(kept) + len(again))
    first.extend(steps[len(kept) :], steps[len(kept) :] / 10, again)
    second = filled(steps, np.concatenate([kept, again]))
    np.testing.assert_array_equal(first.points(columns), second.points(columns))


def test_a_spike_of_one_point_is_seen_in_a_long_curve() -> None:
    values = np.zeros(100_000)
    values[77_777] = 9.0
    x, y = filled(np.arange(100_000), values).points(80)
    assert y.max() == 9.0
    assert abs(x[y.argmax()] - 77_777) <= 100_000 / 80


def test_nan_is_a_gap_where_a_column_has_nothing_else() -> None:
    x, y = filled(np.arange(96), [np.nan] * 48 + [1.0] * 48).points(2)
    np.testing.assert_array_equal(y, [np.nan, np.nan, 1.0, 1.0])
    np.testing.assert_array_equal(x, [0, 0, 48, 48])


def test_infinities_are_extremes() -> None:
    _, y = filled(np.arange(100), [np.inf, -np.inf] + [0.0] * 98).points(2)
    np.testing.assert_array_equal(y, [-np.inf, np.inf, 0.0, 0.0])


def test_a_metric_that_stands_at_one_step_has_one_column() -> None:
    x, y = filled(np.zeros(500), np.arange(500.0)).points(10)
    np.testing.assert_array_equal(x, [0.0, 0.0])
    np.testing.assert_array_equal(y, [0.0, 499.0])


def test_an_empty_series_has_no_points() -> None:
    series = filled([], [])
    assert len(series) == len(series.points(10).x) == len(series.points(10, 3, 5).x) == 0
    assert np.isnan(series.last)
    series.truncate(3)


def test_bounds_are_inclusive_and_need_not_be_whole() -> None:
    series = filled(np.arange(-5, 5), np.arange(10.0))
    np.testing.assert_array_equal(series.points(10, -2, 1).x, [-2, -1, 0, 1])
    np.testing.assert_array_equal(series.points(10, -1.5, 1.5).x, [-1, 0, 1])
    np.testing.assert_array_equal(series.points(10, high=-3.5).x, [-5, -4])
    assert len(series.points(10, 7, 9).x) == 0


def test_the_newest_value_is_the_last() -> None:
    series = filled([1, 2], [0.5, 0.25])
    assert series.last == 0.25
    assert len(series) == 2


def test_what_was_handed_out_does_not_change_when_the_series_grows() -> None:
    series = filled(np.arange(200), np.arange(200.0))
    held = series.values
    points = series.points(500)
    for start in range(200, 20_000, 200):
        steps = np.arange(start, start + 200)
        series.extend(steps, steps / 10, steps.astype(np.float64))
    np.testing.assert_array_equal(held, np.arange(200.0))
    np.testing.assert_array_equal(points.y, np.arange(200.0))
    np.testing.assert_array_equal(series.values, np.arange(20_000.0))


def test_what_an_attempt_records_at_its_first_step_replaces_what_stands_there() -> None:
    series = filled([1, 2, 2, 3], [1.0, 2.0, 2.5, 3.0])
    series.truncate(2)
    assert series.values.tolist() == [1.0, 2.0, 2.5]
    for value in (7.0, 8.0):  # the second is no longer the first that it records
        series.extend(np.array([2]), np.array([0.2]), np.array([value]))
    assert series.steps.tolist() == [1, 2, 2] and series.values.tolist() == [1.0, 7.0, 8.0]


def test_what_stands_at_an_attempts_first_step_stays_where_it_records_later_ones() -> None:
    series = filled([1, 2], [1.0, 2.0])
    series.truncate(2)
    series.extend(np.array([3]), np.array([0.3]), np.array([3.0]))
    assert series.values.tolist() == [1.0, 2.0, 3.0]
