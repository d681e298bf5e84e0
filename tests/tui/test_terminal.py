"""The program in a real pseudo-terminal, driven by keys."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench import paths
from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.runs.state import status_of
from workbench.runs.states import State

from .terminals import Terminal

WALK = '''
"""Walks, and remembers how far."""
import time

from workbench import Recipe, number


class Walk(Recipe):
    class Params(Recipe.Params):
        steps: int = number(5000, low=1, high=100_000, help="how far it walks")
        pause_s: float = number(0.02, low=0, high=10, live=True, help="seconds a step")

    at = 0

    def state_dict(self):
        return {"at": self.at}

    def load_state_dict(self, state):
        self.at = state["at"]

    def run(self, run):
        for self.at in run.steps(self.params.steps):
            run.log({"train/loss": 1 / (self.at + 1), "val/loss": 2 / (self.at + 1)})
            time.sleep(self.params.pause_s)
'''


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_life_of_a_run_over_two_terminals(
    terminal: Callable[[], Terminal],
    record: Callable[..., RunFolder],
    checkpoints: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In 80x24, with no key that the screen does not show; only values are typed."""
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "walk.py").write_text(WALK)
    monkeypatch.setenv(paths.RECIPES_VARIABLE, str(tmp_path))
    other = record(events.Finished(time=9.0, step=60), "lessons/walk")
    run, child = (RunFolder(checkpoints / f"lessons-walk-000{number}") for number in (2, 3))
    steered_until_the_terminal_is_lost(terminal())
    before = status_of(run)
    assert before.state is State.RUNNING

    again = terminal()
    again.sees("● 1 running")
    compared_and_forked(again, run, other)
    again.sees(f"{child.name}   ● running")
    again.sees("━━ train")
    ended_by_force(again, child)
    assert set(again.footer) >= {"back", "all keys", "leave"}
    assert again.leave() == 0
    after = status_of(run)
    assert after.state is State.RUNNING
    assert after.step > before.step


def steered_until_the_terminal_is_lost(one: Terminal) -> None:
    """Launch a run from its form, watch it, pause it, set a live parameter, write a checkpoint."""
    one.sees("walk")
    one.press_shown("filter")
    one.press("lessons/w")
    one.press_shown("to the list")
    one.sees("show all")
    one.press_shown("launch")
    one.sees("Parameters   the defaults")
    one.press("9000")
    one.press_shown("launch")
    one.sees("● running")
    one.sees("━━ train")
    one.sees("/9,000")
    one.press_shown("pause")
    one.sees("‖ paused")
    one.press_shown("resume")
    one.sees("● running")
    one.press_shown("set")
    one.sees("Set while it trains")
    one.press("0.03\r")
    one.sees("pause_s=0.03: done")
    one.press_shown("checkpoint")
    one.sees("checkpoint: done")
    one.hang_up()


def compared_and_forked(one: Terminal, run: RunFolder, other: RunFolder) -> None:
    """Find the run still training, with its curves; compare it, then fork it from its checkpoint."""
    one.press_shown("Runs")
    one.sees(run.name)
    one.press_shown("compare")
    one.sees(f"a  {run.name}")
    one.sees(f"b  {other.name}")
    one.sees("━━ a  ━━ b")
    one.press_shown("back")
    one.sees("1 Recipes")
    one.press_shown("open")
    one.sees("━━ train")
    one.sees("▾pause_s=0.03")
    one.press_shown("Checkpoints")
    one.sees("last.pt")
    one.press_shown("fork")
    one.sees(f"fork of {run.name} at step")
    one.press_shown("launch")


def ended_by_force(one: Terminal, run: RunFolder) -> None:
    """Stop, from its page, a run that hears nothing."""
    pid = status_of(run).pid
    os.kill(pid, signal.SIGSTOP)
    one.press_shown("stop")
    one.sees(f"Stop {run.name}?")
    one.press_shown("stop now")
    for rung in ("SIGTERM", "SIGKILL"):
        one.sees(f"{rung} is offered in")
        one.press_shown("end it")
        one.sees(f"to process {pid}?")
        one.press_shown(f"send {rung}")
    one.sees("? lost")
    one.sees(f"worker {pid} is gone")


def test_an_idle_page_sends_nothing(
    terminal: Callable[[], Terminal], record: Callable[..., RunFolder]
) -> None:
    record(events.Finished(time=9.0, step=60))
    open_one = terminal()
    open_one.sees("lessons  4")
    open_one.press("2")
    open_one.sees("✓ finished")
    open_one.press("\r")
    open_one.sees("━━ train")
    open_one.read(1.5)
    assert open_one.read(3.0) == 0
    assert open_one.leave() == 0
