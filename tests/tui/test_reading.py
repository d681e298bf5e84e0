"""When a page reads its runs."""

from __future__ import annotations

import pytest

from workbench.tui.reading import MOST_SHARE, ReadingLoop


class Page:
    """Counts the readings; its clock stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 100.0
        self.readings = 0
        self.free = True
        self.loop = ReadingLoop(self.start, lambda: self.free, lambda: self.now)

    def start(self) -> None:
        self.readings += 1

    def ticks(self, seconds: float) -> int:
        """How many readings begin at a tick after so long."""
        before = self.readings
        self.now += seconds
        self.loop.tick()
        return self.readings - before


@pytest.fixture
def page() -> Page:
    return Page()


def test_the_first_tick_reads_and_no_second_reading_begins_beside_it(page: Page) -> None:
    assert page.ticks(0) == 1
    assert page.ticks(60) == 0


def test_a_reading_that_took_long_is_repeated_less_often(page: Page) -> None:
    page.loop.tick()
    page.loop.done(3.0, more=False)
    assert page.ticks(3.0 / MOST_SHARE - 0.1) == 0
    assert page.ticks(0.2) == 1


def test_a_slow_terminal_sets_the_pace(page: Page) -> None:
    page.loop.tick()
    page.loop.done(0.01, more=False, pace_s=5.0)
    assert page.ticks(4.9) == 0
    assert page.ticks(0.2) == 1


def test_a_reading_waits_for_room_on_the_terminal_unless_it_is_asked_for(page: Page) -> None:
    page.loop.tick()
    page.loop.done(0.01, more=False)
    page.free = False
    assert page.ticks(60) == 0
    page.loop.read_soon()
    assert page.readings == 2


def test_where_more_is_waiting_it_is_read_at_once(page: Page) -> None:
    page.loop.tick()
    page.loop.done(3.0, more=True, pace_s=5.0)
    assert page.readings == 2
    assert page.ticks(60) == 0


def test_what_is_asked_for_waits_for_no_pace(page: Page) -> None:
    page.loop.tick()
    page.loop.done(3.0, more=False)
    page.loop.read_soon()
    assert page.readings == 2


def test_what_is_asked_for_meanwhile_is_read_once_right_after(page: Page) -> None:
    page.loop.tick()
    page.loop.read_soon()
    page.loop.read_soon()
    assert page.readings == 1
    page.loop.done(3.0, more=False)
    assert page.readings == 2
    page.loop.done(3.0, more=False)
    assert page.readings == 2
