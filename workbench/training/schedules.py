"""Learning-rate schedules as plain functions of how much of the training is done."""

from __future__ import annotations

import math
from collections.abc import Callable

ONE_CYCLE_WARM_UP = 0.3
ONE_CYCLE_START = 1 / 25
ONE_CYCLE_END = 1 / 25e4


def constant(_done: float) -> float:
    """The learning rate as it is."""
    return 1.0


def cosine(done: float) -> float:
    """Half a cosine from 1 to 0 (Loshchilov and Hutter, 2017, without restarts)."""
    return (1 + math.cos(math.pi * done)) / 2


def one_cycle(done: float) -> float:
    """Up from 1/25 for the first 30 %, then down to almost nothing (Smith and Topin, 2018)."""
    if done < ONE_CYCLE_WARM_UP:
        return _between(ONE_CYCLE_START, 1.0, done / ONE_CYCLE_WARM_UP)
    return _between(1.0, ONE_CYCLE_END, (done - ONE_CYCLE_WARM_UP) / (1 - ONE_CYCLE_WARM_UP))


SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": constant,
    "cosine": cosine,
    "one_cycle": one_cycle,
}


def _between(first: float, last: float, done: float) -> float:
    return last + (first - last) * cosine(done)
