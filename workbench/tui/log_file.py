"""The end of a growing log, read as it grows, and what came before where somebody asks for it."""

from __future__ import annotations

import os
from pathlib import Path

from workbench import units

TAIL_BYTES = 64_000
EARLIER_BYTES = 256_000  # at one time: 5 to 50 ms
LONGEST_LINE = 2_000


class LogFile:
    """Reads the last TAIL_BYTES once, and then what is appended, as lines that are safe to show."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = -1
        self._rest = b""
        self._begin = 0  # where the first line that was read begins

    def read(self) -> list[str]:
        """Complete lines since the last call; one `stat` where nothing came."""
        try:
            size = self._path.stat().st_size
            if size == self._offset:
                return []
            with self._path.open("rb") as file:
                return self._read_from(file.fileno(), size)
        except FileNotFoundError:
            return []

    def read_earlier(self) -> list[str]:
        """The lines just before all that were read, EARLIER_BYTES of them; none where there are none.

        They take the place of the line that said that they are not shown.
        """
        if not self._begin:
            return []
        end, start = self._begin, max(self._begin - EARLIER_BYTES, 0)
        try:
            with self._path.open("rb") as file:
                data = os.pread(file.fileno(), end - start, start)
        except FileNotFoundError:
            return []
        skipped = data.find(b"\n") + 1 if start else 0  # the rest of a line that began before
        self._begin = start + skipped if skipped < len(data) else start
        lines = data[self._begin - start :].removesuffix(b"\n").split(b"\n")
        return [*_missing(self._begin), *map(_shown, lines)]

    def _read_from(self, file: int, size: int) -> list[str]:
        skipped, first = 0, self._offset < 0
        if size < self._offset:
            self._begin = 0  # another log, and all of this one is there
        if not 0 <= self._offset <= size or size - self._offset > TAIL_BYTES:
            start = max(size - TAIL_BYTES, 0)
            skipped = start - max(self._offset, 0)
            self._offset, self._rest = start, b""
        data = self._rest + os.pread(file, size - self._offset, self._offset)
        self._offset = size
        *lines, self._rest = data.split(b"\n")
        shown = [_shown(line) for line in lines]
        if skipped > 0:
            shown[:1] = _missing(skipped)
        if skipped > 0 and first:
            self._begin = self._offset - len(data) + len(lines[0]) + 1 if lines else start
        return shown


def _missing(count: int) -> list[str]:
    """What says that so many bytes are not shown."""
    return [f"… {units.size(count)} before this are not shown"] if count else []


def _shown(line: bytes) -> str:
    """A line as a terminal would leave it: what a carriage return overwrote is gone."""
    text = line.rstrip(b"\r").rpartition(b"\r")[2].decode(errors="replace")
    return units.plain(text.expandtabs(4)[:LONGEST_LINE])
