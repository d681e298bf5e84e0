"""What a run's worker and its machine were using, over time: apart from the recipe's metrics."""

from __future__ import annotations

import numpy as np

from workbench.runs import events
from workbench.runs.series import Series

THROUGHPUT = "steps/s"


class Samples:
    """Collects samples and makes series of them when somebody looks, many at once.

    Each series runs over seconds since the first sample; so may a step that lasts an hour be seen.
    """

    def __init__(self) -> None:
        self._series: dict[str, Series] = {}
        self._waiting: list[tuple[float, dict[str, float]]] = []
        self._first: float | None = None
        self._counted: tuple[int, float] | None = None
        self.length = 0

    def begin_attempt(self) -> None:
        """What was counted before is not to be compared with what comes."""
        self._counted = None

    def add(self, sample: events.System, step: int, progressed: float) -> None:
        """Keep a sample; the last progress was at `step`, at the time `progressed` (s since 1970)."""
        values = dict(sample.values)
        before, self._counted = self._counted, (step, progressed)
        if before is not None and progressed > before[1]:
            values[THROUGHPUT] = (step - before[0]) / (progressed - before[1])
        elif before is not None:
            values[THROUGHPUT] = 0.0  # no step was done since
        self._first = sample.time if self._first is None else self._first
        self._waiting.append((sample.time, values))
        self.length += 1

    @property
    def series(self) -> dict[str, Series]:
        """All samples by name; their steps are seconds since the first."""
        for name in dict.fromkeys(name for _, values in self._waiting for name in values):
            points = [(at, values[name]) for at, values in self._waiting if name in values]
            times = np.array([at for at, _ in points], np.float64)
            numbers = np.array([value for _, value in points], np.float64)
            seconds = (times - (self._first or 0.0)).astype(np.int64)
            self._series.setdefault(name, Series(name)).extend(seconds, times, numbers)
        self._waiting.clear()
        return self._series
