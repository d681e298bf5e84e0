"""The end of a growing log, read as it grows; never more of it than a screen's user would scroll."""

from __future__ import annotations

import os
from pathlib import Path

from workbench import units

TAIL_BYTES = 64_000
LONGEST_LINE = 2_000


class LogFile:
    """Reads the last TAIL_BYTES once, and then what is appended, as lines that are safe to show."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = -1
        self._rest = b""

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

    def _read_from(self, file: int, size: int) -> list[str]:
        skipped = 0
        if not 0 <= self._offset <= size or size - self._offset > TAIL_BYTES:
            start = max(size - TAIL_BYTES, 0)
            skipped = start - max(self._offset, 0)
            self._offset, self._rest = start, b""
        data = self._rest + os.pread(file, size - self._offset, self._offset)
        self._offset = size
        *lines, self._rest = data.split(b"\n")
        if skipped > 0:
            lines[:1] = [f"… {units.size(skipped)} before this are not shown".encode()]
        return [_shown(line) for line in lines]


def _shown(line: bytes) -> str:
    """A line as a terminal would leave it: what a carriage return overwrote is gone."""
    text = line.rstrip(b"\r").rpartition(b"\r")[2].decode(errors="replace")
    return units.plain(text.expandtabs(4)[:LONGEST_LINE])
