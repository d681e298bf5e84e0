"""The lines of a log that are held, by number, and the search among them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from workbench.units import plain

MOST_LINES = 100_000
MOST_CHARACTERS = 16_000_000


class LogLines:
    """Lines, the latest MOST_LINES of them; the one that was read first has the number 0.

    Attributes:
        first: the number of the earliest line; negative where some were put before.
        cells: the width of the widest line so far.
        cut: whether earlier lines were dropped to make room.
    """

    def __init__(self) -> None:
        self.first = 0
        self.cells = 0
        self.cut = False
        self._lines: list[str] = []
        self._characters = 0

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, number: int) -> str:
        return self._lines[number - self.first]

    @property
    def end(self) -> int:
        """The number that the next line gets."""
        return self.first + len(self._lines)

    @property
    def full(self) -> bool:
        """Whether there is no room for earlier lines."""
        return self.cut or len(self._lines) >= MOST_LINES or self._characters >= MOST_CHARACTERS

    def between(self, first: int, end: int) -> Sequence[str]:
        """The lines of these numbers."""
        return self._lines[first - self.first : end - self.first]

    def append(self, lines: Iterable[str]) -> int:
        """Add later lines; how many of the earliest had to go."""
        self._lines += self._measured(lines)
        gone = max(len(self._lines) - MOST_LINES, 0)
        left = self._characters - sum(map(len, self._lines[:gone]))
        while left > MOST_CHARACTERS:
            left -= len(self._lines[gone])
            gone += 1
        self._characters = left
        del self._lines[:gone]
        self.first += gone
        self.cut = self.cut or gone > 0
        return gone

    def put_before(self, lines: Iterable[str]) -> int:
        """Put earlier lines in the place of the first one, which said that they lack; how many more."""
        before = self._measured(lines)
        self._characters -= sum(map(len, self._lines[:1]))
        self._lines[:1] = before
        self.first -= len(before) - 1
        return len(before) - 1

    def _measured(self, lines: Iterable[str]) -> list[str]:
        added = list(lines)
        self._characters += sum(map(len, added))
        self.cells = max(self.cells, max(map(cell_len, added), default=0))
        return added


class LogSearch:
    """The lines that hold a text, which may be any; a capital in it makes capitals count.

    Attributes:
        text: what is looked for; nothing is found where it is empty.
        current: the number of the line that one is at; None while none is found.
    """

    def __init__(self, lines: LogLines) -> None:
        self.text = ""
        self.current: int | None = None
        self._lines = lines
        self._origin = 0
        self._matches: list[int] = []
        self._low = self._high = 0  # the numbers between which everything was looked at

    def look_for(self, text: str, origin: int) -> None:
        """Find the lines with `text`; one is at the first from `origin` on, else at the last before."""
        text = plain(text)
        narrower = bool(self.text) and text.startswith(self.text)
        known = self._matches if narrower else range(self._lines.first, self._lines.end)
        self.text, self._origin, self.current = text, origin, None
        self._low, self._high = self._lines.first, self._lines.end
        self._matches = self._among(known)
        self._settle()

    def catch_up(self) -> None:
        """Look at the lines that came since; to be called whenever there are others."""
        first, end = self._lines.first, self._lines.end
        if first < self._low:
            # The line that was the first is another now: see `put_before`.
            self._matches = [number for number in self._matches if number != self._low]
            self._matches[:0] = self._among(range(first, self._low + 1))
        del self._matches[: bisect_left(self._matches, first)]
        self._matches += self._among(range(max(self._high, first), end))
        self._low, self._high = first, end
        self._settle()

    def step(self, by: int) -> None:
        """To the next line that was found, or the one before; from the last on to the first."""
        if self.current is not None:
            place = bisect_left(self._matches, self.current) + by
            self.current = self._matches[place % len(self._matches)]

    @property
    def told(self) -> str:
        """`3 of 17`, in lines; empty where nothing is looked for."""
        if not self.text:
            return ""
        if self.current is None:
            return "not found"
        return f"{bisect_left(self._matches, self.current) + 1:,} of {len(self._matches):,}"

    def places(self, line: str) -> list[tuple[int, int]]:
        """From where to where the text stands in a line, as often as it does."""
        wanted, held = self._alike(self.text), self._alike(line)
        found, start = [], held.find(wanted) if wanted else -1
        while start >= 0:
            found.append((start, start + len(wanted)))
            start = held.find(wanted, start + len(wanted))
        return found

    def _among(self, numbers: Sequence[int]) -> list[int]:
        """Those of these numbers, which rise, whose lines hold the text."""
        if not self.text or not len(numbers):
            return []
        alike, wanted = self._alike, self._alike(self.text)
        first = numbers[0]
        lines = self._lines.between(first, numbers[-1] + 1)
        return [number for number in numbers if wanted in alike(lines[number - first])]

    def _alike(self, text: str) -> str:
        """`text` so that what counts as the same is the same, character for character."""
        if self.text != self.text.lower():
            return text
        lower = text.lower()
        return lower if len(lower) == len(text) else "".join(char.lower()[0] for char in text)

    def _settle(self) -> None:
        """Be at a line that is there."""
        if not self._matches:
            self.current = None
            return
        wanted = self._origin if self.current is None else self.current
        place = bisect_left(self._matches, wanted)
        self.current = self._matches[min(place, len(self._matches) - 1)]
