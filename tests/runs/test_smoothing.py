"""The moving average is that of its definition, at any length and in any part of a run."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.runs import smoothing
from workbench.runs.smoothing import MOST_BUCKETS, BlockSums, bucket_size, smoothed

WEIGHTS = st.floats(0, 0.99)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60), WEIGHTS)
def test_each_value_is_the_weighted_mean_of_all_before_it(values: list[float], weight: float) -> None:
    shown = smoothed(values, weight)
    for end in range(1, len(values) + 1):
        weights = [weight ** (end - 1 - place) for place in range(end)]
        mean = sum(w * v for w, v in zip(weights, values, strict=False)) / sum(weights)
        assert shown[end - 1] == pytest.approx(mean, abs=1e-6)


def test_what_is_not_finite_stays_and_spoils_nothing() -> None:
    shown = smoothed([1.0, math.nan, math.inf, 1.0], 0.5)
    np.testing.assert_array_equal(shown, [1.0, math.nan, math.inf, 1.0])


def test_a_constant_begins_without_bias() -> None:
    assert smoothed([3.0] * 5, 0.99).tolist() == pytest.approx([3.0] * 5)


@pytest.mark.parametrize(("count", "size"), [(0, 1), (1000, 1), (1001, 2), (4000, 4), (10**7, 16384)])
def test_a_run_is_parted_into_at_most_so_many(count: int, size: int) -> None:
    assert bucket_size(count) == size
    assert count / size <= MOST_BUCKETS


@given(
    st.lists(st.integers(1, 3000), min_size=1, max_size=4),
    st.sampled_from([1, 2, 16, 32, 64, 256]),
    st.data(),
)
def test_means_of_a_growing_array_are_those_of_its_values(
    lengths: list[int], size: int, data: st.DataObject
) -> None:
    values = np.random.default_rng(len(lengths)).normal(size=sum(lengths))
    values[::7] = np.nan
    values[: 40 * smoothing.BLOCK : 3] = np.inf
    sums, length = BlockSums(), 0
    for more in lengths:
        length += more
        parts = -(-length // size)
        begin = data.draw(st.integers(0, parts - 1))
        stop = data.draw(st.integers(begin + 1, parts))
        means = sums.means(values[:length], size, begin, stop)
        for mean, place in zip(means, range(begin, stop), strict=True):
            part = values[:length][place * size : (place + 1) * size]
            finite = part[np.isfinite(part)]
            assert mean == pytest.approx(finite.mean()) if len(finite) else np.isnan(mean)


def test_sums_behind_what_is_kept_are_forgotten() -> None:
    sums, values = BlockSums(), np.ones(1000)
    sums.means(values, 64, 0, 2)
    sums.keep(100)
    again = np.concatenate([values[:100], np.full(900, 5.0)])
    assert sums.means(again, 64, 2, 16).tolist() == [5.0] * 14
