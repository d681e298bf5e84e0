"""CRC-32C as TFRecord files have it, for one record or for many of one length at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Checksums = NDArray[np.uint32]

_POLYNOMIAL = 0x82F63B78
_ALL_ONES = 0xFFFFFFFF
_MASK_DELTA = 0xA282EAD8


def _make_table() -> list[int]:
    table = []
    for byte in range(256):
        remainder = byte
        for _ in range(8):
            remainder = (remainder >> 1) ^ (_POLYNOMIAL if remainder & 1 else 0)
        table.append(remainder)
    return table


_TABLE = _make_table()
_TABLE_ARRAY = np.array(_TABLE, np.uint32)


def masked(data: bytes) -> int:
    """The masked checksum of `data`."""
    remainder = _ALL_ONES
    for byte in data:
        remainder = _TABLE[(remainder ^ byte) & 0xFF] ^ (remainder >> 8)
    remainder ^= _ALL_ONES
    return (((remainder >> 15) | (remainder << 17)) + _MASK_DELTA) & _ALL_ONES


def masked_rows(rows: Bytes) -> Checksums:
    """The masked checksum of each row of bytes: (N, L) gives (N,)."""
    remainder = np.full(len(rows), _ALL_ONES, np.uint32)
    for column in np.ascontiguousarray(rows.T):
        remainder = _TABLE_ARRAY[(remainder.astype(np.uint8)) ^ column] ^ (remainder >> np.uint32(8))
    remainder ^= np.uint32(_ALL_ONES)
    rotated = (remainder >> np.uint32(15)) | (remainder << np.uint32(17))
    return rotated + np.uint32(_MASK_DELTA)
