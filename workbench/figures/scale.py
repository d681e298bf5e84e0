"""An axis: its limits, the way from values to places on it, and its ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.figures.lines import Unit
from workbench.figures.time_ticks import Labelled, clock_ticks, duration_ticks

# Beyond it, differences of two values overflow.
_LARGEST = 1e300
_LOG_STEPS = (1, 2, 5)
_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis: `place` is 0 at its lower end and 1 at its upper."""

    place: float
    label: str


@dataclass(frozen=True)
class Scale:
    """Limits `low` < `high`, in powers of ten where `log`; other units than numbers are seconds."""

    low: float
    high: float
    log: bool = False
    unit: Unit = "number"

    def places(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where `values` lie: 0 at the lower limit, 1 at the upper; NaN for what has no place."""
        with np.errstate(over="ignore"):  # far beyond limits that lie close together
            found = (_forward(values, self.log) - self.low) / (self.high - self.low)
        return np.where(np.isfinite(found), found, np.nan)

    def ticks(self, most: int) -> list[Tick]:
        """About `most` ticks on round values, or fewer, from the lower end to the upper."""
        if most < 1:
            return []
        span = self.high - self.low
        return [
            Tick(((math.log10(value) if self.log else value) - self.low) / span, label)
            for value, label in self._labelled(most)
        ]

    def _labelled(self, most: int) -> list[Labelled]:
        if self.unit == "clock" and not self.log:
            return clock_ticks(self.low, self.high, most)
        if self.unit == "duration":
            low, high = (10.0**self.low, 10.0**self.high) if self.log else (self.low, self.high)
            return duration_ticks(low, high, most, log=self.log)
        values = self._log_ticks(most) if self.log else _linear_ticks(self.low, self.high, most)
        labels = _labels(values) if self.log else _aligned(_labels(values))
        return list(zip(values, labels, strict=True))

    def _log_ticks(self, most: int) -> list[float]:
        """1, 2, 5 of every decade where they fit, else decades, else, within one, round values."""
        fine = [
            step * 10.0**power
            for power in range(math.floor(self.low), math.ceil(self.high))
            for step in _LOG_STEPS
            if self.low <= math.log10(step) + power <= self.high and abs(power) < 308
        ]
        if 2 <= len(fine) <= most:
            return fine
        first, last = math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9)
        if last > first:
            stride = math.ceil((last - first + 1) / most)
            return [10.0**power for power in range(first, last + 1, stride) if abs(power) < 308]
        return [v for v in _linear_ticks(10.0**self.low, 10.0**self.high, most) if v > 0]


def scale_of(values: Sequence[NDArray[np.float64]], *, log: bool, margin: float) -> Scale:
    """The scale that holds all finite `values`, with `margin` (a share of the span) at both ends.

    Without values it is 0 to 1, or 1 to 10 where `log`; around a constant it opens up.
    """
    every = [_forward(part, log) for part in values]
    finite = np.concatenate([part[np.isfinite(part)] for part in every] or [np.empty(0)])
    if not finite.size:
        return Scale(0.0, 1.0, log)
    low, high = float(finite.min()), float(finite.max())
    size = max(abs(low), abs(high))
    if high - low <= 1e-9 * size or high - low < 1e-290:
        room = 0.3 if log else size / 10 or 0.5
        return Scale(low - max(room, 1e-280), high + max(room, 1e-280), log)
    room = (high - low) * margin
    return Scale(low - room, high + room, log)


def _forward(values: NDArray[np.float64], log: bool) -> NDArray[np.float64]:
    kept = np.where(np.isfinite(values), np.clip(values, -_LARGEST, _LARGEST), np.nan)
    if not log:
        return kept
    return np.log10(np.where(kept > 0, np.maximum(kept, 1 / _LARGEST), np.nan))


def _linear_ticks(low: float, high: float, most: int) -> list[float]:
    """Multiples of a round step, at most `most`; some more where that left fewer than two."""
    finer: list[float] = []
    step = _step((high - low) / (2 * most))
    while True:
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            ticks = [index * step for index in range(first, last + 1)]
            return ticks if len(ticks) > 1 or not finer else finer
        finer = [index * step for index in range(first, last + 1)]
        step = _step(step * 1.01)


def _step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is at least `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    for factor in (1, 2, 5, 10):
        if factor * power >= least * (1 - 1e-9):
            return factor * power
    raise AssertionError("unreachable: ten times its power of ten exceeds every number")


def _labels(values: list[float]) -> list[str]:
    """Short texts that tell the values apart."""
    for digits in range(1, 8):
        labels = [short(value, digits) for value in values]
        exact = all(
            abs(_read(label) - value) <= abs(value) * 1e-9 + 1e-300
            for label, value in zip(labels, values, strict=True)
        )
        if exact:
            return labels
    return [short(value, 5) for value in values]


def _aligned(labels: list[str]) -> list[str]:
    """Plain decimals with as many places as the longest of them: 0.50 beside 0.25."""
    if not all(label.lstrip("-").replace(".", "", 1).isdigit() for label in labels):
        return labels
    places = max(len(label.partition(".")[2]) for label in labels)
    return [f"{float(label):.{places}f}" for label in labels]


def _read(label: str) -> float:
    for size, unit in _UNITS:
        if label.endswith(unit):
            return float(label[:-1]) * size
    return float(label)


def short(value: float, digits: int = 3) -> str:
    """`value` with `digits` significant digits and a unit: `250k`, `1.5M`, `0.02`, `3e-05`."""
    size = abs(value)
    if size == 0:
        return "0"
    for unit_size, unit in _UNITS:
        if 10_000 <= size < 1e15 and size >= unit_size:
            return _trimmed(value / unit_size, digits) + unit
    if 1e-3 <= size < 10_000:
        return _trimmed(value, digits)
    text = f"{value:.{max(digits - 1, 0)}e}"
    mantissa, _, exponent = text.partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent)}"


def _trimmed(value: float, digits: int) -> str:
    places = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
