"""Zoom, pan and crosshair on the x axis."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.tui.run_facts import PlotView, Reach
from workbench.tui.x_window import panned, pointed, seen, share, zoomed

REACH = Reach(0.0, 1000.0, columns=100)
LOG = Reach(1.0, 10_000.0, log=True, columns=100)
ALL = PlotView()


def test_all_is_seen_at_first_and_after_zooming_out_again() -> None:
    assert seen(ALL, REACH) == (0.0, 1000.0)
    assert zoomed(zoomed(ALL, REACH, 0.5), REACH, 2.0) == ALL
    assert zoomed(ALL, REACH, 2.0) == ALL


def test_what_shows_the_newest_end_follows_it() -> None:
    close = zoomed(ALL, REACH, 0.5)
    assert seen(close, REACH) == (500.0, 1000.0)
    assert seen(close, replace(REACH, high=1500.0)) == (1000.0, 1500.0)


def test_what_does_not_show_it_stays_until_it_is_panned_there() -> None:
    close = panned(zoomed(ALL, REACH, 0.5), REACH, -1)
    assert seen(close, REACH) == (375.0, 875.0)
    assert seen(close, replace(REACH, high=1500.0)) == (375.0, 875.0)
    assert seen(panned(close, REACH, 1), replace(REACH, high=1500.0)) == (1000.0, 1500.0)


def test_away_from_the_end_the_middle_stays_in_the_middle() -> None:
    close = panned(zoomed(ALL, REACH, 0.5), REACH, -1)
    assert seen(zoomed(close, REACH, 0.5), REACH) == (500.0, 750.0)


def test_panning_stops_at_the_beginning() -> None:
    close = zoomed(ALL, REACH, 0.25)
    for _ in range(20):
        close = panned(close, REACH, -1)
    assert seen(close, REACH) == (0.0, 250.0)
    assert panned(ALL, REACH, -1) == ALL


def test_logarithmic_axes_are_zoomed_by_decades() -> None:
    low, high = seen(zoomed(ALL, LOG, 0.5), LOG)
    assert (low, high) == pytest.approx((100.0, 10_000.0))
    assert share(zoomed(ALL, LOG, 0.5), LOG) == pytest.approx(0.5)


def test_the_crosshair_begins_in_the_middle_and_goes_by_columns() -> None:
    middle = pointed(ALL, REACH, 0)
    assert middle.crosshair == 500.0
    assert pointed(middle, REACH, -3).crosshair == 470.0
    assert pointed(middle, REACH, 1000).crosshair == 1000.0
    assert pointed(pointed(ALL, LOG, 0), LOG, 25).crosshair == pytest.approx(1000.0)


def test_zooming_goes_where_the_crosshair_is() -> None:
    at = replace(pointed(ALL, REACH, 0), crosshair=300.0)
    assert seen(zoomed(at, REACH, 0.1), REACH) == (250.0, 350.0)


def test_a_crosshair_at_the_edge_takes_the_window_along() -> None:
    close = replace(zoomed(ALL, REACH, 0.1), crosshair=905.0)
    assert seen(pointed(close, REACH, -10), REACH) == (895.0, 995.0)


@given(
    st.lists(st.sampled_from("+-,.<>0"), max_size=40),
    st.floats(1e-3, 1e6),
    st.floats(0, 1e9),
    st.booleans(),
)
def test_whatever_is_pressed_something_of_the_axis_is_seen(
    keys: list[str], low: float, width: float, log: bool
) -> None:
    reach, view = Reach(low, low + width, log, columns=80), pointed(ALL, REACH, 0)
    for key in keys:
        if key in "+-":
            view = zoomed(view, reach, 0.5 if key == "+" else 2.0)
        elif key in ",.":
            view = panned(view, reach, 1 if key == "." else -1)
        elif key in "<>":
            view = pointed(view, reach, 7 if key == ">" else -7)
        else:
            view = replace(view, crosshair=None)
        first, last = seen(view, reach)
        assert reach.low <= first <= last <= reach.high
