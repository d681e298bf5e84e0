"""`workbench tune`: a study from the call to its best trial, and calls that are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.cli.main import main
from workbench.runs.folder import RunFolder, all_runs, find
from workbench.runs.states import State

from .waiting import wait_for

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
    assert main(["tune", "count", "steps=50..90", "pause_s=0.1", *METRIC, "--detach"]) == 0
    name = capsys.readouterr().out.split()[-1]
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
