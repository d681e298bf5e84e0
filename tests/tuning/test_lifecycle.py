"""Drivers as processes of their own: killed, resumed, and two on one storage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import optuna
from optuna.trial import TrialState

from tests.tuning.conftest import kill, opened
from workbench.runs.folder import all_runs
from workbench.runs.state import status_of
from workbench.runs.states import State
from workbench.tuning.study import StudyFolder
from workbench.tuning.trials import TrialReader, run_of
from workbench.workers import launch
from workbench.workers.calling import start_worker

Make = Callable[..., StudyFolder]
Wait = Callable[[Callable[[], bool]], None]


def counted(folder: StudyFolder) -> Counter[str]:
    return Counter(trial.state for trial in TrialReader(folder).read().values())


def test_a_killed_driver_costs_no_trial_and_none_is_counted_twice(study: Make, wait: Wait) -> None:
    folder = study(
        words={"x": "-1..1", "epochs": "4", "pace_s": "0.3"}, trials=4, jobs=2, pruner="none"
    )
    start_worker(folder.run, None)
    wait(lambda: counted(folder)["complete"] >= 1 and status_of(folder.trial(2)).step > 0)
    kill(folder.run)
    wait(lambda: status_of(folder.run).state is State.LOST)
    before = dict(TrialReader(folder).read())
    one = before[2]
    assert one.state == "running"
    kill(folder.trial(one.number))  # this one dies too, any other trains on without a driver

    launch.resume(folder.run)
    wait(lambda: status_of(folder.run).state is State.FINISHED)
    after = TrialReader(folder).read()
    for number, trial in before.items():
        if trial.state == "complete":
            assert after[number] == trial
    trials = opened(folder).trials
    assert Counter(trial.state for trial in trials)[TrialState.COMPLETE] == 4
    assert not [trial for trial in trials if trial.state in {TrialState.RUNNING, TrialState.WAITING}]
    again = [trial for trial in trials if trial.user_attrs.get("workbench_again_of") == one.number]
    assert [trial.params["x"] for trial in again] == [one.parameters["x"]]
    assert after[one.number].state == "again"
    assert counted(folder)["complete"] == 4
    # Each worker has a number of its own, also after the resumption; one killed at once has not begun.
    begun = [trial for trial in after.values() if trial.pid]
    assert {trial.number for trial in after.values() if trial.state == "complete"} <= {
        trial.number for trial in begun
    }
    workers: dict[int, set[int]] = {}
    for trial in begun:
        workers.setdefault(trial.worker, set()).add(trial.pid)
    assert 0 not in workers and all(len(pids) == 1 for pids in workers.values())
    assert {trial.device for trial in begun} == {"cpu"}
    # Who died goes on in its own run, and whose worker lived was taken over: no run was made twice.
    values = [run.manifest().parameters["x"] for run in all_runs(folder.trials_dir)]
    assert len(values) == len(set(values)) == 4


def test_two_drivers_on_one_storage_share_the_work(study: Make, wait: Wait, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/shared.db"
    optuna.create_study(storage=storage, study_name="both").set_user_attr(
        "workbench_recipe", "demo/bowl"
    )
    words = {"x": "-1..1", "epochs": "2", "pace_s": "0.3"}
    both = [study(words=words, trials=6, storage=storage, name="both", pruner="none") for _ in range(2)]
    for folder in both:
        start_worker(folder.run, None)
    wait(lambda: all(status_of(folder.run).state.ended for folder in both))
    assert [status_of(folder.run).state for folder in both] == [State.FINISHED] * 2
    trials = optuna.load_study(storage=storage, study_name="both").trials
    known = [TrialReader(folder).read() for folder in both]
    shares = [sum(not one.study for one in trials.values()) for trials in known]
    assert sum(shares) == 6
    assert TrialState.RUNNING not in {trial.state for trial in trials}
    assert len([trial for trial in trials if trial.state is TrialState.COMPLETE]) == 6
    assert min(shares) >= 1
    # Each has what the other one's trials reached; whoever ended last has all of them.
    assert max(map(len, known)) == 6
    for own, others, other in zip(known, reversed(known), reversed(both), strict=True):
        taken_in = [one for one in own.values() if one.study]
        assert taken_in and {one.study for one in taken_in} == {other.name}
        for one in taken_in:
            theirs = others[one.number]
            assert (one.value, one.run, one.parameters["x"]) == (
                theirs.value,
                theirs.run,
                theirs.parameters["x"],
            )
            assert run_of(both[0], one).name == one.run
