"""The stop ladder: what comes when, and a worker that does not leave is ended from its page."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from textual.pilot import Pilot

from workbench.catalog import read_recipe
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.state import status_of
from workbench.runs.states import State
from workbench.tui import stop_ladder
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens import stopping
from workbench.tui.screens.run import RunScreen
from workbench.tui.stop_ladder import StopLadder
from workbench.workers import launch

from .conftest import LivingRun
from .driving import LARGE, SMALL, drive, press, screen, sees, toasts, until


def test_each_rung_is_due_ten_seconds_after_the_one_before() -> None:
    now = [100.0]
    ladder = StopLadder(clock=lambda: now[0])
    ladder.asked()
    assert ladder.line == "asked to stop · SIGTERM is offered in 10 s, with s now"
    now[0] = 109.5
    assert not ladder.due
    assert "in 1 s" in ladder.line
    now[0] = 110.0
    assert (ladder.due, ladder.rung) == (True, "SIGTERM")
    ladder.sent("SIGTERM")
    assert not ladder.due
    assert ladder.line == "SIGTERM sent · SIGKILL is offered in 10 s, with s now"
    now[0] = 120.0
    assert (ladder.due, ladder.rung) == (True, "SIGKILL")
    ladder.wait()
    assert not ladder.due
    assert ladder.line == "SIGTERM sent · s offers SIGKILL"


def test_nothing_is_due_while_an_epoch_is_finished() -> None:
    ladder = StopLadder()
    ladder.asked("after this epoch")
    assert not ladder.due
    assert ladder.line == "asked to stop after this epoch · s offers SIGTERM"


@pytest.fixture
def deaf(checkpoints: Path, recipes: Path) -> RunFolder:
    """A run whose worker hears nothing: it was halted after its first step."""
    file = recipes / "lessons" / "count.py"
    order = launch.Order(read_recipe(file, recipes), {"pause_s": 0.01, "steps": 100_000})
    folder = launch.launch(order, checkpoints)
    deadline = time.monotonic() + 60
    while not (status := status_of(folder)).step:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(status.pid, signal.SIGSTOP)
    return folder


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_worker_that_does_not_leave_is_ended_rung_by_rung(
    app: WorkbenchApp,
    deaf: RunFolder,
    size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stopping, "DEAF_S", 0.0)
    pid = status_of(deaf).pid

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(deaf)
        await sees(pilot, "s stop")
        await press(pilot, "s y")
        await sees(pilot, "asked to stop · SIGTERM is offered in")
        await sees(pilot, "s end it")
        await press(pilot, "s")
        await sees(pilot, f"Send SIGTERM to process {pid}")
        await sees(pilot, "writes a checkpoint and")
        await press(pilot, "n")
        await sees(pilot, "asked to stop · s offers SIGTERM")
        monkeypatch.setattr(stop_ladder, "PATIENCE_S", 0.5)
        await press(pilot, "s")
        await sees(pilot, f"Send SIGTERM to process {pid}")
        await press(pilot, "y")
        await sees(pilot, "has not left yet")
        await sees(pilot, f"Send SIGKILL to process {pid}")
        assert "There is no checkpoint" in screen(pilot)
        assert status_of(deaf).state is State.RUNNING
        await press(pilot, "y")
        await sees(pilot, "? lost")
        await sees(pilot, f"worker {pid} is gone; cpu is free again: nobody holds a lease on it")

    drive(app, script, size)


def test_an_offer_that_comes_by_itself_hears_no_yes_meant_for_another(
    app: WorkbenchApp, deaf: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stop_ladder, "PATIENCE_S", 0.1)
    monkeypatch.setattr(stopping, "DEAF_S", 60.0)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(deaf)
        await sees(pilot, "s stop")
        await press(pilot, "s y")
        await sees(pilot, "has not left yet")
        await press(pilot, "y")
        assert isinstance(app.screen, stopping.OfferScreen)
        # Should the run leave after all, the question goes.
        os.kill(status_of(deaf).pid, signal.SIGCONT)
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await sees(pilot, "is free again")
        assert status_of(deaf).state is State.STOPPED

    drive(app, script)


def test_a_run_that_stops_after_its_epoch_is_not_pressed(app: WorkbenchApp, living: LivingRun) -> None:
    async def script(pilot: Pilot[None]) -> None:
        app.show_run(living.folder)
        await sees(pilot, "s stop")
        await press(pilot, "s e")
        await sees(pilot, "asked to stop after this epoch · s offers SIGTERM")
        asked = living.requests()[-1]
        assert isinstance(asked, control.Stop)
        assert asked.when == "epoch"
        assert toasts(pilot) == ""

    drive(app, script)
