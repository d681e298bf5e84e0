from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.figures.scale import Scale, scale_of, short


def labels(scale: Scale, most: int) -> list[str]:
    return [tick.label for tick in scale.ticks(most)]


def test_ticks_are_round_numbers() -> None:
    assert labels(Scale(0, 480_000), 5) == ["0", "100k", "200k", "300k", "400k"]
    assert labels(Scale(-0.1, 1.1), 4) == ["0.0", "0.5", "1.0"]
    assert labels(Scale(0, 3e-5), 4) == ["0", "1e-5", "2e-5", "3e-5"]


def test_ticks_lie_where_their_numbers_are() -> None:
    for tick in Scale(-3, 7).ticks(6):
        assert tick.place == pytest.approx((float(tick.label) + 3) / 10)


def test_log_ticks_are_powers_of_ten_or_parts_of_a_decade() -> None:
    assert labels(Scale(-6, 0, log=True), 4) == ["1e-6", "1e-4", "0.01", "1"]
    assert labels(Scale(-1, 0.5, log=True), 6) == ["0.1", "0.2", "0.5", "1", "2"]
    assert len(labels(Scale(0.31, 0.32, log=True), 4)) >= 2


def test_a_place_is_a_share_of_the_axis() -> None:
    assert Scale(0, 10).places(np.array([0.0, 5.0, 10.0])).tolist() == [0, 0.5, 1]
    places = Scale(0, 2, log=True).places(np.array([1.0, 10.0, 100.0, 0.0, -1.0, np.nan]))
    assert places[:3].tolist() == [0, 0.5, 1]
    assert np.isnan(places[3:]).all()


def test_the_scale_holds_what_is_finite() -> None:
    values = [np.array([2.0, np.nan]), np.array([np.inf, 4.0]), np.array([])]
    assert scale_of(values, log=False, margin=0.5) == Scale(1, 5)
    assert scale_of([np.array([0.0, -1.0])], log=True, margin=0) == Scale(0, 1, log=True)
    assert scale_of([], log=False, margin=0) == Scale(0, 1)


@given(st.lists(st.floats(), min_size=1, max_size=6), st.booleans(), st.integers(1, 9))
def test_any_numbers_get_limits_and_ticks(values: list[float], log: bool, most: int) -> None:
    scale = scale_of([np.array(values)], log=log, margin=0.03)
    assert scale.low < scale.high
    places = scale.places(np.array(values))
    known = places[np.isfinite(places)]
    assert ((known >= -1e-6) & (known <= 1 + 1e-6)).all()
    for tick in scale.ticks(most):
        assert -1e-6 <= tick.place <= 1 + 1e-6
        assert 0 < len(tick.label) <= 12


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.25, "0.25"),
        (9999, "9999"),
        (250_000, "250k"),
        (-1_500_000, "-1.5M"),
        (3e-5, "3e-5"),
        (1.25e-7, "1.25e-7"),
        (2e18, "2e18"),
    ],
)
def test_short_numbers(value: float, text: str) -> None:
    assert short(value) == text


def test_a_value_too_far_beyond_the_limits_has_no_place() -> None:
    places = Scale(0.0, 1e-280).places(np.array([1e29, 1e-280]))
    assert np.isnan(places[0]) and places[1] == 1
