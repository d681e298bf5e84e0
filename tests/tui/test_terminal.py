"""The program in a real pseudo-terminal, driven by keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.runs import events
from workbench.runs.folder import RunFolder, all_runs
from workbench.runs.state import State, status_of

from .terminals import Terminal


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_launch_watch_leave_and_find_the_run_again(
    terminal: Callable[[], Terminal], checkpoints: Path
) -> None:
    first = terminal()
    first.sees("lessons  4")
    first.press("/")
    first.press("lessons/count")
    first.sees("lessons  1")
    first.press("\r")
    first.sees("enter launch")
    first.press("\r")
    first.sees("1 to 100,000, log")
    first.press("5000\r")
    first.sees("● running")
    first.sees("━━ train")
    first.sees("/5,000")
    assert first.leave() == 0
    (folder,) = all_runs(checkpoints)
    assert status_of(folder).state is State.RUNNING

    again = terminal()
    again.sees("● 1 running")
    again.press("2")
    again.sees("lessons-count-0001")
    again.press("\r")
    again.sees("━━ train")
    again.press("s")
    again.sees("Stop lessons-count-0001?")
    again.press("y")
    again.sees("■ stopped")
    assert again.leave() == 0
    assert status_of(folder).state is State.STOPPED


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
