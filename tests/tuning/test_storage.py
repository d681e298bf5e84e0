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
from workbench.tuning import storage as storages
from workbench.tuning.search import Search
from workbench.tuning.storage import Storage, StorageGoneError
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


def test_a_driver_whose_study_is_deleted_leaves(study: Make, drive: Drive, wait: Wait) -> None:
    folder = study(words=WORDS, trials=30)

    def delete() -> None:
        wait(lambda: status_of(folder.trial(0)).step > 0)
        folder.run.path.rename(folder.run.path.with_name(".deleted"))

    thread = threading.Thread(target=delete)
    thread.start()
    assert drive(folder) == 1
    thread.join()
    assert not folder.run.path.exists()


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


def test_a_trials_parameters_are_written_at_once_and_its_end_waits_for_the_disk_later(
    study: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = study(words={"x": "-1..1", "width": "1..8", "mood": "calm,keen"})
    search = Search(folder, folder.plan(), Storage(folder, ""))
    search.flush()  # the beginning of the study, which another thread is at
    flushed: list[int] = []
    monkeypatch.setattr(storages.os, "fsync", flushed.append)
    appended: list[int] = []
    usual = storages._Journal.append_logs

    def append(journal: storages._Journal, logs: list[dict[str, object]]) -> None:
        appended.append(len(logs))
        usual(journal, logs)

    monkeypatch.setattr(storages._Journal, "append_logs", append)
    trial, values = search.ask()
    search.flush()
    assert (appended, len(flushed)) == ([1, 3], 1)
    assert opened(folder).trials[0].params == values
    search.complete(trial, [0.5])
    assert len(flushed) == 1
    search.flush()
    search.flush()
    assert len(flushed) == 2
    another, _ = search.ask()
    search.complete(trial, [0.5])
    search.flush()
    assert len(flushed) == 3
    search.complete(another, [0.5])
    folder.journal_file.rename(away(folder))
    with pytest.raises(StorageGoneError):
        search.flush()
    _bring_back(folder)
    search.flush()
    assert len(flushed) == 4


def test_parameters_that_could_not_be_drawn_are_not_written(
    study: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = study(words={"x": "-1..1", "width": "1..8"})
    search = Search(folder, folder.plan(), Storage(folder, ""))

    def sample(_study: object, _trial: object, name: str, *_: object) -> float:
        if name == "width":
            raise ZeroDivisionError
        return 0.5

    monkeypatch.setattr(search.study.sampler, "sample_independent", sample)
    with pytest.raises(ZeroDivisionError):
        search.ask()
    assert opened(folder).trials[0].params == {}
