"""Learning-rate schedules: plain functions of the steps done and of all steps.

Each gives what the learning rate is multiplied by in the step that comes after `done` others; the
values are those of torch's schedulers of the same name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal

ONE_CYCLE_WARM_UP = 0.3
ONE_CYCLE_START = 1 / 25
ONE_CYCLE_END = 1 / 25e4
PLATEAU_FACTOR = 0.1
PLATEAU_THRESHOLD = 1e-4


def constant(_done: int, _total: int) -> float:
    """The learning rate as it is."""
    return 1.0


def cosine(done: int, total: int) -> float:
    """Half a cosine from 1 to 0 (Loshchilov and Hutter, 2017, without restarts)."""
    return _between(1.0, 0.0, done / total)


def one_cycle(done: int, total: int) -> float:
    """Up from 1/25 for the first 30 %, then down to almost nothing (Smith and Topin, 2018)."""
    peak, last = ONE_CYCLE_WARM_UP * total - 1, total - 1
    if peak <= 0:  # three steps have no room for a cycle
        return 1.0
    if done <= peak:
        return _between(ONE_CYCLE_START, 1.0, done / peak)
    return _between(1.0, ONE_CYCLE_END, (done - peak) / (last - peak))


# `plateau` is constant as long as nobody observes values: see `Plateau`.
SCHEDULES: dict[str, Callable[[int, int], float]] = {
    "constant": constant,
    "cosine": cosine,
    "one_cycle": one_cycle,
    "plateau": constant,
}


def factor(name: str, done: int, total: int, warm_up: float = 0.0) -> float:
    """The named schedule, after a linear rise over the first `warm_up` (0 to 1) of all steps.

    `one_cycle` has a rise of its own and is left as it is.
    """
    rising = 0 if name == "one_cycle" else round(warm_up * total)
    if done < rising:
        return (done + 1) / rising
    return SCHEDULES[name](done - rising, max(total - rising, 1))


class Plateau:
    """A tenth of the learning rate whenever a metric has not improved for more than `patience` epochs.

    Improving means by more than 1e-4 of the best value, as torch's ReduceLROnPlateau has it.

    Attributes:
        factor: what the learning rate is multiplied by now.
    """

    def __init__(self, mode: Literal["min", "max"], patience: int) -> None:
        self.factor = 1.0
        self._mode = mode
        self._patience = patience
        self._best: float | None = None
        self._epochs_without_gain = 0

    def observe(self, value: float) -> bool:
        """Take an epoch's value; true when the learning rate falls now."""
        if self._improves(value):
            self._best, self._epochs_without_gain = value, 0
        else:
            self._epochs_without_gain += 1
        if self._epochs_without_gain <= self._patience:
            return False
        self.factor *= PLATEAU_FACTOR
        self._epochs_without_gain = 0
        return True

    def state_dict(self) -> dict[str, Any]:
        return {"factor": self.factor, "best": self._best, "epochs": self._epochs_without_gain}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.factor = state["factor"]
        self._best = state["best"]
        self._epochs_without_gain = state["epochs"]

    def _improves(self, value: float) -> bool:
        if self._best is None:
            return not math.isnan(value)
        if self._mode == "min":
            return value < self._best * (1 - PLATEAU_THRESHOLD)
        return value > self._best * (1 + PLATEAU_THRESHOLD)


def _between(first: float, last: float, done: float) -> float:
    return last + (first - last) * (1 + math.cos(math.pi * done)) / 2
