"""In a real pseudo-terminal: Ctrl-C, a closed terminal, live curves."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pyte

from workbench.runs.folder import RunFolder, find
from workbench.runs.state import status_of
from workbench.runs.states import State

from .waiting import PATIENCE_S, wait_for, wait_for_step

NAME = "lessons-count-0001"
SLOW = ["run", "count", "steps=5000", "pause_s=0.02"]
SIZE = (24, 80)


@contextmanager
def terminal(*call: str) -> Iterator[pexpect.spawn[bytes]]:
    environment = {**os.environ, "TERM": "xterm-256color"}
    environment.pop("COLUMNS", None)
    child = pexpect.spawn(
        sys.executable,
        ["-m", "workbench", *call],
        dimensions=SIZE,
        timeout=PATIENCE_S,
        env=environment,
    )
    try:
        yield child
    finally:
        child.close(force=True)


def exit_status(child: pexpect.spawn[bytes]) -> int | None:
    child.expect(pexpect.EOF)
    child.wait()
    return child.exitstatus


def test_ctrl_c_stops_the_run_and_waits_for_its_end(checkpoints: Path) -> None:
    with terminal(*SLOW) as child:
        child.expect("running")
        child.sendintr()
        child.expect("asked it to stop")
        child.expect(f"{NAME} stopped")
        assert exit_status(child) == 130

    assert status_of(find(NAME, checkpoints)).state is State.STOPPED


def test_ctrl_c_twice_leaves_a_run_that_does_not_hear(checkpoints: Path) -> None:
    with terminal("run", "count", "steps=50", "pause_s=9") as child:
        child.expect("running")
        child.sendintr()
        child.expect("asked it to stop")
        child.sendintr()
        child.expect(f"workbench watch {NAME}")
        assert exit_status(child) == 130

    assert not status_of(find(NAME, checkpoints)).state.ended


def test_a_closed_terminal_does_not_stop_the_run(checkpoints: Path) -> None:
    with terminal(*SLOW) as child:
        child.expect("running")
        child.close(force=True)  # hangs up: the kernel sends SIGHUP to all who had the terminal
    folder = find(NAME, checkpoints)
    wait_for_step(folder, status_of(folder).step + 5)

    assert status_of(folder).state is State.RUNNING


def test_watch_draws_live_curves_and_leaves_the_run_alone(checkpoints: Path) -> None:
    with terminal(*SLOW, "--detach") as child:
        assert exit_status(child) == 0
    folder = find(NAME, checkpoints)
    with terminal("watch", NAME) as child:
        first = screen_with(child, "└")
        assert first[0].startswith(NAME)
        assert first[1].startswith("running  step")
        assert any("train/loss" in line and "val/loss" in line for line in first)
        child.sendintr()
        child.expect(f"{NAME} goes on")
        assert exit_status(child) == 130

    assert status_of(folder).state is State.RUNNING


def test_watch_ends_with_the_run(checkpoints: Path) -> None:
    with terminal("run", "count", "steps=60", "pause_s=0.02", "--detach") as child:
        assert exit_status(child) == 0
    with terminal("watch", NAME) as child:
        child.expect(f"{NAME} finished")
        assert exit_status(child) == 0

    assert wait_for(RunFolder(checkpoints / NAME), State.FINISHED)


def test_removal_asks_first(checkpoints: Path) -> None:
    with terminal("run", "count", "steps=1") as child:
        assert exit_status(child) == 0
    for answer, left in (("n", True), ("y", False)):
        with terminal("rm", NAME) as child:
            child.expect_exact(f"delete {NAME}")
            child.sendline(answer)
            assert exit_status(child) == (1 if left else 0)
        assert (checkpoints / NAME).is_dir() is left


def screen_with(child: pexpect.spawn[bytes], text: str) -> list[str]:
    """The lines of the screen once it shows `text`."""
    screen = pyte.Screen(SIZE[1], SIZE[0])
    stream = pyte.ByteStream(screen)
    while not any(text in line for line in screen.display):
        stream.feed(child.read_nonblocking(65536, timeout=PATIENCE_S))
    return list(screen.display)
