"""A person's hands on a study that runs: what is asked, answered, done, and kept over a kill."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from optuna.trial import TrialState

from tests.tuning.conftest import kill, opened
from workbench.errors import UsageError
from workbench.runs import control, events, marks
from workbench.runs.folder import RunFolder
from workbench.runs.jsonl import Appender
from workbench.runs.state import status_of
from workbench.runs.states import State
from workbench.tuning import hands_on
from workbench.tuning.standing import standing
from workbench.tuning.study import StudyFolder
from workbench.tuning.trials import TrialReader, TrialRecord
from workbench.workers import launch
from workbench.workers.calling import start_worker

Drive = Callable[[StudyFolder], int]
Make = Callable[..., StudyFolder]
Wait = Callable[[Callable[[], bool]], None]
LONG = {"x": "-1..1", "width": "1..8", "mood": "calm,keen", "epochs": "100", "pace_s": "0.05"}


def trials(folder: StudyFolder) -> dict[int, TrialRecord]:
    return TrialReader(folder).read()


def at_work(folder: StudyFolder) -> list[str]:
    return [trial.run for trial in trials(folder).values() if trial.state == "running"]


def answered(folder: StudyFolder, request: control.Request) -> str:
    """What the driver refused, or nothing; it has to answer."""
    answer = launch.wait_for_answer(folder.run, request, 20)
    assert answer is not None
    return answer.refused if isinstance(answer, events.Answered) else ""


def test_more_jobs_a_queued_trial_and_one_that_is_ended_by_hand(study: Make, wait: Wait) -> None:
    folder = study(words=LONG, trials=3, pruner="none")
    start_worker(folder.run, None)
    wait(lambda: status_of(folder.trial(0)).step > 0)
    assert answered(folder, hands_on.enqueue(folder, {"x": 0.25, "mood": "keen"})) == ""
    assert answered(folder, hands_on.change(folder, "width", "3")) == ""
    assert answered(folder, hands_on.change(folder, "jobs", "2")) == ""
    wait(lambda: status_of(folder.trial(1)).step > 0)
    outside = "x=2 lies outside of what is searched, -1..1: widen that first"
    assert answered(folder, hands_on.enqueue(folder, {"x": 2.0})) == outside
    assert answered(folder, hands_on.enqueue(folder, {})) == ""
    full = "all of the 3 trials have begun or are queued: set trials=4"
    assert answered(folder, hands_on.enqueue(folder, {})) == full
    assert answered(folder, hands_on.prune(folder, "trial-0000")) == ""
    wait(lambda: at_work(folder) == ["trial-0001", "trial-0002"])
    late = "trial-0000 is not at work: it is pruned"
    assert answered(folder, hands_on.prune(folder, "trial-0000")) == late
    hands_on.note(folder, "1", "by hand")
    assert answered(folder, hands_on.change(folder, "trials", "9")) == ""
    assert answered(folder, hands_on.change(folder, "minutes", "0.001")) == ""
    over = "no further trial begins: its minutes are over"
    assert answered(folder, hands_on.enqueue(folder, {})) == over
    for run in at_work(folder):
        assert answered(folder, hands_on.prune(folder, run)) == ""
    wait(lambda: status_of(folder.run).state is State.FINISHED)
    found = opened(folder).trials
    assert {trial.state for trial in found} == {TrialState.PRUNED}
    assert [trial.params["width"] for trial in found][1:] == [3, 3]
    assert (found[1].params["x"], found[1].params["mood"]) == (0.25, "keen")
    record = trials(folder)[0]
    assert record.value is not None
    assert record.reason.startswith("by ")
    assert marks.read(folder.trial(1)).note == "by hand"
    assert status_of(folder.run).total == 9


def test_what_was_changed_and_queued_survives_a_killed_driver(study: Make, wait: Wait) -> None:
    folder = study(words={**LONG, "epochs": "6"}, trials=2, pruner="none")
    start_worker(folder.run, None)
    wait(lambda: status_of(folder.trial(0)).step > 0)
    assert answered(folder, hands_on.enqueue(folder, {"x": 0.125})) == ""
    assert answered(folder, hands_on.change(folder, "width", "5..6")) == ""
    assert answered(folder, hands_on.change(folder, "mood", "keen")) == ""
    assert answered(folder, hands_on.change(folder, "trials", "4")) == ""
    kill(folder.run)
    wait(lambda: status_of(folder.run).state is State.LOST)
    with pytest.raises(UsageError, match="has ended: it is lost"):
        hands_on.enqueue(folder, {})
    launch.resume(folder.run)
    wait(lambda: status_of(folder.run).state is State.FINISHED)
    after = trials(folder)
    assert len(after) == 4
    assert after[1].parameters["x"] == 0.125
    for number in (1, 2, 3):
        assert after[number].parameters["width"] in {5, 6}
        assert after[number].parameters["mood"] == "keen"
    assert standing(folder, folder.plan()).words("width") == "5..6:log"


def test_a_trial_that_was_ended_by_hand_stays_pruned_where_its_driver_is_killed(
    study: Make, wait: Wait
) -> None:
    folder = study(words=LONG, trials=1, pruner="none")
    start_worker(folder.run, None)
    wait(lambda: status_of(folder.trial(0)).step > 0)
    kill(folder.run)
    control.ask(folder.trial(0).control_file, control.Stop(client="ada"))
    wait(lambda: status_of(folder.trial(0)).state is State.STOPPED)
    launch.resume(folder.run)
    wait(lambda: status_of(folder.run).state is State.FINISHED)
    assert [trial.state for trial in trials(folder).values()] == ["pruned"]


def test_the_best_trial_is_run_again_and_a_trial_is_found_by_its_studys_name(
    study: Make, drive: Drive, checkpoints: Path
) -> None:
    folder = study(words={"x": "-1..1"}, trials=2, seed=3)
    with pytest.raises(UsageError, match="no complete trial yet"):
        hands_on.again(folder.run)
    assert drive(folder) == 0
    order = hands_on.again(folder.run)
    best = min(trials(folder).values(), key=lambda trial: trial.value or 0.0)
    assert (order.recipe.id, order.values, order.seed) == ("demo/bowl", best.parameters, 3)
    assert hands_on.again(folder.trial(1)).values == trials(folder)[1].parameters
    run = launch.launch(order, checkpoints)
    assert run.manifest().parameters == best.parameters
    assert folder.trial(1).full_name == f"{folder.name}/trial-0001"
    assert RunFolder(run.path).full_name == run.name


def test_of_a_halving_search_the_winner_of_its_last_round_is_run_again(study: Make) -> None:
    folder = study(words={"x": "-1..1", "epochs": "4"}, search="halving", trials=9)
    file = Appender(folder.trials_file)
    for number, (value, epochs) in enumerate([(0.9, 1), (0.8, 4)]):
        parameters = {"x": value, "epochs": epochs}
        run = f"trial-{number:04d}"
        file.write(
            msgspec.json.encode(
                TrialRecord(
                    number=number, state="complete", run=run, value=value, parameters=parameters
                )
            )
        )
    file.close()
    assert hands_on.again(folder.run).values == {"x": 0.8, "epochs": 4}


def test_a_front_has_no_best_trial_but_names_its_own(study: Make, drive: Drive) -> None:
    folder = study(metric="val/loss,size", way="min,min", trials=1)
    assert drive(folder) == 0
    with pytest.raises(UsageError) as refused:
        hands_on.again(folder.run)
    assert f"{folder.name}/trial-0000" in refused.value.remedy
