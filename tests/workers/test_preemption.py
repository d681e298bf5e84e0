"""SIGTERM is a cluster's preemption, SIGINT a person's wish; both finish the step and leave."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.catalog import RecipeInfo, read_recipe
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.lock import holder
from workbench.runs.state import Status, status_of
from workbench.runs.states import State
from workbench.workers import devices, launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby

Ended = Callable[[RunFolder], Status]
Start = Callable[..., RunFolder]
Until = Callable[..., Status]

ADDING = '''\
"""Adds up, and can go on where it was."""
import time

from workbench import Recipe, number


class Adding(Recipe):
    class Params(Recipe.Params):
        steps: int = number(100_000, low=1)

    sum = 0

    def run(self, run):
        for step in run.steps(self.params.steps):
            self.sum += step
            run.log(sum=self.sum)
            time.sleep(0.01)

    def state_dict(self):
        return {"sum": self.sum}

    def load_state_dict(self, state):
        self.sum = state["sum"]
'''


@pytest.fixture
def start(count_recipe: RecipeInfo, checkpoints: Path) -> Start:
    return lambda **values: launch.launch(Order(count_recipe, values), checkpoints)


def counting(status: Status) -> bool:
    return status.state is State.RUNNING and status.step >= 2


def test_sigterm_preempts_and_the_run_can_be_resumed(start: Start, until: Until, ended: Ended) -> None:
    folder = start(steps=100_000, pace_s=0.02)
    os.kill(until(folder, counting).pid, signal.SIGTERM)
    status = ended(folder)
    assert status.state is State.PREEMPTED
    assert status.reason == f"preempted (SIGTERM) at step {status.step:,}"
    assert status.remedy == f"resume it with: workbench resume {folder.name}"
    launch.resume(folder, values={"steps": 3, "pace_s": 0})
    assert ended(folder).state is State.FINISHED


def test_sigint_stops(start: Start, until: Until, ended: Ended) -> None:
    folder = start(steps=100_000, pace_s=0.02)
    os.kill(until(folder, counting).pid, signal.SIGINT)
    status = ended(folder)
    assert (status.state, status.reason) == (State.STOPPED, "stopped by SIGINT")


def test_who_was_asked_to_stop_before_is_stopped_and_not_preempted(
    start: Start, until: Until, ended: Ended
) -> None:
    folder = start(steps=100_000, pace_s=1.0)
    pid = until(folder, lambda status: status.state is State.RUNNING and status.step >= 1).pid
    control.ask(folder.control_file, control.Stop())
    until(folder, lambda status: status.state in {State.STOPPING, State.STOPPED})
    if holder(folder.lock_file) is not None:
        os.kill(pid, signal.SIGTERM)
    assert ended(folder).state is State.STOPPED


def test_a_paused_run_is_preempted_too(start: Start, until: Until, ended: Ended) -> None:
    folder = start(steps=100_000, pace_s=0.02)
    pid = until(folder, counting).pid
    control.ask(folder.control_file, control.Pause())
    until(folder, lambda status: status.state is State.PAUSED)
    os.kill(pid, signal.SIGTERM)
    assert ended(folder).state is State.PREEMPTED


def test_a_run_that_waits_for_its_device_is_preempted_too(
    start: Start, until: Until, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(devices.CPU_SLOTS_VARIABLE, "1")
    first = start(steps=100_000, pace_s=0.02)
    until(first, counting)
    second = start(steps=2)
    os.kill(until(second, lambda status: status.state is State.QUEUED).pid, signal.SIGTERM)
    assert ended(second).state is State.PREEMPTED
    assert History(second).read_all().started == []
    control.ask(first.control_file, control.Stop())
    ended(first)


def test_a_signal_in_the_first_moment_of_a_worker_is_not_lost(start: Start, ended: Ended) -> None:
    folder = start(steps=100_000, pace_s=0.02)
    while (living := holder(folder.lock_file)) is None or not living.pid:
        time.sleep(0.001)
    os.kill(living.pid, signal.SIGTERM)
    assert ended(folder).state is State.PREEMPTED


def test_a_preempted_run_goes_on_where_it_was(
    recipe_file: Callable[[str], Path],
    checkpoints: Path,
    standby: Standby,
    until: Until,
    ended: Ended,
) -> None:
    file = recipe_file(ADDING)
    folder = launch.launch(Order(read_recipe(file, file.parent.parent)), checkpoints, standby)
    os.kill(until(folder, counting).pid, signal.SIGTERM)
    step = ended(folder).step
    assert History(folder).read_all().checkpoints[-1].step == step
    launch.resume(folder, values={"steps": step + 2}, standby=standby)
    assert ended(folder).state is State.FINISHED
    sums = History(folder).read_all().series["sum"]
    assert list(sums.values) == [n * (n + 1) / 2 for n in range(1, step + 3)]
    assert status_of(folder).attempt == 2
