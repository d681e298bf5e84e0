"""Axes of time are labelled as people count time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.figures.time_ticks import clock, clock_ticks, duration_ticks, span

NOON = time.mktime((2026, 3, 14, 12, 0, 0, 0, 0, 0))  # winter time, wherever this runs


def labels(ticks: list[tuple[float, str]]) -> list[str]:
    return [label for _, label in ticks]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0"),
        (0.25, "0.25 s"),
        (42, "42 s"),
        (90, "1 min 30 s"),
        (300, "5 min"),
        (7500, "2 h 05 min"),
        (7200, "2 h"),
        (3 * 86400 + 4 * 3600, "3 d 04 h"),
        (59.7, "1 min"),
        (-90, "-1 min 30 s"),
    ],
)
def test_spans_are_read_in_their_two_largest_units(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_a_span_is_parted_at_round_minutes_and_hours() -> None:
    assert labels(duration_ticks(0, 3600, 4, log=False)) == ["0", "15 min", "30 min", "45 min", "1 h"]
    assert labels(duration_ticks(0, 9000, 4, log=False)) == ["0", "1 h", "2 h"]
    assert labels(duration_ticks(1, 10_000, 20, log=True))[:5] == [
        "1 s",
        "3 s",
        "10 s",
        "30 s",
        "1 min",
    ]


def test_a_clock_tells_hours_seconds_or_days_as_there_is_room() -> None:
    assert labels(clock_ticks(NOON, NOON + 3600, 4)) == ["12:00", "12:15", "12:30", "12:45", "13:00"]
    assert labels(clock_ticks(NOON, NOON + 60, 2)) == ["12:00:00", "12:00:30", "12:01:00"]
    assert labels(clock_ticks(NOON, NOON + 1, 2)) == ["12:00:00.0", "12:00:00.5", "12:00:01.0"]
    assert labels(clock_ticks(NOON, NOON + 43_200, 2)) == ["12:00", "18:00", "Mar 15"]
    assert labels(clock_ticks(NOON, NOON + 3 * 86400, 3)) == ["Mar 15", "Mar 16", "Mar 17"]


def test_a_moment_of_another_day_names_it() -> None:
    assert clock(NOON + 65) == "Mar 14 12:01:05"
    assert clock(time.time()).count(":") == 2
    assert " " not in clock(time.time())


@given(st.floats(0, 1e11), st.floats(1e-3, 1e10), st.integers(1, 12))
def test_ticks_lie_between_the_ends_and_are_not_many(low: float, width: float, most: int) -> None:
    slack = 1e-3 + width * 1e-8
    for ticks in (
        clock_ticks(low, low + width, most),
        duration_ticks(low, low + width, most, log=False),
    ):
        assert len(ticks) <= most + 1
        assert all(low - slack <= value <= low + width + slack for value, _ in ticks)
