"""Recipes without torch, runs written by the real recorder, and one warm worker for all tests."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec import Raw

from workbench import paths
from workbench.figures.data import Matrix, Text, encode
from workbench.params import Value
from workbench.runs import control, events
from workbench.runs.folder import Manifest, RecipeReference, RunFolder, all_runs, create
from workbench.runs.lock import RunLock
from workbench.runs.recorder import Recorder
from workbench.runs.state import status_of
from workbench.tui.app import WorkbenchApp
from workbench.workers.standby import Standby

from .terminals import Terminal

COUNT = '''
"""Counts [b]slowly[/b].

Goes from one to the end
and logs what it finds.

Data: none.
Result: a number.
"""
import time

from workbench import Recipe, choice, number, switch


class Count(Recipe):
    class Params(Recipe.Params):
        steps: int = number(400, low=1, high=100_000, log=True, help="how far it counts")
        pause_s: float = number(0.02, low=0, high=10, live=True, help="seconds a step")
        mood: str = choice("calm", "keen", help="how it feels")
        loud: bool = switch(True, help="whether it shouts")

    def run(self, run):
        for step in run.steps(self.params.steps):
            run.log({"train/loss": 1 / (step + 1), "val/loss": 2 / (step + 1), "speed": 1.0})
            time.sleep(self.params.pause_s)
'''
BROKEN = "class Broken(Recipe)\n    pass\n"
NEEDS = '"""Needs \\x1b[31mwhat nobody has."""\nimport no_such_module\nclass Needs(Recipe): ...\n'
RAISES = '''
"""Fails when it is imported."""
from workbench import Recipe
class Raises(Recipe): ...
raise ValueError("no [b]luck")
'''


@pytest.fixture(scope="session")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of recipes: one that counts, one broken, one that lacks a module, one that raises."""
    root = tmp_path_factory.mktemp("recipes")
    (root / "lessons").mkdir()
    texts = {"count": COUNT, "broken": BROKEN, "needs": NEEDS, "raises": RAISES}
    for name, text in texts.items():
        (root / "lessons" / f"{name}.py").write_text(text)
    return root


@pytest.fixture(autouse=True)
def _no_worker_survives(checkpoints: Path) -> Iterator[None]:
    yield
    for folder in all_runs(checkpoints):
        status = status_of(folder)
        if not status.state.ended and status.pid not in {0, os.getpid()}:
            os.kill(status.pid, signal.SIGKILL)


@pytest.fixture
def app(checkpoints: Path, recipes: Path) -> WorkbenchApp:
    """The application without a warm worker: nothing in it imports torch."""
    return WorkbenchApp(checkpoints, [recipes], standby=Standby())


@pytest.fixture
def warm_app(checkpoints: Path, recipes: Path, standby: Standby) -> WorkbenchApp:
    """The application with a warm worker."""
    return WorkbenchApp(checkpoints, [recipes], standby=standby)


@dataclass
class LivingRun:
    """A run whose worker is this test: it holds the lock and can answer."""

    folder: RunFolder
    recorder: Recorder

    def requests(self) -> list[control.AnyRequest]:
        """What was asked of it so far."""
        return control.ControlReader(self.folder.control_file).read()


@pytest.fixture
def living(record: Callable[..., RunFolder]) -> Iterator[LivingRun]:
    """A run that is alive."""
    folder = record()
    lock = RunLock(folder.lock_file)
    lock.acquire()
    recorder = Recorder(folder.events_file)
    yield LivingRun(folder, recorder)
    recorder.close()
    lock.release()


@pytest.fixture
def record(checkpoints: Path, recipes: Path) -> Callable[..., RunFolder]:
    """Writes a run of 60 steps with curves, figures and a log; without an end it is lost."""

    def write(end: events.Ended | None = None, recipe: str = "lessons/count") -> RunFolder:
        file = recipes / f"{recipe}.py"
        values: dict[str, Value] = {"steps": 100, "pause_s": 0.5, "mood": "calm"}
        reference = RecipeReference(id=recipe, file=str(file))
        folder, _ = create(
            Manifest(name="", recipe=reference, parameters=values, seed=7, created=1.0), checkpoints
        )
        recorder = Recorder(folder.events_file)
        recorder.record(events.Started(time=2.0, pid=1, host="elsewhere", device="cpu"))
        for step in range(60):
            recorder.metrics(step, {"train/loss": 1 / (step + 1), "val/loss": 2 / (step + 1)})
            recorder.metrics(step, {"[red]lr[/red]": 0.1})
        recorder.record(events.Checkpoint(time=2.5, step=40, file="best.pt", reason="best"))
        for figure in (Matrix("Tally", [[1, 2], [3, 4]]), Text("Sample", "once \x1b[2J upon")):
            shown = events.FigureShown(time=2.6, step=50, name=figure.title, figure=Raw(encode(figure)))
            recorder.record(shown)
        best = events.Best(metric="val/loss", value=0.033, step=59)
        recorder.record(
            events.Progress(
                time=3.0, step=60, total=100, device="cpu", elapsed_s=4.0, eta_s=3.0, best=best
            )
        )
        if end is not None:
            recorder.record(end)
        recorder.close()
        folder.output_file.write_text(
            "first line\n[b]not bold[/b] \x1b[2J\n" + "more\n" * 50 + "last line\n"
        )
        return folder

    return write


@pytest.fixture
def terminal(recipes: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Terminal]]:
    """Opens the program in new terminals."""
    monkeypatch.setenv(paths.RECIPES_VARIABLE, str(recipes))
    opened: list[Terminal] = []

    def open_one(*size: int, **environ: str) -> Terminal:
        opened.append(Terminal(*size, **environ))
        return opened[-1]

    yield open_one
    for one in opened:
        one.program.close(force=True)
