"""Studies of a recipe that knows no torch, driven in this process or by real drivers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from tests.tuning.recipe_source import BOWL
from workbench import paths
from workbench.catalog import RecipeInfo, read_recipe
from workbench.params import Parameter
from workbench.runs import control
from workbench.runs.folder import Manifest, RunFolder, all_runs, create, write_atomically
from workbench.runs.lock import holder
from workbench.schema import Schema
from workbench.tuning import launching
from workbench.tuning.driver import Driver
from workbench.tuning.study import StudyFolder
from workbench.workers.standby import Standby

SCHEMA = Schema(
    parameters=(
        Parameter(name="x", kind="float", default=0.0, low=-1, high=1),
        Parameter(name="width", kind="int", default=4, low=1, high=64, log=True),
        Parameter(name="mood", kind="choice", default="calm", choices=("calm", "keen", "crash", "die")),
        Parameter(name="epochs", kind="int", default=2, low=1),
        Parameter(name="pace_s", kind="float", default=0.0, low=0, high=60),
    ),
    monitor="val/loss",
    monitor_mode="min",
)
PATIENCE_S = 120.0  # on a busy machine; what never comes fails later


@pytest.fixture(scope="session")
def bowl(tmp_path_factory: pytest.TempPathFactory) -> RecipeInfo:
    """The recipe of all studies here."""
    root = tmp_path_factory.mktemp("recipes")
    file = root / "demo" / "bowl.py"
    file.parent.mkdir()
    file.write_text(BOWL)
    return read_recipe(file, root)


Make = Callable[..., StudyFolder]


@pytest.fixture
def study(bowl: RecipeInfo, checkpoints: Path) -> Make:
    """A study's folder, as a client makes it, with no driver yet."""

    def make(
        storage: str = "", name: str = "", recipe: RecipeInfo = bowl, **wish: object
    ) -> StudyFolder:
        words = wish.pop("words", {"x": "-1..1"})
        asked = launching.Wish(recipe, words, storage=storage, name=name, **wish)
        planned = launching.plan(asked, SCHEMA)
        reference = msgspec.structs.replace(planned.recipe, id=f"tune/{planned.recipe.id}")
        run, _ = create(Manifest(name="", recipe=reference), checkpoints)
        folder = StudyFolder(run)
        write_atomically(folder.plan_file, msgspec.json.encode(planned))
        control.ask(run.control_file, control.Launch())
        return folder

    return make


@pytest.fixture
def drive() -> Callable[[StudyFolder], int]:
    """Drives a study in this process to its end; its recipe needs no torch, nor do its workers."""
    return lambda folder: Driver(folder, Standby(), folder.plan().storage).run()


@pytest.fixture
def wait() -> Callable[[Callable[[], bool]], None]:
    """Waits until something is so."""

    def until(wanted: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not wanted():
            assert time.monotonic() < deadline, "it never came to that"
            time.sleep(0.02)

    return until


@pytest.fixture(autouse=True)
def _no_process_survives(_own_folders: None) -> Iterator[None]:
    place = paths.checkpoints_dir()
    yield
    for run in all_runs(place):
        for folder in [run, *all_runs(StudyFolder(run).trials_dir)]:
            kill(folder)


def opened(folder: StudyFolder) -> optuna.Study:
    """The study by Optuna's own means."""
    storage = JournalStorage(JournalFileBackend(str(folder.journal_file)))
    return optuna.load_study(study_name=folder.name, storage=storage)


def kill(folder: RunFolder) -> None:
    """End whoever holds the run's lock, without a last word."""
    living = holder(folder.lock_file)
    if living is not None and living.pid not in {0, os.getpid()}:
        os.kill(living.pid, signal.SIGKILL)
