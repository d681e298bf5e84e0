"""Trains recipes through a warm worker, as a user would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.recipes.waiting import wait_until_ended
from workbench.catalog import discover
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.workers import launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby

Train = Callable[..., History]


@pytest.fixture
def wait_for() -> Callable[[RunFolder], History]:
    """Waits for a run's end; its whole history."""
    return wait_until_ended


@pytest.fixture
def train(standby: Standby, checkpoints: Path, wait_for: Callable[[RunFolder], History]) -> Train:
    """Runs a recipe with the given values to its end."""

    def go(recipe: str, *, seed: int = 0, **values: object) -> History:
        order = Order(discover().find(recipe), values, seed=seed, device="cpu")
        return wait_for(launch.launch(order, checkpoints, standby))

    return go
