"""Studies driven to their ends with real workers."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from tests.tuning.conftest import opened
from workbench.runs import control, events
from workbench.runs.folder import all_runs
from workbench.runs.history import History
from workbench.runs.state import status_of
from workbench.runs.states import State
from workbench.tuning.study import StudyFolder
from workbench.tuning.trials import TrialReader

Drive = Callable[[StudyFolder], int]
Make = Callable[..., StudyFolder]


def test_a_study_is_a_run_its_trials_are_runs_and_optuna_opens_it(study: Make, drive: Drive) -> None:
    folder = study(trials=4, jobs=2)
    assert drive(folder) == 0
    history = History(folder.run).read_all()
    assert isinstance(history.ended, events.Finished)
    found = opened(folder)
    assert [trial.state for trial in found.trials] == [TrialState.COMPLETE] * 4
    assert found.metric_names == ["val/loss"]
    assert history.ended.results["best val/loss"] == found.best_value
    assert history.ended.results["x"] == found.best_params["x"]
    assert history.series["best/loss"].last == found.best_value
    assert len(history.series["trial/loss"]) == 4
    runs = sorted(all_runs(folder.trials_dir), key=lambda run: run.name)
    assert [run.name for run in runs] == [folder.trial(n).name for n in range(4)]
    for run, trial in zip(runs, found.trials, strict=True):
        assert status_of(run).state is State.FINISHED
        assert run.manifest().parameters["x"] == trial.params["x"]
        assert trial.value == pytest.approx((trial.params["x"] - 0.3) ** 2 + 0.5)
        assert list(trial.intermediate_values) == [1, 2]


def test_the_same_seed_searches_the_same(study: Make, drive: Drive) -> None:
    tried = []
    for seed in (1, 1, 2):
        folder = study(trials=2, sampler="random", seed=seed)
        drive(folder)
        tried.append([trial.params["x"] for trial in opened(folder).trials])
    assert tried[0] == tried[1] != tried[2]


def test_a_grid_tries_every_point_once(study: Make, drive: Drive) -> None:
    folder = study(words={"width": "1..3", "mood": "calm,keen"}, sampler="grid", jobs=2, pruner="none")
    assert folder.plan().trials == 6
    assert drive(folder) == 0
    points = [(trial.params["width"], trial.params["mood"]) for trial in opened(folder).trials]
    assert sorted(points) == [(w, m) for w in (1, 2, 3) for m in ("calm", "keen")]


@pytest.mark.parametrize("sampler", ["gp", "cmaes", "qmc", "nsga2"])
def test_the_other_samplers(study: Make, drive: Drive, sampler: str) -> None:
    folder = study(words={"x": "-1..1", "width": "1..8"}, trials=2, sampler=sampler, pruner="none")
    assert drive(folder) == 0
    assert len(opened(folder).trials) == 2


def test_a_worker_that_dies_and_one_that_crashes_cost_one_trial_each(study: Make, drive: Drive) -> None:
    folder = study(words={"mood": "calm,crash,die"}, sampler="grid")
    assert drive(folder) == 0
    by_mood = {t.parameters["mood"]: t for t in TrialReader(folder).read().values()}
    assert by_mood["calm"].state == "complete"
    assert by_mood["crash"].state == by_mood["die"].state == "failed"
    assert "it crashed" in by_mood["crash"].reason
    assert "died" in by_mood["die"].reason
    states = [trial.state for trial in opened(folder).trials]
    assert states.count(TrialState.FAIL) == 2
    assert TrialState.RUNNING not in states


def test_a_study_in_which_all_fails_ends_early_with_the_reason(study: Make, drive: Drive) -> None:
    folder = study(words={"x": "-1..1", "mood": "crash"}, trials=50)
    assert drive(folder) == 1
    status = status_of(folder.run)
    assert status.state is State.FAILED
    assert status.reason == "all of the first 3 trials failed: ValueError: it crashed"


def test_a_metric_that_is_not_reported_ends_it_with_those_that_are(study: Make, drive: Drive) -> None:
    folder = study(trials=50, metric="val/los", way="min")
    assert drive(folder) == 1
    status = status_of(folder.run)
    assert status.step == 1
    assert status.reason.endswith("no metric 'val/los'; did you mean val/loss?")


def test_a_worse_trial_is_pruned(study: Make, drive: Drive) -> None:
    # With this seed the bad one comes last, when the others have shown what is usual.
    words = {"x": "0.3,0.31,0.29,0.28,0.32,-1", "epochs": "40", "pace_s": "0.005"}
    folder = study(words=words, sampler="grid", seed=19)
    assert drive(folder) == 0
    *good, bad = opened(folder).trials
    assert {trial.state for trial in good} == {TrialState.COMPLETE}
    assert (bad.state, bad.params["x"]) == (TrialState.PRUNED, -1)
    assert max(bad.intermediate_values) < 40
    record = TrialReader(folder).read()[5]
    assert record.state == "pruned"
    assert status_of(folder.trial(record.number)).state is State.STOPPED


def test_a_study_that_is_stopped_goes_on_where_it_was(
    study: Make, drive: Drive, wait: Callable[[Callable[[], bool]], None]
) -> None:
    folder = study(words={"x": "-1..1", "epochs": "3", "pace_s": "0.2"}, trials=3)

    def stop() -> None:
        wait(lambda: status_of(folder.trial(1)).step > 0)
        control.ask(folder.run.control_file, control.Stop(client="somebody"))

    asking = threading.Thread(target=stop)
    asking.start()
    assert drive(folder) == 0
    asking.join()
    status = status_of(folder.run)
    assert (status.state, status.reason, status.step) == (State.STOPPED, "stopped by somebody", 1)
    states = [trial.state for trial in opened(folder).trials]
    assert states == [TrialState.COMPLETE, TrialState.FAIL, TrialState.WAITING]

    control.ask(folder.run.control_file, control.Launch(parameters={"trials": 2}))
    assert drive(folder) == 0
    trials = opened(folder).trials
    assert status_of(folder.run).step == 2
    assert trials[2].state is TrialState.COMPLETE
    assert trials[2].params == trials[1].params
    # It went on in the run of the one that was cut short, rather than in another one.
    assert [run.name for run in all_runs(folder.trials_dir)].count(folder.trial(2).name) == 0
    assert TrialReader(folder).read()[2].run == folder.trial(1).name


def test_the_last_trial_is_tried_again_where_its_machine_is_taken_away(
    study: Make, drive: Drive, wait: Callable[[Callable[[], bool]], None]
) -> None:
    folder = study(words={"x": "-1..1", "epochs": "3", "pace_s": "0.15"}, trials=1, jobs=2)

    def preempt() -> None:
        wait(lambda: status_of(folder.trial(0)).step > 0)
        os.kill(status_of(folder.trial(0)).pid, signal.SIGTERM)

    acting = threading.Thread(target=preempt)
    acting.start()
    assert drive(folder) == 0
    acting.join()
    states = [trial.state for trial in opened(folder).trials]
    assert states == [TrialState.FAIL, TrialState.COMPLETE]
    assert status_of(folder.run).step == 1


def test_pausing_halts_the_trials_and_begins_none(
    study: Make, drive: Drive, wait: Callable[[Callable[[], bool]], None]
) -> None:
    folder = study(words={"x": "-1..1", "epochs": "2", "pace_s": "0.3"}, trials=2)
    seen: list[State] = []

    def pause_and_go_on() -> None:
        wait(lambda: status_of(folder.trial(0)).step > 0)
        control.ask(folder.run.control_file, control.Pause())
        with contextlib.suppress(AssertionError):
            wait(lambda: status_of(folder.trial(0)).state is State.PAUSED)
        seen.append(status_of(folder.trial(0)).state)
        seen.append(History(folder.run).read_all().recorded.state)
        control.ask(folder.run.control_file, control.Resume())

    asking = threading.Thread(target=pause_and_go_on)
    asking.start()
    assert drive(folder) == 0
    asking.join()
    assert seen == [State.PAUSED, State.PAUSED]
    assert status_of(folder.run).state is State.FINISHED


def test_a_storage_that_cannot_be_reached_is_named_with_what_it_said(
    study: Make, drive: Drive, tmp_path: Path
) -> None:
    folder = study(storage=f"sqlite:///{tmp_path}/none/at/all.db")
    assert drive(folder) == 1
    status = status_of(folder.run)
    assert "unable to open database file" in status.reason
    assert folder.name in status.remedy


def test_a_study_of_another_recipe_is_refused(study: Make, drive: Drive, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/one.db"
    other = optuna.create_study(storage=storage, study_name="shared")
    other.set_user_attr("workbench_recipe", "images/cnn")
    folder = study(storage=storage, name="shared")
    assert drive(folder) == 1
    assert "has a study 'shared' of images/cnn, not of demo/bowl" in status_of(folder.run).reason


def test_what_a_driver_left_that_was_killed_as_it_wrote_is_cleared_away(
    study: Make, drive: Drive
) -> None:
    folder = study(trials=1)
    assert drive(folder) == 0
    with folder.journal_file.open("ab") as journal:
        journal.write(b'{"op_code": 4, "worker')
    lock = folder.journal_file.with_name(f"{folder.journal_file.name}.lock")
    lock.symlink_to(folder.journal_file)
    control.ask(folder.run.control_file, control.Launch(parameters={"trials": 2}))
    assert drive(folder) == 0
    assert [trial.state for trial in opened(folder).trials] == [TrialState.COMPLETE] * 2
