"""What was measured beside what is promised: the rows of the table, and what falls short."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.results.kept import Measured
from benchmarks.results.plan import Variant
from workbench import units
from workbench.mark import Mark


@dataclass(frozen=True)
class Row:
    """One line of the table: a mark of a recipe, or that a recipe without one came to its end."""

    name: str
    metric: str
    found: str
    goal: str
    baseline: str
    seconds: str
    verdict: str


@dataclass(frozen=True)
class Standing:
    """A variant, what its runs gave by seed, and why others gave nothing."""

    variant: Variant
    measured: Mapping[int, Measured]
    faults: Sequence[str] = ()

    @property
    def is_whole(self) -> bool:
        """Whether there is a run of each seed."""
        return all(seed in self.measured for seed in self.variant.seeds)

    @property
    def seconds(self) -> float:
        """The median over the runs; NaN without any."""
        taken = [one.seconds for one in self.measured.values()]
        return statistics.median(taken) if taken else math.nan

    @property
    def is_in_time(self) -> bool:
        return self.seconds <= self.variant.within_s

    def mean(self, metric: str) -> float | None:
        """Over the seeds; None where a run has no such result, or there are no runs."""
        values = self._values(metric)
        return statistics.fmean(values) if values else None

    def is_reached(self, mark: Mark) -> bool:
        value = self.mean(mark.metric)
        baseline = self.mean(mark.baseline) if mark.baseline else None
        return value is not None and mark.is_reached(value, baseline)

    def shortcomings(self) -> list[str]:
        """A sentence for each mark that was not reached, for runs that failed, for too much time."""
        found = [f"{self.variant.name} {fault}" for fault in self.faults]
        if not self.is_whole:
            return found or [f"{self.variant.name} was not measured"]
        found += [self._miss(mark) for mark in self.variant.marks if not self.is_reached(mark)]
        if not self.is_in_time:
            limit = units.duration(self.variant.within_s)
            found.append(f"{self.variant.name} took {units.duration(self.seconds)}, more than {limit}")
        return found

    def rows(self) -> list[Row]:
        """One for each mark; one where there are none."""
        return [self._row(mark) for mark in self.variant.marks] or [self._row_without()]

    def _values(self, metric: str) -> list[float]:
        values = [one.value(metric) for one in self.measured.values()]
        there = [value for value in values if value is not None]
        return there if len(there) == len(values) else []

    def _miss(self, mark: Mark) -> str:
        value = self.mean(mark.metric)
        if value is None:
            return f"{self.variant.name} records no {mark.metric} in each of its runs"
        return f"{self.variant.name}: {mark.metric} is {units.number(value)}, not {mark.goal()}"

    def _row(self, mark: Mark) -> Row:
        values = self._values(mark.metric)
        found = _with_spread(values) if values else "–"
        baseline = self.mean(mark.baseline) if mark.baseline else None
        beside = f"{mark.baseline} {units.number(baseline)}" if mark.baseline else ""
        verdict = "reached" if self.is_reached(mark) else "MISSED"
        return self._line(mark.metric, found, mark.goal(), beside, verdict)

    def _row_without(self) -> Row:
        return self._line("", "", "comes to its end", "", "done")

    def _line(self, metric: str, found: str, goal: str, baseline: str, verdict: str) -> Row:
        slow = "" if self.is_in_time else ", TOO SLOW"
        return Row(
            name=self.variant.name,
            metric=metric,
            found=found,
            goal=goal,
            baseline=baseline,
            seconds=f"{units.duration(self.seconds)} of {units.duration(self.variant.within_s)}",
            verdict=f"{verdict}{slow}" if self.is_whole else "not measured",
        )


def _with_spread(values: Sequence[float]) -> str:
    """Mean and standard deviation of the sample."""
    mean = units.number(statistics.fmean(values))
    return f"{mean} ± {units.number(statistics.stdev(values), 2)}" if len(values) > 1 else mean
