"""How well the terminal takes what is sent: over a slow link a page is drawn less often."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

from workbench import units

HELD_UP_S = 0.2  # a write that takes longer has waited for the link
REMEMBERED_S = 15.0
MOST_SHARE = 0.25  # of the time in which the link is busy with our drawing
STEPS_S = (0.5, 1.0, 2.0, 5.0, 10.0)
BYTES_A_SECOND = 2_500  # what pages that draw by themselves may send, over the best of links
MOST_WAITED_S = 1.0  # after what was large, as the answer to a key


class Link:
    """Remembers for how long writes to the terminal were held up; written to in the driver's thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: float | None = None
        self._held: deque[tuple[float, float]] = deque(maxlen=256)  # when it ended, how long it took
        self._free_at = 0.0

    def through(self, file: TextIO) -> MeteredFile:
        """A file that writes to `file` and tells this link how long that took."""
        return MeteredFile(file, self)

    def begin(self) -> None:
        """Something is being written now."""
        self._began = self._clock()

    def end(self) -> None:
        """It is written."""
        now, began = self._clock(), self._began
        self._began = None
        if began is not None and now - began >= HELD_UP_S:
            self._held.append((now, now - began))

    def sent(self, size: int) -> None:
        """So many bytes were written: they take their time from what pages may send by themselves."""
        now = self._clock()
        wanted = max(self._free_at, now) + size / BYTES_A_SECOND
        self._free_at = min(wanted, now + MOST_WAITED_S)

    @property
    def is_free(self) -> bool:
        """Whether a page may draw what nobody has asked for by a key."""
        return self._clock() >= self._free_at

    @property
    def pace_s(self) -> float:
        """The seconds between two drawings that the link stands; 0 where it holds nothing up."""
        now, began = self._clock(), self._began
        took = [span for when, span in list(self._held) if now - when < REMEMBERED_S]
        took += [now - began] if began is not None and now - began >= HELD_UP_S else []
        if not took:
            return 0.0
        wanted = max(took) / MOST_SHARE
        return next((step for step in STEPS_S if step >= wanted), STEPS_S[-1])

    @property
    def words(self) -> str:
        """What the footer says of it; empty where there is nothing to say."""
        pace_s = self.pace_s
        return f"slow link: every {units.number(pace_s)} s" if pace_s else ""


class MeteredFile:
    """A terminal's file whose writes are timed."""

    def __init__(self, file: TextIO, link: Link) -> None:
        self._file = file
        self._link = link

    def write(self, text: str) -> int:
        """Write `text`; how many characters it was."""
        self._link.sent(len(text.encode(errors="replace")))
        self._link.begin()
        try:
            return self._file.write(text)
        finally:
            self._link.end()

    def flush(self) -> None:
        """Hand on what was written."""
        self._link.begin()
        try:
            self._file.flush()
        finally:
            self._link.end()

    def fileno(self) -> int:
        """The number of the file."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._file.isatty()
