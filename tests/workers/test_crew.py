"""Workers that stay between runs: one process, nothing left behind, and a dead one is replaced."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbench.catalog import RecipeInfo, read_recipe
from workbench.params import Value
from workbench.runs import control
from workbench.runs.folder import Manifest, RecipeReference, RunFolder, create
from workbench.runs.history import History
from workbench.runs.state import status_of
from workbench.runs.states import State
from workbench.workers.crew import Crew
from workbench.workers.standby import Standby

MESSY = '''
"""Leaves everything changed that a process has one of; says how it found it."""
import os
import random
import signal
import sys
import warnings

from workbench import Recipe, choice


class Messy(Recipe):
    class Params(Recipe.Params):
        mood: str = choice("calm", "crash", "die")

    seen = 0

    def run(self, run):
        import torch

        type(self).seen += 1
        found = {
            "seen": self.seen,
            "drawn": random.random() + torch.rand(()).item(),
            "float32": torch.get_default_dtype() is torch.float32,
            "environment": "MESSY" in os.environ,
            "path": "/messy" in sys.path,
            "grad": torch.is_grad_enabled(),
            "benchmark": torch.backends.cudnn.benchmark,
            "filters": len(warnings.filters),
            "files": len(os.listdir("/proc/self/fd")),
        }
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.backends.cudnn.benchmark = True
        os.environ["MESSY"] = "1"
        os.chdir("/")
        sys.path.append("/messy")
        warnings.simplefilter("ignore")
        print("this is", run.folder.name)
        run.log({name: float(value) for name, value in found.items()}, step=1)
        if self.params.mood == "crash":
            raise ValueError("it crashed")
        if self.params.mood == "die":
            os.kill(os.getpid(), signal.SIGKILL)
'''
PATIENCE_S = 30.0
Begin = Callable[..., RunFolder]


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> RecipeInfo:
    root = tmp_path_factory.mktemp("recipes")
    file = root / "demo" / "messy.py"
    file.parent.mkdir()
    file.write_text(MESSY)
    return read_recipe(file, root)


@pytest.fixture
def crew(standby: Standby) -> Iterator[Crew]:
    crew = Crew(standby)
    yield crew
    crew.close()


@pytest.fixture
def begin(crew: Crew, messy: RecipeInfo, checkpoints: Path) -> Begin:
    """A run that the crew was given."""

    def make(**values: Value) -> RunFolder:
        reference = RecipeReference(id=messy.id, file=str(messy.file))
        folder, _ = create(Manifest(name="", recipe=reference, parameters=values, seed=5), checkpoints)
        control.ask(folder.control_file, control.Launch())
        crew.start(folder)
        return folder

    return make


def until(wanted: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not wanted():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


def ended(folder: RunFolder) -> History:
    until(lambda: status_of(folder).state.ended)
    return History(folder).read_all()


def pid(history: History) -> int:
    return history.started[-1].pid


def gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] == "Z"
    except FileNotFoundError:
        return True


def test_runs_share_a_worker_and_each_finds_it_as_the_first_did(crew: Crew, begin: Begin) -> None:
    histories = []
    for _ in range(4):
        folder = begin()
        histories.append(ended(folder))
        crew.ended(folder, stays=True)
        assert folder.output_file.read_text() == f"this is {folder.name}\n"
    assert len({pid(history) for history in histories}) == 1
    found = [{name: series.last for name, series in h.series.items()} for h in histories]
    files = [values.pop("files") for values in found]
    assert found[0] == found[1] == found[2] == found[3]
    assert found[0]["seen"] == found[0]["float32"] == found[0]["grad"] == 1
    assert found[0]["environment"] == found[0]["path"] == found[0]["benchmark"] == 0
    assert files[1] == files[3]  # no run leaves a file open


def test_a_worker_whose_run_crashed_or_that_died_is_replaced(crew: Crew, begin: Begin) -> None:
    crashed = begin(mood="crash")
    workers = [pid(ended(crashed))]
    assert status_of(crashed).state is State.FAILED
    crew.ended(crashed, stays=False)
    calm = begin()
    workers.append(pid(ended(calm)))
    crew.ended(calm, stays=True)
    dead = begin(mood="die")
    until(lambda: crew.has_lost(dead))
    workers.append(pid(History(dead).read_all()))
    workers.append(pid(ended(begin())))
    assert workers[0] != workers[1] == workers[2] != workers[3]


def test_a_worker_that_died_between_two_runs_costs_none(crew: Crew, begin: Begin) -> None:
    first = begin()
    worker = pid(ended(first))
    crew.ended(first, stays=True)
    second = begin()
    assert pid(ended(second)) == worker
    crew.ended(second, stays=True)
    os.kill(worker, signal.SIGKILL)
    until(lambda: gone(worker))
    assert pid(ended(begin())) != worker


@pytest.mark.parametrize("how", ["signal", "close"])
def test_a_worker_that_waits_leaves_when_it_is_asked_to(crew: Crew, begin: Begin, how: str) -> None:
    folder = begin()
    worker = pid(ended(folder))
    crew.ended(folder, stays=True)
    if how == "signal":
        os.kill(worker, signal.SIGTERM)
    else:
        crew.close()
    until(lambda: gone(worker))
