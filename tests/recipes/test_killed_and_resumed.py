"""A run killed at any moment and resumed ends as one that never was: the same curves, bit for bit."""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.recipes.waiting import wait_until, wait_until_ended
from workbench.catalog import discover
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.state import status_of
from workbench.runs.states import State
from workbench.training import checkpoints as files
from workbench.workers import launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby

OFTEN = {"save_minutes": 0.001}  # so that most moments lie between two checkpoints of one epoch


@dataclass(frozen=True)
class Shape:
    """A recipe of one shape, small, and how many times it is killed."""

    recipe: str
    values: dict[str, Any]
    kills: int


SHAPES = [
    Shape("images/cnn", {"epochs": 4, "width": 4}, kills=7),
    Shape("generative/gan", {"epochs": 3, "width": 2, "judge_epochs": 1, "batch_size": 100}, kills=6),
    Shape("recommenders/matrix_factorization", {"epochs": 3}, kills=7),
]


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.recipe)
def test_killed_at_random_moments_it_ends_as_if_it_never_was(
    shape: Shape, checkpoints: Path, standby: Standby
) -> None:
    order = Order(discover().find(shape.recipe), {**shape.values, **OFTEN}, seed=11, device="cpu")
    whole = wait_until_ended(launch.launch(order, checkpoints, standby))
    moments = random.Random(shape.recipe)
    kills = 0
    while kills < shape.kills:
        folder = launch.launch(order, checkpoints, standby)
        while kills < shape.kills:
            longest_s = 2.5 * whole.recorded.elapsed_s / shape.kills
            if not _killed(folder, moments.uniform(0, longest_s)):
                break  # it had ended before: another run takes the rest
            kills += 1
            launch.resume(folder, standby=standby)
        _assert_same(wait_until_ended(folder), whole)


def _killed(folder: RunFolder, after_s: float) -> bool:
    """Kill the worker that long after it began to train; false where the run had ended by then."""
    wait_until(folder, lambda status: status.state is State.RUNNING or status.state.ended)
    time.sleep(after_s)
    status = status_of(folder)
    if status.state.ended:
        return False
    os.kill(status.pid, signal.SIGKILL)
    return wait_until(folder, lambda status: status.state.ended).state is State.LOST


def _assert_same(resumed: History, whole: History) -> None:
    assert resumed.recorded.state is State.FINISHED, resumed.recorded.reason
    assert resumed.series.keys() == whole.series.keys()
    for name, reference in whole.series.items():
        found = resumed.series[name]
        assert np.array_equal(found.steps, reference.steps), f"{name} is drawn twice, or has a hole"
        assert found.values.tobytes() == reference.values.tobytes(), name
    ours, theirs = (
        files.read(history.folder.path / "last.pt")["state"]["model"] for history in (resumed, whole)
    )
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
