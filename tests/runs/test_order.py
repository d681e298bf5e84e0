"""The orders in which runs are listed."""

from __future__ import annotations

import math
from pathlib import Path

from workbench.runs import events
from workbench.runs.folder import Manifest, RecipeReference, RunFolder
from workbench.runs.listing import RunSummary
from workbench.runs.order import COLUMNS, Order
from workbench.runs.state import Status
from workbench.runs.states import State


def run(name: str, created: float, best: float | None) -> RunSummary:
    manifest = Manifest(name=name, recipe=RecipeReference(id="a/b", file=""), created=created)
    found = None if best is None else events.Best(metric="loss", value=best, step=1)
    return RunSummary(RunFolder(Path(name)), manifest, Status(state=State.RUNNING, best=found))


RUNS = [run("a", 2, None), run("b", 3, 0.1), run("c", 1, 0.5), run("d", 1, math.nan)]


def names(order: Order) -> str:
    return "".join(run.name for run in order.sort(RUNS))


def test_the_newest_come_first_until_something_else_is_asked_for() -> None:
    assert names(Order()) == "badc"
    assert names(Order().turned()) == "cdab"


def test_what_has_no_value_comes_last_in_either_direction() -> None:
    assert names(Order("best", falling=False)) == "bcad"
    assert names(Order("best", falling=True)) == "cbad"


def test_the_next_column_of_the_last_is_the_first() -> None:
    order, seen = Order(), []
    for _ in COLUMNS:
        seen.append(order.column)
        order = order.next()
    assert seen == list(COLUMNS)
    assert order == Order()
