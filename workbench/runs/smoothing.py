"""Smoothing as TensorBoard's: an exponential moving average, free of the bias of its beginning.

A run of a million points is noise in every column of the screen, and an average over a hundred of
them is so too. So what is averaged are the means of about MOST_BUCKETS parts of what is seen: a
weight smooths long and short runs, and a run and a part of it, to the same degree, and costs the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_BUCKETS = 1000
# What lies further back than this many time constants weighs less than a pixel.
WARM_UP = 8.0
BLOCK = 32
_TAKEN_AT_ONCE = BLOCK << 15


def bucket_size(count: int) -> int:
    """The smallest power of two that divides `count` points into at most MOST_BUCKETS parts.

    A power of two, so that a growing run changes it seldom.
    """
    return 1 << max(math.ceil(math.log2(max(count, 1) / MOST_BUCKETS)), 0)


def warm_up(weight: float) -> int:
    """How many parts before the first that is seen have a say in it."""
    return math.ceil(WARM_UP / (1 - weight))


class BlockSums:
    """Sums over every BLOCK values of a growing array, so that long parts are averaged quickly.

    Made when they are first asked for; ten million values have 0.3 million sums.
    """

    def __init__(self) -> None:
        self._sums: Floats = np.empty(0)
        self._counts: Floats = np.empty(0)

    def keep(self, length: int) -> None:
        """Forget what lies behind the first `length` values."""
        self._sums = self._sums[: length // BLOCK]
        self._counts = self._counts[: length // BLOCK]

    def means(self, values: Floats, size: int, begin: int, stop: int) -> Floats:
        """Means of the finite values of parts `begin` to `stop` (excluded), each of `size` values.

        `values` are all there are now; `size` is a power of two. NaN where no value is finite.
        """
        if size < BLOCK:
            return _means(*_sums(values[begin * size : stop * size], size))
        self._take(values)
        rest = _sums(values[len(self._sums) * BLOCK :], BLOCK)
        part = slice(begin * size // BLOCK, stop * size // BLOCK)
        sums, counts = np.append(self._sums, rest[0])[part], np.append(self._counts, rest[1])[part]
        starts = np.arange(0, len(sums), size // BLOCK)
        return _means(np.add.reduceat(sums, starts), np.add.reduceat(counts, starts))

    def _take(self, values: Floats) -> None:
        whole = len(values) // BLOCK * BLOCK
        for begin in range(len(self._sums) * BLOCK, whole, _TAKEN_AT_ONCE):
            sums, counts = _sums(values[begin : min(begin + _TAKEN_AT_ONCE, whole)], BLOCK)
            self._sums, self._counts = np.append(self._sums, sums), np.append(self._counts, counts)


def _sums(values: Floats, size: int) -> tuple[Floats, Floats]:
    """Sum and number of the finite values of every `size` in turn."""
    if not len(values):
        return np.empty(0), np.empty(0)
    finite = np.isfinite(values)
    starts = np.arange(0, len(values), size)
    sums = np.add.reduceat(np.where(finite, values, 0.0), starts)
    return sums, np.add.reduceat(finite.astype(np.float64), starts)


def _means(sums: Floats, counts: Floats) -> Floats:
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def smoothed(values: Iterable[float], weight: float) -> Floats:
    """The debiased moving average at each value; what is not finite stays and is not averaged.

    `weight`, from 0 to less than 1, is that of what came before.
    """
    average, left = 0.0, 1.0
    shown: list[float] = []
    for value in values:
        if math.isfinite(value):
            average = weight * average + (1 - weight) * value
            left *= weight
            shown.append(average / (1 - left))
        else:
            shown.append(value)
    return np.array(shown, np.float64)
