"""`workbench show` of a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.cli.main import main
from workbench.runs import control, events
from workbench.runs.folder import Manifest, Parent, RecipeReference, RunFolder, create
from workbench.runs.recorder import Recorder


@pytest.fixture
def kept(record: Callable[..., RunFolder]) -> RunFolder:
    """A run that kept one checkpoint of two, and was relaunched with another rate."""
    folder = record(lr=0.1, mood="calm \x1b[2J")
    recorder = Recorder(folder.events_file)
    for step in (1, 2):
        file = f"step-0000000{step}.pt"
        recorder.record(
            events.Checkpoint(time=3.0, step=step, file=file, reason="kept", metrics={"loss": 0.5})
        )
    recorder.record(events.Stopped(time=4.0, step=3, by="SIGTERM"))
    recorder.close()
    (folder.path / "step-00000002.pt").write_bytes(bytes(2_500_000))
    control.ask(folder.control_file, control.Launch(time=1.0, parameters={"lr": 0.2}))
    return folder


def test_a_run_is_shown_with_the_checkpoints_that_are_there(
    kept: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", kept.name]) == 0
    said = capsys.readouterr()
    lines = {line.split()[0]: line.split() for line in said.out.splitlines() if line.strip()}
    assert "lessons-count-0001 preempted  step 3/3" in said.out
    assert lines["lr"] == ["lr", "0.2", "was", "0.1"]
    assert lines["step-00000002.pt"][1:4] == ["2", "2.5", "MB"]
    assert lines["step-00000002.pt"][-3:] == ["kept", "loss", "0.5"]
    assert "step-00000001.pt" not in said.out
    assert "\x1b" not in said.out
    assert "workbench resume lessons-count-0001" in said.err


def test_a_run_is_shown_as_json(kept: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "1", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["name"], shown["state"], shown["parameters"]["lr"]) == (kept.name, "preempted", 0.2)
    (one,) = shown["checkpoints"]
    assert (one["file"], one["step"], one["size_bytes"]) == ("step-00000002.pt", 2, 2_500_000)


def test_a_fork_names_its_parent_and_a_run_without_checkpoints_says_so(
    checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parent = Parent(run="lessons-count-0009", checkpoint="best.pt", step=1200)
    create(
        Manifest(name="", recipe=RecipeReference(id="lessons/count", file=""), parent=parent),
        checkpoints,
    )
    assert main(["show", "lessons-count-0001"]) == 0
    out = capsys.readouterr().out
    assert "forked from lessons-count-0009, best.pt at step 1,200" in out
    assert "no checkpoint yet" in out


def test_an_unknown_run_gets_the_nearest(
    finished: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "lessons-count-0007"]) == 2
    assert f"did you mean {finished.name}" in capsys.readouterr().err
