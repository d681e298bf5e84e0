"""Warm workers of a run that is cut off and resumed: which values hold."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.catalog import read_recipe
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.state import Status
from workbench.runs.states import State
from workbench.workers import launch
from workbench.workers.standby import Standby

RATED = '''\
"""Counts and says its rate."""
import time

from workbench import Recipe, number


class Rated(Recipe):
    class Params(Recipe.Params):
        steps: int = number(100_000, low=1)
        rate: float = number(1.0, live=True)

    def run(self, run):
        for step in run.steps(self.params.steps):
            run.log(rate=self.params.rate)
            time.sleep(0.01)

    def state_dict(self):
        return {"nothing": 0}
'''

Until = Callable[..., Status]


@pytest.fixture
def stopped(
    recipe_file: Callable[[str], Path], checkpoints: Path, standby: Standby, until: Until
) -> RunFolder:
    """A run with rate 1 that has left a checkpoint."""
    file = recipe_file(RATED)
    order = launch.Order(read_recipe(file, file.parent.parent))
    folder = launch.launch(order, checkpoints, standby)
    return _stopped(folder, until)


def _running(folder: RunFolder, until: Until) -> Status:
    """The status once the newest attempt has made steps of its own."""
    attempt = len(control.launches(folder.control_file))
    begun = until(folder, lambda s: s.state is State.RUNNING and s.attempt == attempt)
    return until(folder, lambda s: s.step > begun.step + 2)


def _stopped(folder: RunFolder, until: Until) -> RunFolder:
    _running(folder, until)
    control.ask(folder.control_file, control.Stop())
    until(folder, lambda status: status.state is State.STOPPED)
    return folder


def _killed(folder: RunFolder, until: Until) -> None:
    os.kill(_running(folder, until).pid, signal.SIGKILL)
    until(folder, lambda status: status.state is State.LOST)


def _rate(folder: RunFolder) -> float:
    return History(folder).read_all().series["rate"].last


def test_an_override_outlives_an_attempt_that_left_no_checkpoint(
    stopped: RunFolder, standby: Standby, until: Until
) -> None:
    launch.resume(stopped, values={"rate": 5}, standby=standby)
    _killed(stopped, until)
    launch.resume(stopped, standby=standby)
    assert _rate(_stopped(stopped, until)) == 5


def test_a_fork_resumed_from_its_parents_checkpoint_keeps_its_own_values(
    stopped: RunFolder, checkpoints: Path, standby: Standby, until: Until
) -> None:
    child = launch.fork(stopped, checkpoints=checkpoints, values={"rate": 7}, standby=standby)
    _killed(child, until)
    launch.resume(child, standby=standby)
    assert _rate(_stopped(child, until)) == 7


SAVING = '''\
"""Adds up, and saves the sum when it likes."""
from workbench import Recipe, number


class Saving(Recipe):
    class Params(Recipe.Params):
        steps: int = number(4, low=1)

    sum = 0

    def run(self, run):
        for step in run.steps(self.params.steps):
            self.sum += step
            run.log(sum=self.sum)
            run.save({"sum": self.sum})

    def load_state_dict(self, state):
        self.sum = state["sum"]
'''


def test_what_a_recipe_saved_itself_is_handed_back_when_it_is_resumed(
    recipe_file: Callable[[str], Path], checkpoints: Path, standby: Standby, until: Until
) -> None:
    file = recipe_file(SAVING)
    order = launch.Order(read_recipe(file, file.parent.parent))
    folder = launch.launch(order, checkpoints, standby)
    until(folder, lambda status: status.state is State.FINISHED)
    launch.resume(folder, values={"steps": 6}, standby=standby)
    until(folder, lambda status: status.state is State.FINISHED and status.attempt == 2)
    assert list(History(folder).read_all().series["sum"].values) == [1, 3, 6, 10, 15, 21]
