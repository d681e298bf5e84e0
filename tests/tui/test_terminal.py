"""The program in a real pseudo-terminal, driven by keys."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pyte
import pytest

from workbench import paths
from workbench.runs import events
from workbench.runs.folder import RunFolder, all_runs
from workbench.runs.state import State, status_of

COLUMNS, LINES = 80, 24
PATIENCE_S = 60.0
OPEN = """
import sys
from workbench import paths
from workbench.tui.app import run_app
sys.exit(run_app(paths.checkpoints_dir()))
"""


class Terminal:
    """A program behind a terminal, and its screen."""

    def __init__(self) -> None:
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self.program = pexpect.spawn(
            sys.executable,
            ["-c", OPEN],
            dimensions=(LINES, COLUMNS),
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            timeout=PATIENCE_S,
        )

    def read(self, span_s: float) -> int:
        """Take in what the program sends for a while; how many bytes it was."""
        deadline, count = time.monotonic() + span_s, 0
        while (left := deadline - time.monotonic()) > 0:
            try:
                data = self.program.read_nonblocking(65536, timeout=min(left, 0.05))
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                break
            count += len(data)
            self._stream.feed(data)
        return count

    def sees(self, text: str) -> None:
        """Wait until `text` is on the screen."""
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.text():
            assert time.monotonic() < deadline, f"waited for {text!r} before\n{self.text()}"
            self.read(0.05)

    def text(self) -> str:
        return "\n".join(self._screen.display)

    def press(self, keys: str) -> None:
        self.program.send(keys)

    def leave(self) -> int:
        """Leave by key; the exit status."""
        self.press("q")
        while self.program.isalive():
            self.read(0.05)
        self.program.close()
        status = self.program.exitstatus
        assert status is not None
        return int(status)


@pytest.fixture
def terminal(recipes: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Terminal]]:
    """Opens the program in new terminals."""
    monkeypatch.setenv(paths.RECIPES_VARIABLE, str(recipes))
    opened: list[Terminal] = []

    def open_one() -> Terminal:
        opened.append(Terminal())
        return opened[-1]

    yield open_one
    for one in opened:
        one.program.close(force=True)


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
