"""`workbench resume`, of one run and of all that were preempted, with real workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.cli.main import main
from workbench.runs import control, events
from workbench.runs.folder import RunFolder, all_runs, find
from workbench.runs.state import status_of
from workbench.runs.states import State

from .waiting import wait_for, wait_for_step

Capture = pytest.CaptureFixture[str]


def started(checkpoints: Path, capsys: Capture, *words: str) -> RunFolder:
    """A run that is alive and has done its first step."""
    assert main(["run", "count", "--detach", *words]) == 0
    folder = find(capsys.readouterr().out.strip(), checkpoints)
    wait_for_step(folder)
    return folder


def preempted(checkpoints: Path, capsys: Capture, *words: str) -> RunFolder:
    """A run that SIGTERM ended."""
    folder = started(checkpoints, capsys, *(words or ("steps=5000", "pause_s=0.02")))
    os.kill(status_of(folder).pid, signal.SIGTERM)
    wait_for(folder, State.PREEMPTED)
    return folder


def test_a_preempted_run_is_listed_with_how_it_goes_on(checkpoints: Path, capsys: Capture) -> None:
    folder = preempted(checkpoints, capsys)
    assert main(["runs", "preempted"]) == 0
    (row,) = capsys.readouterr().out.splitlines()[1:]
    step = status_of(folder).step
    assert row.endswith(
        f"preempted (SIGTERM) at step {step}; resume it with: workbench resume {folder.name}"
    )
    assert main(["watch", folder.name]) == 143
    said = capsys.readouterr()
    assert f"{folder.name} preempted  step {step}/5,000" in said.out
    assert f"workbench resume {folder.name}" in said.err
    assert "output.log" not in said.err


def test_all_preempted_runs_are_resumed_by_one_command_and_no_others(
    checkpoints: Path, record: Callable[..., RunFolder], capsys: Capture
) -> None:
    stopped = record(events.Stopped(time=4.0, step=2, by="someone"))
    lost = record()
    two = [preempted(checkpoints, capsys) for _ in range(2)]
    assert main(["resume", "--preempted"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{run.name}: attempt 2 starts" for run in two]
    for run in two:
        wait_for(run, State.RUNNING)
    assert len(list(all_runs(checkpoints))) == 4
    assert (status_of(stopped).state, status_of(lost).state) == (State.STOPPED, State.LOST)
    assert main(["resume", "--preempted"]) == 0
    assert "no preempted runs" in capsys.readouterr().err


def test_one_that_cannot_be_resumed_is_named_and_stops_no_other(
    checkpoints: Path, record: Callable[..., RunFolder], capsys: Capture
) -> None:
    gone = record(events.Stopped(time=4.0, step=2, by="SIGTERM"), recipe="lessons/gone")
    sound = preempted(checkpoints, capsys)
    assert main(["resume", "--preempted"]) == 1
    said = capsys.readouterr()
    assert said.out == f"{sound.name}: attempt 2 starts\n"
    assert gone.name in said.err
    wait_for(sound, State.RUNNING)


@pytest.mark.parametrize("words", [["1"], ["steps=3"], ["--on-nan", "skip"]])
def test_all_preempted_runs_take_neither_names_nor_values(words: list[str], capsys: Capture) -> None:
    assert main(["resume", "--preempted", *words]) == 2
    assert "neither names nor values" in capsys.readouterr().err


def test_a_run_has_to_be_named(capsys: Capture) -> None:
    assert main(["resume"]) == 2
    assert "workbench resume --preempted" in capsys.readouterr().err


def test_options_may_stand_before_the_run(checkpoints: Path, capsys: Capture) -> None:
    folder = preempted(checkpoints, capsys)
    assert main(["resume", "--device", "cpu", folder.name, "steps=3", "pause_s=0"]) == 0
    assert wait_for(folder, State.FINISHED)


def test_a_living_run_is_refused_naming_process_and_host(checkpoints: Path, capsys: Capture) -> None:
    folder = started(checkpoints, capsys, "steps=5000", "pause_s=0.02")
    assert main(["resume", folder.name]) == 2
    pid = status_of(folder).pid
    assert f"{folder.name} is running (pid {pid} on " in capsys.readouterr().err


def test_waiting_ends_with_the_runs_and_tells_the_worst(checkpoints: Path, capsys: Capture) -> None:
    folder = preempted(checkpoints, capsys)
    assert main(["resume", folder.name, "steps=4", "pause_s=0", "--wait"]) == 0
    said = capsys.readouterr()
    assert f"{folder.name} finished  step 4/4" in said.out
    assert "workbench watch" not in said.err


def test_waiting_hands_sigterm_on_and_outlasts_the_workers(checkpoints: Path, capsys: Capture) -> None:
    two = [preempted(checkpoints, capsys) for _ in range(2)]
    command = [sys.executable, "-m", "workbench", "resume", "--preempted", "--wait"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as waiting:
        for run in two:
            wait_for(run, State.RUNNING)
            wait_for_step(run, 2)
        waiting.send_signal(signal.SIGTERM)
        out, _ = waiting.communicate(timeout=30)
    assert waiting.returncode == 143
    for run in two:
        assert (status_of(run).state, status_of(run).attempt) == (State.PREEMPTED, 2)
        assert f"{run.name} preempted  step" in out


def test_a_foreground_run_hands_sigterm_on(checkpoints: Path) -> None:
    command = [sys.executable, "-m", "workbench", "run", "count", "steps=5000", "pause_s=0.02"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        folder = RunFolder(checkpoints / "lessons-count-0001")
        wait_for_step(folder)
        client.send_signal(signal.SIGTERM)
        out, _ = client.communicate(timeout=30)
    assert client.returncode == 143
    assert "lessons-count-0001 preempted" in out
    assert status_of(folder).state is State.PREEMPTED


def test_ctrl_c_leaves_what_is_waited_for(checkpoints: Path, capsys: Capture) -> None:
    folder = preempted(checkpoints, capsys)

    def interrupt() -> None:
        wait_for(folder, State.RUNNING)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    assert main(["resume", folder.name, "--wait"]) == 130
    assert "left to themselves" in capsys.readouterr().err
    assert status_of(folder).state is State.RUNNING
    control.ask(folder.control_file, control.Stop())
    wait_for(folder, State.STOPPED)
