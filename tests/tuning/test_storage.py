"""A storage that goes away in the middle of a study, and what is said of one that cannot be reached."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from optuna.trial import TrialState

from tests.tuning.conftest import opened
from workbench.runs import control
from workbench.runs.history import History
from workbench.runs.state import status_of
from workbench.runs.states import State
from workbench.tuning import driver
from workbench.tuning.study import StudyFolder
from workbench.tuning.trials import TrialReader
from workbench.workers.standby import Standby

Drive = Callable[[StudyFolder], int]
Make = Callable[..., StudyFolder]
Wait = Callable[[Callable[[], bool]], None]
WORDS = {"x": "-1..1", "epochs": "3", "pace_s": "0.15"}


def away(folder: StudyFolder) -> Path:
    return folder.journal_file.with_suffix(".away")


def warned(folder: StudyFolder) -> bool:
    return "cannot be used" in str(History(folder.run).read_all().messages)


def taken_away(folder: StudyFolder, wait: Wait, then: Callable[[], None]) -> threading.Thread:
    """Take the journal away while the second trial is at work, and do something once that was seen."""

    def act() -> None:
        wait(lambda: status_of(folder.trial(1)).step > 0)
        folder.journal_file.rename(away(folder))
        wait(lambda: warned(folder))
        then()

    thread = threading.Thread(target=act)
    thread.start()
    return thread


def test_a_storage_that_comes_back_costs_nothing(
    study: Make, drive: Drive, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "STORAGE_RETRY_S", 0.05)
    folder = study(words=WORDS, trials=3, jobs=2)
    thread = taken_away(folder, wait, lambda: _bring_back(folder))
    assert drive(folder) == 0
    thread.join()
    trials = opened(folder).trials
    assert [trial.state for trial in trials if trial.state is not TrialState.FAIL] == [
        TrialState.COMPLETE
    ] * 3
    complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    assert [list(trial.intermediate_values) for trial in complete] == [[1, 2, 3]] * 3
    said = str(History(folder.run).read_all().messages)
    assert "trials at work train on" in said
    assert "can be used again" in said


def test_one_that_stays_away_ends_the_study_and_a_resumption_has_all_of_it(
    study: Make, drive: Drive, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "STORAGE_RETRY_S", 0.05)
    monkeypatch.setattr(driver, "STORAGE_PATIENCE_S", 0.3)
    folder = study(words=WORDS, trials=3)
    thread = taken_away(folder, wait, lambda: None)
    assert drive(folder) == 1
    thread.join()
    status = status_of(folder.run)
    assert status.state is State.FAILED
    assert f"{folder.journal_file} cannot be used" in status.reason
    assert f"workbench tune --resume {folder.name}" in status.remedy
    assert not folder.journal_file.exists()  # none was begun anew in its place

    _bring_back(folder)
    control.ask(folder.run.control_file, control.Launch())
    assert drive(folder) == 0
    assert sum(trial.state == "complete" for trial in TrialReader(folder).read().values()) == 3
    states = [trial.state for trial in opened(folder).trials]
    assert states.count(TrialState.COMPLETE) == 3
    assert not {TrialState.RUNNING, TrialState.WAITING} & set(states)


def test_a_study_can_be_stopped_while_its_storage_is_away(
    study: Make, drive: Drive, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "STORAGE_RETRY_S", 0.05)
    folder = study(words=WORDS, trials=3)
    stop = control.Stop(client="somebody")
    thread = taken_away(folder, wait, lambda: _ask(folder, stop))
    assert drive(folder) == 0
    thread.join()
    assert status_of(folder.run).reason == "stopped by somebody"


def test_neither_a_file_of_a_study_nor_its_log_holds_the_password(
    study: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = "mysql+nothing://me:s3cret@127.0.0.1:1/db?ssl_key=s3cret2"
    folder = study(storage=whole, name="s")
    assert driver.Driver(folder, Standby(), whole).run() == 1
    assert "mysql+nothing://me:***@127.0.0.1:1/db" in status_of(folder.run).reason
    texts = [file.read_text() for file in folder.run.path.rglob("*") if file.is_file()]
    said = capfd.readouterr()
    assert not [text for text in (*texts, said.out, said.err) if "s3cret" in text]
    assert "cannot be used" in said.err


def _bring_back(folder: StudyFolder) -> None:
    away(folder).rename(folder.journal_file)


def _ask(folder: StudyFolder, request: control.Request) -> None:
    control.ask(folder.run.control_file, request)
