"""A SQLite file that goes away in the middle of a study, or is another one when it goes on."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from workbench.runs import control
from workbench.runs.history import History
from workbench.runs.state import status_of
from workbench.runs.states import State
from workbench.tuning import driver
from workbench.tuning.study import StudyFolder
from workbench.tuning.trials import TrialReader

Drive = Callable[[StudyFolder], int]
Make = Callable[..., StudyFolder]
Wait = Callable[[Callable[[], bool]], None]
Returning = Callable[[], None]
WORDS = {"x": "-1..1", "epochs": "3", "pace_s": "0.15"}


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a storage, which is tried again often where it is gone."""
    monkeypatch.setattr(driver, "STORAGE_RETRY_S", 0.05)
    return tmp_path / "shared.db"


def moved(database: Path) -> Returning:
    """Somebody moves the file elsewhere."""
    elsewhere = database.rename(database.with_suffix(".away"))
    return lambda: elsewhere.rename(database) and None


def read_only(database: Path) -> Returning:
    """No file can be made beside it, and so nothing be written: SQLite makes a journal first."""
    journal = database.with_name(f"{database.name}-journal")
    while not journal.is_dir():
        with suppress(FileExistsError):  # the driver writes just now
            journal.mkdir()
    return journal.rmdir


def locked(database: Path) -> Returning:
    """Another program writes for a long time."""
    other = sqlite3.connect(database, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    return other.close


@pytest.mark.parametrize("gone", [moved, read_only, locked])
def test_a_database_that_comes_back_costs_nothing(
    study: Make, drive: Drive, wait: Wait, database: Path, gone: Callable[[Path], Returning]
) -> None:
    address = f"sqlite:///{database}?timeout=0.1"
    folder = study(words=WORDS, trials=3, jobs=2, storage=address, name="s")

    def go_and_come_back() -> None:
        wait(lambda: status_of(folder.trial(1)).step > 0)
        come_back = gone(database)
        wait(lambda: "cannot be used" in str(History(folder.run).read_all().messages))
        come_back()

    acting = threading.Thread(target=go_and_come_back)
    acting.start()
    assert drive(folder) == 0
    acting.join()
    trials = optuna.load_study(study_name="s", storage=f"sqlite:///{database}").trials
    complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    assert [list(trial.intermediate_values) for trial in complete] == [[1, 2, 3]] * 3
    assert {trial.state for trial in trials} <= {TrialState.COMPLETE, TrialState.FAIL}
    records = TrialReader(folder).read().values()
    assert sorted(one.value for one in records if one.state == "complete") == sorted(
        trial.value for trial in complete
    )


def test_a_study_does_not_go_on_in_a_storage_that_does_not_know_it(
    study: Make, drive: Drive, database: Path
) -> None:
    folder = study(trials=1, storage=f"sqlite:///{database}", name="s")
    before = database.with_suffix(".before")

    def goes_on() -> str:
        control.ask(folder.run.control_file, control.Launch(parameters={"trials": 3}))
        assert drive(folder) == 1
        status = status_of(folder.run)
        assert status.state is State.FAILED
        return status.reason

    assert drive(folder) == 0
    come_back = moved(database)
    assert "is not there any more" in goes_on()
    assert not database.exists(), "no other one was begun in its place"
    database.touch()
    assert "has no study 's' any more" in goes_on()
    come_back()

    before.write_bytes(database.read_bytes())
    control.ask(folder.run.control_file, control.Launch(parameters={"trials": 2}))
    assert drive(folder) == 0
    newer = moved(database)
    before.rename(database)
    assert "does not know trial 1" in goes_on()
    newer()
    control.ask(folder.run.control_file, control.Launch(parameters={"trials": 3}))
    assert drive(folder) == 0
    assert [one.state for one in TrialReader(folder).read().values()] == ["complete"] * 3
