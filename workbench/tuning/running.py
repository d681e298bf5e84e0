"""A trial that is at work: its run, what it has reported so far, and how it ended."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.errors import unknown
from workbench.params import Value
from workbench.runs import control, events
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.state import Status
from workbench.tuning.study import Objective

LIFE_INTERVAL_S = 0.5  # between two looks at whether the worker of a silent trial lives
MOST_REPORTED = 1000  # values of one trial; recipes that log a metric each step would fill the storage
DURATION = "duration_s"  # a metric that every trial has: the seconds from its start to its end


@dataclass(frozen=True)
class Reported:
    """A value of the metric that counts, and the how-manieth it is: the epoch, from 1."""

    epoch: int
    value: float


class RunningTrial:
    """Follows the run of one trial, which has `began` at that time or begins now.

    Attributes:
        untold: what was reported and the storage was not told yet.
        told: the last epoch that an earlier driver told it of.
        worker: which of the study's workers has it; 0 where that is not known.
    """

    def __init__(
        self,
        folder: RunFolder,
        number: int,
        values: dict[str, Value],
        objectives: Sequence[Objective],
        began: float = 0.0,
    ) -> None:
        self.folder = folder
        self.number = number
        self.values = values
        self.began = began or time.time()
        self.pruning = False
        self.stopping = False
        self.history = History(folder)
        self.untold: deque[Reported] = deque()
        self.told = 0
        self.worker = 0
        self._objectives = objectives
        self._sign = 1.0 if objectives[0].direction == "min" else -1.0
        self._seen = 0
        self._look_due = 0.0
        self._noted_begin = False
        self._launches = len(control.launches(folder.control_file))
        self._reached: tuple[float, ...] | None = None

    def read(self) -> None:
        """Take in what came since the last call; finite values of the first metric are `untold`."""
        while self.history.read():
            pass
        series = self.history.series.get(self._objectives[0].metric)
        if series is None or len(series) <= self._seen:
            return
        new = np.array(series.values[self._seen : MOST_REPORTED])
        first, self._seen = self._seen + 1, len(series)
        for epoch, value in enumerate(new.tolist(), first):
            if math.isfinite(value):
                self.untold.append(Reported(epoch, value))

    def end(self) -> Status | None:
        """How it ended, or None while it goes on; costs next to nothing where nothing was recorded."""
        if self.history.ended is not None and self.has_begun():
            return self.history.recorded  # which its last word settled: its lock tells no more
        if time.monotonic() < self._look_due:
            return None
        self._look_due = time.monotonic() + LIFE_INTERVAL_S
        status = self.history.status()
        return status if status.state.ended else None

    def has_begun(self) -> bool:
        """Whether the worker of its last launch has recorded anything."""
        return len(self.history.started) >= self._launches

    @property
    def started(self) -> events.Started | None:
        """What its worker said of itself; None before it has begun."""
        return self.history.started[-1] if self.history.started and self.has_begun() else None

    def has_just_begun(self) -> bool:
        """Whether its worker has begun since this was asked last."""
        before, self._noted_begin = self._noted_begin, self._noted_begin or self.started is not None
        return self._noted_begin and not before

    def values_reached(self) -> tuple[float, ...] | None:
        """The best finite value of the first metric and what the others were then; None without one."""
        if self._reached is None:
            moment = self._best_moment()
            found = [self._value(one.metric, moment) for one in self._objectives]
            finite = tuple(value for value in found if value is not None and math.isfinite(value))
            if len(finite) < len(found):
                return None
            if self.history.ended is None:
                return finite
            self._reached = finite  # asked for again by the record, and the duration stands still
        return self._reached

    @property
    def ended_at(self) -> float:
        """When its worker said its last word; now where there is none."""
        return time.time() if self.history.ended is None else self.history.ended.time

    def fold_values(self) -> tuple[float | None, ...]:
        """The first metric's value of each fold; empty where a trial trains once."""
        return ()

    def has_new_folds(self) -> bool:
        """Whether a fold has ended since this was asked last."""
        return False

    def missing_metric(self) -> str:
        """A sentence where it recorded other metrics than one that counts; else nothing."""
        known = self.history.series
        missing = [o.metric for o in self._objectives if o.metric not in known and o.metric != DURATION]
        return unknown("metric", missing[0], known) if missing and known else ""

    def no_number(self) -> str:
        """A sentence for one whose metrics are there, and never a number all at once."""
        return f"it has no finite {' and '.join(one.metric for one in self._objectives)}"

    def failure(self) -> str:
        """Why it failed, in a sentence."""
        ended = self.history.ended
        return ended.title if isinstance(ended, events.Failed) else self.history.status().reason

    def stop(self, by: str) -> None:
        """Ask its worker to write a checkpoint and leave."""
        control.ask(self.folder.control_file, control.Stop(client=by))

    def pause(self, paused: bool) -> None:
        """Ask its worker to stand still between two steps, or to go on."""
        request = control.Pause() if paused else control.Resume()
        control.ask(self.folder.control_file, request)

    def _best_moment(self) -> int:
        """The step at which the first metric was best; of the first that are as good."""
        series = self.history.series.get(self._objectives[0].metric)
        if series is None:
            return 0
        costs = np.where(np.isfinite(series.values), self._sign * series.values, np.inf)
        return int(series.steps[int(np.argmin(costs))]) if len(costs) else 0

    def _value(self, metric: str, step: int) -> float | None:
        """A metric at that step, or the last before it."""
        series = self.history.series.get(metric)
        if series is None:
            return max(self.ended_at - self.began, 0.0) if metric == DURATION else None
        known = int(np.searchsorted(series.steps, step, side="right"))
        return float(series.values[known - 1]) if known else None
