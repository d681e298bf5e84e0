"""Recipes without torch, and runs written by the real recorder."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbench import paths
from workbench.params import Value
from workbench.runs import events
from workbench.runs.folder import Manifest, RecipeReference, RunFolder, all_runs, create
from workbench.runs.recorder import Recorder
from workbench.runs.state import status_of

COUNT = '''
"""Counts, as slowly as it is told.

The second paragraph is the summary.
"""
import time

from workbench import Recipe, at_most, choice, number


class Count(Recipe):
    class Params(Recipe.Params):
        steps: int = number(20, low=1, high=100_000, help="how far")
        pause_s: float = number(0.0, low=0, high=10, live=True, help="seconds a step")
        mood: str = choice("calm", "keen", help="how it feels")

    marks = (at_most("train/loss", 0.05, values={"mood": "keen"}),)
    within_s = 90

    def run(self, run):
        for step in run.steps(self.params.steps):
            run.log({"train/loss": 1 / step, "val/loss": 2 / step})
            time.sleep(self.params.pause_s)
'''
FAILS = '''
"""Fails at its third step."""
from workbench import Recipe


class Fails(Recipe):
    def run(self, run):
        for step in run.steps(10):
            run.log(loss=step)
            if step == 3:
                raise ValueError("the data is \\x1b[2J spoilt")
'''
BROKEN = "class Broken(Recipe)\n    pass\n"
NEEDS = '''
"""Needs \\x1b]0;what\\x07 nobody has."""
import no_such_module_anywhere
from workbench import Recipe


class Needs(Recipe):
    pass
'''


@pytest.fixture(scope="session")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of recipes: one that counts, one that fails, one broken, one that misses a module."""
    root = tmp_path_factory.mktemp("recipes")
    (root / "lessons").mkdir()
    texts = {"count": COUNT, "fails": FAILS, "broken": BROKEN, "needs": NEEDS}
    for name, text in texts.items():
        (root / "lessons" / f"{name}.py").write_text(text)
    return root


@pytest.fixture(scope="session")
def _shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _surroundings(
    _own_folders: None, _shared_cache: Path, recipes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recipes are found; their parameters are read once for all tests."""
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(_shared_cache))
    monkeypatch.setenv(paths.RECIPES_VARIABLE, str(recipes))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture(autouse=True)
def _no_worker_survives(_own_folders: None) -> Iterator[None]:
    place = paths.checkpoints_dir()
    yield
    for folder in all_runs(place):
        status = status_of(folder)
        if not status.state.ended and status.pid not in {0, os.getpid()}:
            os.kill(status.pid, signal.SIGKILL)


@pytest.fixture
def record(checkpoints: Path) -> Callable[..., RunFolder]:
    """Writes a run that logged `loss` at each step and ended as told; without an end it is lost."""

    def write(
        end: events.Ended | None = None,
        *,
        losses: tuple[float, ...] = (1.0, 0.5, 0.25),
        recipe: str = "lessons/count",
        **parameters: Value,
    ) -> RunFolder:
        reference = RecipeReference(id=recipe, file="")
        manifest = Manifest(name="", recipe=reference, parameters=parameters, created=1.0)
        folder, _ = create(manifest, checkpoints)
        recorder = Recorder(folder.events_file)
        recorder.record(events.Started(time=2.0, pid=1, host="elsewhere", device="cpu"))
        for step, loss in enumerate(losses, 1):
            recorder.metrics(step, {"loss": loss})
        steps = len(losses)
        recorder.record(events.Progress(time=3.0, step=steps, total=steps, elapsed_s=4.0))
        if end is not None:
            recorder.record(end)
        recorder.close()
        return folder

    return write


@pytest.fixture
def finished(record: Callable[..., RunFolder]) -> RunFolder:
    """A run that finished with its results."""
    return record(events.Finished(time=4.0, step=3, results={"loss": 0.25}))
