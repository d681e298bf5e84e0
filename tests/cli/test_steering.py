"""Stop, pause, resume, fork and set, with real workers; `resume` has more in test_resuming."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from workbench.cli.main import main
from workbench.runs.folder import RunFolder, find
from workbench.runs.state import status_of
from workbench.runs.states import State
from workbench.workers import ending

from .waiting import wait_for, wait_for_step


@pytest.fixture
def slow(checkpoints: Path, capsys: pytest.CaptureFixture[str]) -> RunFolder:
    """A run that is alive and has done its first step."""
    assert main(["run", "count", "--detach", "steps=5000", "pause_s=0.02"]) == 0
    folder = find(capsys.readouterr().out.strip(), checkpoints)
    wait_for_step(folder)
    return folder


def test_a_living_run_is_steered(slow: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    name = slow.name
    assert main(["pause", name]) == 0
    assert f"{name}: paused  step" in capsys.readouterr().out
    assert status_of(slow).state is State.PAUSED
    assert main(["resume", name, "pause_s=0.01"]) == 2
    assert "workbench set" in capsys.readouterr().err
    assert main(["resume", name]) == 0
    assert status_of(slow).state is State.RUNNING
    assert main(["resume", name]) == 2
    assert main(["set", name, "pause_s=0.01"]) == 0
    assert "pause_s: 0.02 → 0.01 from step" in capsys.readouterr().out
    assert main(["set", name, "steps=3", "pause_s=99", "nothing=1"]) == 2
    err = capsys.readouterr().err
    assert "steps cannot be set" in err
    assert "pause_s=99 is out of bounds" in err
    assert "nothing cannot be set" in err
    assert main(["rm", name, "--yes"]) == 2
    assert slow.path.is_dir()
    assert main(["stop", name]) == 0
    assert f"{name}: stopped  step" in capsys.readouterr().out
    assert status_of(slow).state is State.STOPPED


def test_a_stopped_run_is_resumed_with_other_values(
    checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "count", "steps=3"]) == 0
    assert main(["resume", "1", "steps=6"]) == 0
    assert "lessons-count-0001: attempt 2 starts" in capsys.readouterr().out
    folder = find("1", checkpoints)
    assert wait_for(folder, State.FINISHED)
    assert (status_of(folder).step, status_of(folder).attempt) == (6, 2)


def test_a_killed_worker_is_lost_and_never_running(
    slow: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    os.kill(status_of(slow).pid, signal.SIGKILL)
    wait_for(slow, State.LOST)
    assert main(["runs"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if slow.name in line)
    assert "lost" in row
    assert "running" not in row


def test_what_has_ended_cannot_be_asked(
    finished: RunFolder, slow: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stop", slow.name, finished.name]) == 2
    assert f"{finished.name} has ended: it is finished" in capsys.readouterr().err
    assert not status_of(slow).state.ended
    assert main(["set", finished.name, "pause_s=1"]) == 2
    assert f"workbench resume {finished.name} name=value" in capsys.readouterr().err


def test_a_fork_needs_a_checkpoint_that_is_there(
    finished: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fork", finished.name, "--checkpoint", "best"]) == 2

    err = capsys.readouterr().err
    assert f"no checkpoint of {finished.name} 'best.pt'" in err
    assert "it has none yet" in err


def test_a_run_that_does_not_leave_is_ended_by_force(
    slow: RunFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "PATIENCE_S", 0.3)
    worker = status_of(slow).pid
    os.kill(worker, signal.SIGSTOP)
    assert main(["stop", slow.name, "--kill"]) == 0
    told = capsys.readouterr()
    assert f"SIGTERM to process {worker}" in told.err
    assert f"SIGKILL to process {worker}. The worker ends at once." in told.err
    assert f"{slow.name}: lost" in told.out
    assert f"worker {worker} is gone; cpu is free again" in told.out
    assert status_of(slow).state is State.LOST


def test_a_run_that_leaves_when_asked_is_not_hurt(
    slow: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stop", slow.name, "--kill"]) == 0
    told = capsys.readouterr()
    assert "SIG" not in told.err
    assert f"{slow.name}: stopped" in told.out
