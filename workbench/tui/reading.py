"""The rhythm in which a page reads its runs: one reading at a time, as often as its cost allows."""

from __future__ import annotations

import time
from collections.abc import Callable

# Reading and drawing take at most this share of one core from the training.
MOST_SHARE = 0.15


class ReadingLoop:
    """Calls `start`, which begins a reading in a thread, and is told when that one is done.

    Readings that nobody has asked for wait until the terminal has room: `may_draw`.
    """

    def __init__(
        self,
        start: Callable[[], None],
        may_draw: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._start = start
        self._may_draw = may_draw
        self._clock = clock
        self._reading = False
        self._asked = False
        self._due = 0.0

    def tick(self) -> None:
        """Read if it is time, and what is read may be drawn."""
        if not self._reading and self._clock() >= self._due and self._may_draw():
            self._begin()

    def read_soon(self) -> None:
        """Read at once, or right after the reading that goes on: something else is to be seen."""
        if self._reading:
            self._asked = True
        else:
            self._begin()

    def done(self, busy_s: float, *, more: bool, pace_s: float = 0.0) -> None:
        """A reading is done and shown; where `more` is waiting the next one begins at once.

        `busy_s` is what it took, `pace_s` what the terminal wants between two of them.
        """
        self._reading = False
        self._due = self._clock() + max(busy_s / MOST_SHARE, pace_s)
        if more or self._asked:
            self._begin()

    def _begin(self) -> None:
        self._reading, self._asked = True, False
        self._start()
