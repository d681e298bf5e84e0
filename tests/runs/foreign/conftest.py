"""Event files made byte by byte, and foreign folders to keep them in."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.runs.foreign import crc32c
from workbench.runs.foreign.folder import ForeignFolder, Kind


def varint(number: int) -> bytes:
    """A number as protobuf writes it."""
    number &= (1 << 64) - 1
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])


def part(number: int, content: bytes) -> bytes:
    """A field of bytes."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def event(step: int, tag: str, value: float, wall_time: float = 5.0) -> bytes:
    """A scalar as SummaryWriter writes it."""
    written = part(1, tag.encode()) + b"\x15" + struct.pack("<f", value)
    number = b"\x10" + varint(step) if step else b""
    return b"\x09" + struct.pack("<d", wall_time) + number + part(5, part(1, written))


def session_start(step: int) -> bytes:
    """What SummaryWriter writes for `purge_step`."""
    return b"\x09" + bytes(8) + b"\x10" + varint(step) + part(7, b"\x08\x01")


def framed(*records: bytes) -> bytes:
    """Records as they stand in a file."""
    whole = b""
    for record in records:
        length = struct.pack("<Q", len(record))
        whole += length + struct.pack("<I", crc32c.masked(length))
        whole += record + struct.pack("<I", crc32c.masked(record))
    return whole


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., ForeignFolder]:
    """Writes an event file; the folder that holds it."""

    def writes(*records: bytes, name: str = "1.host.0") -> ForeignFolder:
        (tmp_path / f"events.out.tfevents.{name}").write_bytes(framed(*records))
        return ForeignFolder(tmp_path, "watched", Kind.TENSORBOARD)

    return writes
