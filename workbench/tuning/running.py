"""A trial that is at work: its run, what it has reported so far, and how it ended."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from workbench.errors import unknown
from workbench.params import Value
from workbench.runs import control, events
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.state import Status

LIFE_INTERVAL_S = 0.5  # between two looks at whether the worker of a silent trial lives
MOST_REPORTED = 1000  # values of one trial; recipes that log a metric each step would fill the storage


@dataclass(frozen=True)
class Reported:
    """A value of the metric that counts, and the how-manieth it is: the epoch, from 1."""

    epoch: int
    value: float


class RunningTrial:
    """Follows the run of one trial."""

    def __init__(
        self, folder: RunFolder, number: int, values: dict[str, Value], metric: str, direction: str
    ) -> None:
        self.folder = folder
        self.number = number
        self.values = values
        self.began = time.time()
        self.pruning = False
        self.stopping = False
        self.history = History(folder)
        self._metric = metric
        self._sign = 1.0 if direction == "min" else -1.0
        self._seen = 0
        self._look_due = 0.0

    def news(self) -> Iterator[Reported]:
        """The finite values that came since the last call."""
        while self.history.read():
            pass
        series = self.history.series.get(self._metric)
        if series is None or len(series) <= self._seen:
            return
        new = np.array(series.values[self._seen : MOST_REPORTED])
        first, self._seen = self._seen + 1, len(series)
        for epoch, value in enumerate(new.tolist(), first):
            if math.isfinite(value):
                yield Reported(epoch, value)

    def end(self) -> Status | None:
        """How it ended, or None while it goes on; costs next to nothing where nothing was recorded."""
        if self.history.ended is not None and not self._began_anew():
            return self.history.status()
        if time.monotonic() < self._look_due:
            return None
        self._look_due = time.monotonic() + LIFE_INTERVAL_S
        status = self.history.status()
        return status if status.state.ended else None

    def best(self) -> float | None:
        """The best finite value of the metric; None where it has none."""
        series = self.history.series.get(self._metric)
        if series is None:
            return None
        finite = series.values[np.isfinite(series.values)]
        return float(self._sign * np.min(self._sign * finite)) if len(finite) else None

    def missing_metric(self) -> str:
        """A sentence where it recorded other metrics than the one that counts; else nothing."""
        if self._metric in self.history.series or not self.history.series:
            return ""
        return unknown("metric", self._metric, self.history.series)

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

    def _began_anew(self) -> bool:
        return len(control.launches(self.folder.control_file)) > len(self.history.started)
