"""Reading a growing TFRecord file: length (8 bytes), its checksum (4), the record, its checksum (4)."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from workbench.runs.foreign import crc32c

READ_BLOCK_BYTES = 1 << 20
MOST_RECORD_BYTES = 4 << 20  # a longer one is a picture or a graph: it is passed over unread
HEADER_BYTES = 12
FOOTER_BYTES = 4
FRAME_BYTES = HEADER_BYTES + FOOTER_BYTES

_length_at = struct.Struct("<Q").unpack_from


@dataclass(frozen=True)
class Block:
    """Whole records of a file.

    Attributes:
        offset: where in the file `data` begins.
        starts: of each record in `data`, without its frame.
        lengths: of each, in bytes.
    """

    data: bytes
    offset: int
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]


@dataclass
class RecordReader:
    """Hands out a growing file's whole records once each; a half-written last one waits.

    Where a length is damaged, the next place that has a sound one is searched for.

    Attributes:
        faults: damaged places, each with file and offset.
    """

    path: Path
    offset: int = 0
    faults: list[str] = field(default_factory=list)
    _lost: bool = False

    def read_block(self, most_bytes: int = READ_BLOCK_BYTES) -> Block | None:
        """The next whole records, about `most_bytes` of them; None where there are none."""
        try:
            size = self.path.stat().st_size
            if size == self.offset:
                return None
            with self.path.open("rb", buffering=0) as file:
                return self._read_from(file.fileno(), size, most_bytes)
        except FileNotFoundError:
            return None

    def has_shrunk(self) -> bool:
        """Whether the file is shorter than what was read of it: then it is another one."""
        try:
            return self.path.stat().st_size < self.offset
        except FileNotFoundError:
            return False

    def fault(self, what: str, offset: int) -> None:
        """Remember a damaged place."""
        self.faults.append(f"{self.path.name}, byte {offset:,}: {what}")

    def _read_from(self, file: int, size: int, most_bytes: int) -> Block | None:
        while self.offset + FRAME_BYTES <= size:
            data = os.pread(file, most_bytes, self.offset)
            if self._lost or not sound_starts(data[:HEADER_BYTES]):
                if not self._search(data):
                    return None
                continue
            (length,) = _length_at(data)
            if self.offset + length + FRAME_BYTES > size:
                return None  # half-written
            if length > MOST_RECORD_BYTES:
                self.offset += length + FRAME_BYTES
            elif length + FRAME_BYTES > len(data):
                most_bytes = length + FRAME_BYTES
            else:
                return self._cut(data)
        return None

    def _search(self, data: bytes) -> bool:
        """Go on at the next sound header; false where what was read last has none."""
        if not self._lost:
            self._lost = True
            self.fault(
                "the length of a record is damaged; the rest is read from the next sound one",
                self.offset,
            )
        found = sound_starts(data)
        self._lost = not found
        before = self.offset
        # What could be the beginning of a header is looked at again.
        self.offset += found[0] if found else max(len(data) - HEADER_BYTES + 1, 0)
        return self.offset > before or bool(found)

    def _cut(self, data: bytes) -> Block:
        """The whole records at the beginning of `data`, up to the first damaged length."""
        heads = _walk(data)
        view = np.frombuffer(data, np.uint8)
        headers = sliding_window_view(view, HEADER_BYTES)[heads]
        lengths = np.ascontiguousarray(headers[:, :8]).view("<u8")[:, 0].astype(np.int64)
        sound = _checked(headers)
        count = len(heads) if sound.all() else int(np.argmin(sound))
        heads, lengths = heads[:count], lengths[:count]
        block = Block(data, self.offset, heads + HEADER_BYTES, lengths)
        self.offset += int(heads[-1] + lengths[-1]) + FRAME_BYTES
        return block


def sound_starts(data: bytes) -> list[int]:
    """Every place in `data` where a length stands with its checksum."""
    if len(data) < HEADER_BYTES:
        return []
    windows = sliding_window_view(np.frombuffer(data, np.uint8), HEADER_BYTES)
    found: list[int] = np.flatnonzero(_checked(windows)).tolist()
    return found


def _walk(data: bytes) -> NDArray[np.int64]:
    """Where each whole record's frame begins, as far as the lengths can be believed."""
    heads = []
    at, end = 0, len(data) - FRAME_BYTES
    while at <= end:
        beyond = at + _length_at(data, at)[0]
        if beyond > end:
            break
        heads.append(at)
        at = beyond + FRAME_BYTES
    return np.array(heads, np.int64)


def _checked(headers: crc32c.Bytes) -> NDArray[np.bool_]:
    claimed = np.ascontiguousarray(headers[:, 8:]).view("<u4")[:, 0]
    sound: NDArray[np.bool_] = crc32c.masked_rows(headers[:, :8]) == claimed
    return sound
