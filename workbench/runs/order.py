"""The orders in which runs are listed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from workbench.runs.listing import RunSummary
from workbench.runs.states import State

_STATES = {state: place for place, state in enumerate(State)}


def _best(run: RunSummary) -> float | None:
    best = run.status.best
    return None if best is None or math.isnan(best.value) else best.value


# By the names of the columns, in the order in which a key goes through them.
_KEYS: dict[str, Callable[[RunSummary], float | str | None]] = {
    "started": lambda run: run.manifest.created,
    "name": lambda run: run.name,
    "state": lambda run: _STATES[run.status.state],
    "best": _best,
    "done": lambda run: run.status.fraction,
    "to go": lambda run: run.status.eta_s,
}
COLUMNS = tuple(_KEYS)
_FALLING_FIRST = {"started", "done"}


@dataclass(frozen=True)
class Order:
    """By which column the runs stand, and whether its values fall."""

    column: str = COLUMNS[0]
    falling: bool = True

    def next(self) -> Order:
        """The order by the next column, in the direction that is asked for first."""
        column = COLUMNS[(COLUMNS.index(self.column) + 1) % len(COLUMNS)]
        return Order(column, column in _FALLING_FIRST)

    def turned(self) -> Order:
        """The other direction."""
        return Order(self.column, not self.falling)

    def sort(self, runs: Iterable[RunSummary]) -> tuple[RunSummary, ...]:
        """The runs in this order; those that have no such value come last in either direction."""
        value_of = _KEYS[self.column]
        known: list[RunSummary] = []
        missing: list[RunSummary] = []
        for run in runs:
            (missing if value_of(run) is None else known).append(run)
        known.sort(key=lambda run: (value_of(run), run.name), reverse=self.falling)
        return (*known, *missing)
