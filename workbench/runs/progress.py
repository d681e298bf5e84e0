"""How far a run is: throttled `progress` records with rate, time to go and best value."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Literal

from workbench.runs import events
from workbench.runs.recorder import Recorder, now

PROGRESS_INTERVAL_S = 0.5
UNTIMED_STEPS = 3  # the first ones load libraries and warm up: an estimate from them is far off


@dataclass(frozen=True)
class Goal:
    """The metric a recipe watches, and which way is better."""

    metric: str
    mode: Literal["min", "max"] = "min"

    def better(self, value: float, than: float) -> bool:
        """Whether `value` improves on `than`; NaN and infinities never do."""
        if not math.isfinite(value):
            return False
        return value < than if self.mode == "min" else value > than


class ProgressMeter:
    """Counts, estimates, and records progress at most every PROGRESS_INTERVAL_S seconds."""

    def __init__(
        self, recorder: Recorder, *, device: str, attempt: int, step: int, goal: Goal | None
    ) -> None:
        self._recorder = recorder
        self._device = device
        self._attempt = attempt
        self._first_step = step
        self._began = time.monotonic()
        self._timed_from: tuple[int, float] | None = None
        self._idle_s = 0.0
        self._due = 0.0
        self._goal = goal
        self.step = step
        self.total = 0
        self.epoch = 0
        self.epochs = 0
        self.phase = ""
        self.stopping = False
        self.best: events.Best | None = None

    def advance(self, step: int) -> None:
        """`step` steps are done; costs a clock reading where nothing is due."""
        self.step = step
        if self._timed_from is None and step >= self._first_step + UNTIMED_STEPS:
            self._timed_from = (step, self.elapsed_s)
        if time.monotonic() >= self._due:
            self.record()

    def observe(self, step: int, values: dict[str, float]) -> None:
        """Remember the best value of the goal's metric."""
        if self._goal is None or self._goal.metric not in values:
            return
        value = values[self._goal.metric]
        worst = math.inf if self._goal.mode == "min" else -math.inf
        if self._goal.better(value, self.best.value if self.best else worst):
            self.best = events.Best(metric=self._goal.metric, value=value, step=step)

    def rest(self, idle_s: float) -> None:
        """Leave a pause out of the elapsed time and of the estimate."""
        self._idle_s += idle_s

    @property
    def elapsed_s(self) -> float:
        """Seconds of this attempt, pauses left out."""
        return time.monotonic() - self._began - self._idle_s

    def record(self) -> None:
        """Write a progress record now."""
        self._due = time.monotonic() + PROGRESS_INTERVAL_S
        eta_s = self._eta_s()
        self._recorder.record(
            events.Progress(
                time=now(),
                step=self.step,
                device=self._device,
                attempt=self._attempt,
                total=self.total,
                epoch=self.epoch,
                epochs=self.epochs,
                elapsed_s=round(self.elapsed_s, 3),
                eta_s=None if eta_s is None else round(eta_s, 1),
                best=self.best,
                phase=self.phase,
                stopping=self.stopping,
            )
        )

    def _eta_s(self) -> float | None:
        """Seconds to go at the pace so far; None until it can be told."""
        if self._timed_from is None or not self.total:
            return None
        step, elapsed_s = self._timed_from
        if self.step <= step:
            return None
        return (self.elapsed_s - elapsed_s) / (self.step - step) * max(self.total - self.step, 0)
