"""A run that runs out of memory names what would have fitted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.catalog import RecipeInfo, read_recipe
from workbench.errors import WorkbenchError
from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.state import Status
from workbench.runs.states import State
from workbench.workers import devices, launch, queue
from workbench.workers.fitting import NONE_FOUND
from workbench.workers.launch import Order

Ended = Callable[[RunFolder], Status]

GREEDY = '''\
"""Wants more memory than there is."""
import gc
import weakref

from workbench import Recipe, number, switch
from workbench.workers import devices, queue


class Activations:
    pass


class Greedy(Recipe):
    class Params(Recipe.Params):
        batch_size: int = number(64, low=1)
        width: int = number(8, low=1)
        lucky: bool = switch(True)

    def run(self, run):
        for step in run.steps(3):
            self.step(step)

    def step(self, step):
        activations = Activations()
        self.kept = weakref.ref(activations)
        raise MemoryError

    def fitting_parameters(self):
        print("free", self.kept() is None)
        print("held", queue.holders(devices.candidates("cpu")[0]))
        if not self.params.lucky:
            raise ValueError("nothing to try")
        return {"batch_size": self.params.batch_size // 4}
'''


@pytest.fixture
def greedy(recipe_file: Callable[[str], Path]) -> RecipeInfo:
    file = recipe_file(GREEDY)
    return read_recipe(file, file.parent.parent)


def failed(folder: RunFolder) -> events.Failed:
    last = History(folder).read_all().ended
    assert isinstance(last, events.Failed)
    return last


def test_the_record_names_the_batch_that_fits(
    greedy: RecipeInfo, checkpoints: Path, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(devices.CPU_SLOTS_VARIABLE, "1")
    folder = launch.launch(Order(greedy, device="cpu"), checkpoints)
    assert ended(folder).state is State.FAILED
    assert (failed(folder).kind, failed(folder).step) == ("out_of_memory", 1)
    assert failed(folder).remedy == (
        f"a batch of 16 fits (one step was made with it): workbench resume {folder.name} batch_size=16"
    )
    assert "Activations()" in failed(folder).traceback or "in step" in failed(folder).traceback
    output = folder.output_file.read_text()
    assert "free True" in output, "the failing step still holds its memory"
    assert f"held ['{folder.name}']" in output, "the device was given up before it was tried"
    assert queue.holders(devices.candidates("cpu")[0]) in ([], [folder.name])


def test_looking_that_fails_leaves_the_last_word_whole(
    greedy: RecipeInfo, checkpoints: Path, ended: Ended
) -> None:
    folder = launch.launch(Order(greedy, {"lucky": False}), checkpoints)
    ended(folder)
    assert failed(folder).kind == "out_of_memory"
    assert failed(folder).remedy == (
        f"{NONE_FOUND} (looking for one failed: ValueError: nothing to try)"
    )


def test_a_rehearsal_names_the_call_that_fits(greedy: RecipeInfo) -> None:
    with pytest.raises(WorkbenchError) as refused:
        launch.rehearse(Order(greedy, {"width": 4, "batch_size": 256}))
    assert refused.value.remedy == (
        "a batch of 64 fits (one step was made with it): "
        f"workbench run {greedy.id} batch_size=64 width=4"
    )


def test_a_rehearsal_without_an_answer_says_to_halve_the_batch(
    recipe_file: Callable[[str], Path],
) -> None:
    file = recipe_file(GREEDY.partition("    def fitting_parameters")[0])
    info = read_recipe(file, file.parent.parent)
    with pytest.raises(WorkbenchError, match=r"halve the batch: workbench run .* batch_size=32"):
        launch.rehearse(Order(info))
