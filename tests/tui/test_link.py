"""A slow link lowers the rate at which a run's page is drawn, and the footer says so."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import pytest

from workbench.tui.link import BYTES_A_SECOND, MOST_WAITED_S, REMEMBERED_S, Link

from .conftest import LivingRun
from .terminals import PATIENCE_S, Terminal


class SlowFile(io.StringIO):
    """Takes its time for every write."""

    def __init__(self, clock: Clock, takes_s: float) -> None:
        super().__init__()
        self.clock, self.takes_s = clock, takes_s

    def write(self, text: str) -> int:
        self.clock.now += self.takes_s
        return super().write(text)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("takes_s", "pace_s"), [(0.01, 0.0), (0.21, 1.0), (0.4, 2.0), (1.1, 5.0), (60.0, 10.0)]
)
def test_the_pace_leaves_the_link_free_for_most_of_the_time(takes_s: float, pace_s: float) -> None:
    clock = Clock()
    link = Link(clock)
    link.through(SlowFile(clock, takes_s)).write("frame")
    assert link.pace_s == pace_s
    assert bool(link.words) == bool(pace_s)


def test_what_is_still_held_up_counts_and_what_was_long_ago_does_not() -> None:
    clock = Clock()
    link = Link(clock)
    link.begin()
    clock.now += 0.45
    assert (link.pace_s, link.words) == (2.0, "slow link: every 2 s")
    link.end()
    assert link.pace_s == 2.0
    clock.now += REMEMBERED_S
    assert (link.pace_s, link.words) == (0.0, "")


def test_what_was_sent_takes_its_time_and_what_was_large_no_more_than_a_second() -> None:
    clock = Clock()
    link = Link(clock)
    file = link.through(io.StringIO())
    assert link.is_free
    file.write("⣿" * (BYTES_A_SECOND // 6))  # of three bytes each: half a second
    clock.now += 0.49
    assert not link.is_free
    clock.now += 0.02
    assert link.is_free
    file.write("x" * 100 * BYTES_A_SECOND)
    clock.now += MOST_WAITED_S - 0.01
    assert not link.is_free
    clock.now += 0.02
    assert link.is_free


def test_a_terminal_that_is_not_read_for_a_while_gets_less_and_is_told(
    terminal: Callable[..., Terminal], living: LivingRun
) -> None:
    one = terminal(120, 40)
    one.sees("lessons  4")
    one.press("2")
    one.sees("● running")
    one.press("\r")
    one.sees("━━ train")
    deadline, step = time.monotonic() + PATIENCE_S, 60
    while "slow link: every" not in one.text():
        assert time.monotonic() < deadline, one.text()
        for _ in range(10):  # nothing is read meanwhile, and the system keeps only so much back
            step += 1
            living.recorder.metrics(step, {"train/loss": step % 7, "val/loss": step % 11})
            one.press("41")
            time.sleep(0.1)
        one.read(0.5)
    assert one.leave() == 0
