"""Forks from every checkpoint that is there, of ended runs and of living ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.catalog import read_recipe
from workbench.errors import NotFoundError
from workbench.runs import control
from workbench.runs import folder as folders
from workbench.runs.folder import Parent, RunFolder
from workbench.runs.history import History
from workbench.runs.state import Status, status_of
from workbench.runs.states import State
from workbench.workers import launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby

Ended = Callable[[RunFolder], Status]
Until = Callable[..., Status]

ADDING = '''\
"""Adds up, and keeps what it has under each step."""
import os
import time

from workbench import Recipe, number
from workbench.runs.folder import step_file


class Adding(Recipe):
    class Params(Recipe.Params):
        steps: int = number(5, low=1)
        pause_s: float = number(0.0, low=0, live=True)

    sum = 0

    def run(self, run):
        print("forked", run.forked, "partial", run.partial, "at", run.step)
        for step in run.steps(self.params.steps):
            self.sum += step
            run.log(sum=self.sum)
            last = run.save(self.state_dict())
            kept = last.with_name(step_file(step))
            kept.unlink(missing_ok=True)
            os.link(last, kept)
            time.sleep(self.params.pause_s)

    def state_dict(self):
        return {"sum": self.sum}

    def load_state_dict(self, state):
        self.sum = state["sum"]
'''


@pytest.fixture
def parent(
    recipe_file: Callable[[str], Path], checkpoints: Path, standby: Standby, ended: Ended
) -> RunFolder:
    """A run of five steps, all of which are kept."""
    file = recipe_file(ADDING)
    folder = launch.launch(Order(read_recipe(file, file.parent.parent)), checkpoints, standby)
    assert ended(folder).state is State.FINISHED
    return folder


def origin(folder: RunFolder) -> Parent:
    parent = folder.manifest().parent
    assert parent is not None
    return parent


@pytest.mark.parametrize("name", ["2", "step-00000002.pt"])
def test_a_fork_begins_at_the_step_of_its_checkpoint(
    parent: RunFolder, checkpoints: Path, standby: Standby, ended: Ended, name: str
) -> None:
    child = launch.fork(parent, checkpoints=checkpoints, checkpoint=name, standby=standby)
    assert ended(child).state is State.FINISHED
    assert origin(child) == Parent(run=parent.name, checkpoint="step-00000002.pt", step=2)
    history = History(child).read_all()
    assert (history.started[0].step, history.started[0].checkpoint) == (2, "start.pt")
    assert list(history.series["sum"].values) == [6, 10, 15]
    assert "forked True partial False at 2" in child.output_file.read_text()


def test_a_pruned_checkpoint_is_not_offered(parent: RunFolder, checkpoints: Path) -> None:
    (parent.path / folders.step_file(2)).unlink()
    with pytest.raises(NotFoundError) as refused:
        launch.fork(parent, checkpoints=checkpoints, checkpoint="2")
    assert refused.value.remedy.startswith("there are: last.pt, step-00000001.pt, step-00000003.pt")
    assert [folder.name for folder in folders.all_runs(checkpoints)] == [parent.name]


def test_a_fork_of_a_forks_beginning_has_its_step(
    parent: RunFolder, checkpoints: Path, standby: Standby, ended: Ended
) -> None:
    child = launch.fork(parent, checkpoints=checkpoints, checkpoint="3", standby=standby)
    ended(child)
    again = launch.fork(child, checkpoints=checkpoints, checkpoint="start", standby=standby)
    ended(again)
    assert origin(again) == Parent(run=child.name, checkpoint="start.pt", step=3)
    assert list(History(again).read_all().series["sum"].values) == [10, 15]


def test_partial_holds_as_long_as_a_fork_begins_from_its_parents_checkpoint(
    parent: RunFolder, checkpoints: Path, standby: Standby, ended: Ended
) -> None:
    child = launch.fork(parent, checkpoints=checkpoints, checkpoint="3", partial=True, standby=standby)
    assert ended(child).state is State.FINISHED
    assert control.launches(child.control_file)[0].partial
    assert "forked True partial True at 3" in child.output_file.read_text()
    (child.path / "last.pt").unlink()
    launch.resume(child, standby=standby)
    assert ended(child).state is State.FINISHED
    assert child.output_file.read_text().count("forked True partial True at 3") == 2
    launch.resume(child, values={"steps": 6}, standby=standby)
    assert ended(child).state is State.FINISHED
    assert "forked False partial False at 5" in child.output_file.read_text()


def test_a_living_run_is_forked_and_trains_on(
    parent: RunFolder, checkpoints: Path, standby: Standby, until: Until, ended: Ended
) -> None:
    launch.resume(parent, values={"steps": 100_000, "pause_s": 0.05}, standby=standby)
    alive = until(parent, lambda status: status.state is State.RUNNING and status.step > 6)
    child = launch.fork(parent, checkpoints=checkpoints, values={"steps": 9}, standby=standby)
    assert ended(child).state in {State.FINISHED, State.STOPPED}
    assert child.start_file.exists()
    assert (status_of(parent).state, status_of(parent).pid) == (State.RUNNING, alive.pid)
    control.ask(parent.control_file, control.Stop())
    ended(parent)


def test_a_beginning_that_cannot_be_linked_is_copied_whole(
    parent: RunFolder,
    checkpoints: Path,
    standby: Standby,
    ended: Ended,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    child = launch.fork(parent, checkpoints=checkpoints, checkpoint="4", standby=standby)
    assert ended(child).state is State.FINISHED
    original = parent.path / folders.step_file(4)
    assert child.start_file.read_bytes() == original.read_bytes()
    assert child.start_file.stat().st_ino != original.stat().st_ino
    assert not list(child.path.glob(".start.pt*"))
