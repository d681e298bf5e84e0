"""`workbench tune`: a study from the call to its best trial, and calls that are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.cli.main import main
from workbench.runs.folder import RunFolder, all_runs, find
from workbench.runs.states import State

from .waiting import wait_for, wait_for_step

Capture = pytest.CaptureFixture[str]
METRIC = ("--metric", "val/loss", "--direction", "min")


def test_a_study_is_started_followed_listed_shown_and_resumed(
    checkpoints: Path, capsys: Capture
) -> None:
    call = ["tune", "count", "steps=2..9", "mood=calm,keen", *METRIC, "--pruner", "none"]
    call += ["--trials", "2", "--jobs", "2"]
    assert main(call) == 0
    said = capsys.readouterr()
    (study,) = [run.name for run in all_runs(checkpoints)]
    assert study == "tune-lessons-count-0001"
    assert "the lowest val/loss of 2 trials, 2 at a time, sampler tpe, pruner none" in said.out
    assert f"{study} finished  step 2/2" in said.out
    assert f"workbench run --from {study}" in said.err

    assert main(["runs"]) == 0
    assert study in capsys.readouterr().out

    assert main(["tune", "--resume", study, "--trials", "3", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["state"] == "finished"
    assert told["counts"] == {"complete": 3}
    assert told["best_trial"]["value"] == min(trial["value"] for trial in told["trials"])

    assert main(["tune", "--show", study]) == 0
    said = capsys.readouterr()
    assert "3 trials: 3 complete" in said.out
    assert "optuna.load_study" in said.err


def test_a_study_is_stopped_as_any_run(checkpoints: Path, capsys: Capture) -> None:
    by_training = ("--metric", "train/loss", "--direction", "min")
    assert main(["tune", "count", "steps=50..90", "pause_s=0.1", *by_training, "--detach"]) == 0
    said = capsys.readouterr()
    assert "compared by train/loss, by what they learned from" in said.err
    name = said.out.split()[-1]
    folder = find(name, checkpoints)
    wait_for(folder, State.RUNNING)
    assert main(["stop", name]) == 0
    assert wait_for(folder, State.STOPPED)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["count", "steps=2..9"], "names no metric that counts"),
        (["count", "steps=0..9", *METRIC], "steps=0 is out of bounds"),
        (["count", "pause_s=0..1", *METRIC, "--sampler", "grid"], "a grid cannot be laid"),
        (["count", "steps=2..9", *METRIC, "--jobs", "0"], "jobs=0 is out of bounds"),
        (["count", "steps=2..9", *METRIC, "--study", "s"], "give that with --storage"),
        (["count", *METRIC], "there is nothing to search"),
        (["count", "steps=2..9", *METRIC, "--folds", "1"], "cross-validation has 2 to 100 folds"),
        (["count", "steps=2..9", *METRIC, "--pruner", "wilcoxon"], "give --folds K"),
        (["count", "steps=2..9", "--search", "gird"], "no search 'gird'; did you mean grid"),
        ([], "which recipe?"),
        (["--show", "nothing-0001"], "no run 'nothing-0001'"),
        (["--resume", "nothing-0001", "--sampler", "gp"], "--sampler cannot be given"),
    ],
)
def test_calls_that_are_refused(words: list[str], fault: str, capsys: Capture) -> None:
    assert main(["tune", *words]) == 2
    assert fault in capsys.readouterr().err


def test_a_run_is_no_study(finished: RunFolder, capsys: Capture) -> None:
    assert main(["tune", "--resume", finished.name]) == 2
    assert "is no study but a run" in capsys.readouterr().err


def test_a_study_is_changed_while_it_runs_and_its_trials_by_hand(
    checkpoints: Path, capsys: Capture
) -> None:
    call = ["tune", "count", "steps=50..90", "mood=calm,keen", "pause_s=0.05", *METRIC, "--pruner"]
    assert main([*call, "none", "--trials", "9", "--detach"]) == 0
    name = capsys.readouterr().out.split()[-1]
    folder = find(name, checkpoints)
    wait_for(folder, State.RUNNING)
    trial = RunFolder(folder.path / "trials" / "trial-0000")
    wait_for_step(trial)

    assert main(["set", name, "trials=2", "jobs=2", "steps=2..3", "mood=keen"]) == 0
    assert "steps: 50..90 → 2..3 from step 0" in capsys.readouterr().out
    assert main(["set", name, "pause_s=1"]) == 2
    assert "pause_s is the same in every trial" in capsys.readouterr().err
    assert main(["tune", "--enqueue", name, "steps=70"]) == 2
    assert "steps=70 lies outside of what is searched, 2..3" in capsys.readouterr().err
    assert main(["tune", "--note", name, "0", "an", "odd", "one"]) == 0
    assert main(["tune", "--prune", f"{name}/{trial.name}"]) == 0
    assert "ends as pruned" in capsys.readouterr().out
    wait_for(folder, State.FINISHED)

    assert main(["tune", "--show", name]) == 0
    said = capsys.readouterr().out
    assert "2 trials: 1 complete, 1 pruned" in said or "2 trials: 1 pruned, 1 complete" in said
    assert "an odd one" in said
    assert "keen    frozen" in said
    assert main(["tune", "--prune", name, "0"]) == 2
    assert "has ended: it is finished" in capsys.readouterr().err

    assert main(["run", "--from", name, "pause_s=0", "--json"]) == 0
    capsys.readouterr()
    again = find("lessons-count-0001", checkpoints).manifest().parameters
    assert (again["mood"], again["pause_s"]) == ("keen", 0)
    assert again["steps"] in {2, 3}
    assert main(["show", f"{name}/1"]) == 0
    assert "trial-0001 finished" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["tune", "--prune", "study"], "no run 'study'"),
        (["tune", "--prune", "study", "3", "--jobs", "2"], "--jobs cannot be given with it"),
        (["tune", "--prune", "study", "3", "--note", "study"], "--note cannot be given with it"),
        (["run"], "which recipe?"),
        (["run", "--from", "nothing-0001"], "no run 'nothing-0001'"),
    ],
)
def test_calls_about_trials_that_are_refused(words: list[str], fault: str, capsys: Capture) -> None:
    assert main(words) == 2
    assert fault in capsys.readouterr().err
