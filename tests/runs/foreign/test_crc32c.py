"""The checksum, against its published example."""

from __future__ import annotations

import numpy as np

from workbench.runs.foreign import crc32c


def test_the_published_example() -> None:
    # RFC 3720, and TensorFlow's mask on it.
    plain = 0xE3069283
    masked = (((plain >> 15) | (plain << 17 & 0xFFFFFFFF)) + 0xA282EAD8) & 0xFFFFFFFF

    assert crc32c.masked(b"123456789") == masked


def test_rows_have_the_checksums_that_each_has_alone() -> None:
    rows = np.random.default_rng(1).integers(0, 256, (50, 13), np.uint8)

    assert crc32c.masked_rows(rows).tolist() == [crc32c.masked(row.tobytes()) for row in rows]
