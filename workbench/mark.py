"""What a recipe promises to reach, as data: `marks = (at_least("test/accuracy", 0.98),)`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import msgspec

from workbench.params import Value

FLOAT32_ROUNDING = 1e-6  # torchmetrics' nine tenths are 0.89999998


class Mark(msgspec.Struct, frozen=True, omit_defaults=True):
    """One number that a run with default parameters reaches, in the mean over seeds.

    `metric` and `baseline` are names among the results of a finished run. `bound` is inclusive, in the
    metric's own unit; without one the mark is the baseline. The baseline, which the same run measured,
    is shown beside; with a `margin` it has to be beaten by that much too. `values` are the parameters
    that are not at their defaults.
    """

    metric: str
    better: Literal["min", "max"] = "max"
    bound: float | None = None
    baseline: str = ""
    margin: float | None = None
    values: dict[str, Value] = {}

    def __post_init__(self) -> None:
        if self.bound is None and not self.baseline:
            raise ValueError(f"the mark of {self.metric!r} needs a bound or a baseline")
        if self.margin is not None and (not self.baseline or self.margin < 0):
            raise ValueError(f"the mark of {self.metric!r}: a margin of 0 or more is to a baseline")

    def needed(self, baseline: float | None = None) -> float:
        """The value that is enough where the run's baseline came to that much; NaN if it is missing."""
        wanted = [] if self.bound is None else [self.bound]
        if self.margin is not None or self.bound is None:
            margin = self.margin or 0.0
            base = math.nan if baseline is None else baseline
            wanted.append(base + margin if self.better == "max" else base - margin)
        if any(math.isnan(value) for value in wanted):
            return math.nan
        return max(wanted) if self.better == "max" else min(wanted)

    def is_reached(self, value: float, baseline: float | None = None) -> bool:
        """Whether that is enough; never where it or a baseline that it needs is NaN or missing."""
        needed = self.needed(baseline)
        rounding = FLOAT32_ROUNDING * abs(needed)
        return value >= needed - rounding if self.better == "max" else value <= needed + rounding

    def goal(self) -> str:
        """What is asked of the metric, in words: `at least 0.98, baseline/accuracy + 0.1`."""
        most = "at least" if self.better == "max" else "at most"
        parts = [] if self.bound is None else [f"{self.bound:g}"]
        if self.margin is not None or self.bound is None:
            sign = "+" if self.better == "max" else "-"
            parts.append(f"{self.baseline} {sign} {self.margin:g}" if self.margin else self.baseline)
        return f"{most} {' and '.join(parts)}"

    def text(self) -> str:
        """The whole mark in words: `test/accuracy at least 0.9 with dataset=karate`."""
        given = " ".join(f"{name}={value}" for name, value in self.values.items())
        is_told = self.baseline in self.goal()  # also where there is none
        beside = "" if is_told else f", beside {self.baseline}"
        return f"{self.metric} {self.goal()}{beside}" + (f" with {given}" if given else "")


def at_least(
    metric: str,
    bound: float | None = None,
    *,
    baseline: str = "",
    margin: float | None = None,
    values: Mapping[str, Value] | None = None,
) -> Mark:
    """A metric that is better the higher it is.

    Raises:
        ValueError: when there is neither a bound nor a baseline, or a margin without a baseline.
    """
    return Mark(metric, "max", bound, baseline, margin, dict(values or {}))


def at_most(
    metric: str,
    bound: float | None = None,
    *,
    baseline: str = "",
    margin: float | None = None,
    values: Mapping[str, Value] | None = None,
) -> Mark:
    """A metric that is better the lower it is.

    Raises:
        ValueError: as `at_least` does.
    """
    return Mark(metric, "min", bound, baseline, margin, dict(values or {}))
