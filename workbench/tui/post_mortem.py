"""What is known of a run's death, gathered in the reader's thread from all that it left behind."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workbench import units
from workbench.runs import events
from workbench.runs.history import History
from workbench.runs.series import Series
from workbench.runs.state import Status
from workbench.runs.states import State
from workbench.tui.run_facts import PostMortem

DEAD = {State.FAILED, State.LOST}
LAST_LINES = 20
_MEMORY = ("worker/RAM GB", "machine/RAM GB", "GPU memory GB")


@dataclass(frozen=True)
class _Point:
    """A value at a step, and when (seconds since 1970)."""

    name: str
    step: int
    value: float
    time: float


def post_mortem(history: History, status: Status, log: Sequence[str]) -> PostMortem | None:
    """Why the run ended, in words; None for one that did not fail and is not lost."""
    if status.state not in DEAD:
        return None
    failed = history.ended if isinstance(history.ended, events.Failed) else None
    return PostMortem(
        title=status.reason,
        remedy=status.remedy,
        exception=failed.exception if failed else "",
        kind=failed.kind if failed else "",
        step=status.step,
        non_finite=_non_finite(history.series),
        memory=_memory(history.system.series),
        worker="" if failed else _worker(status),
        log=tuple(log[-LAST_LINES:]),
        traceback=failed.traceback if failed else "",
    )


def _non_finite(series: Mapping[str, Series]) -> str:
    """The earliest value that is none, of all metrics."""
    found = [point for one in series.values() if (point := _first_bad(one))]
    if not found:
        return ""
    first = min(found, key=lambda point: (point.time, point.step))
    others = f"; {len(found) - 1} more metrics after it" if len(found) > 1 else ""
    return f"{first.name} was {_word(first.value)} at step {first.step:,}{others}"


def _first_bad(series: Series) -> _Point | None:
    bad = ~np.isfinite(series.values)
    if not bad.any():
        return None
    at = int(np.argmax(bad))
    step, value, when = series.steps[at], series.values[at], series.times[at]
    return _Point(series.name, int(step), float(value), float(when))


def _word(value: float) -> str:
    if np.isnan(value):
        return "not a number (NaN)"
    return "infinity" if value > 0 else "minus infinity"


def _memory(system: Mapping[str, Series]) -> tuple[str, ...]:
    """The last samples of memory, and the most there ever was."""
    return tuple(
        f"{name.removesuffix(' GB')} {units.number(series.last)} GB"
        f", at most {units.number(float(np.nanmax(series.values)))} GB"
        for name in _MEMORY
        if (series := system.get(name)) is not None and len(series)
    )


def _worker(status: Status) -> str:
    """Which process on which host is gone, and since when nothing was heard of it."""
    if not status.pid:
        return "none ever had this run"
    who = f"process {status.pid} on {status.host}"
    if not status.updated:
        return f"{who}; it left no record"
    heard = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(status.updated))
    return f"{who}; last record {heard}, {units.age(time.time() - status.updated)}"
