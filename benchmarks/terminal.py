"""A program in a pseudo-terminal, and what a person would see of it."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType

import pexpect
import psutil
import pyte

from benchmarks.measuring import ROOT

COLUMNS, LINES = 120, 36
PATIENCE_S = 90.0
CLOSE_PATIENCE_S = 10.0
IDLE_S = 0.5
POLL_S = 0.05
QUIET_S = 0.04  # a program that has written nothing for so long has painted
QUIT_KEY = "\x11"  # ctrl+q, which Textual's apps obey on every screen
_READ_BYTES = 1 << 16


class Terminal:
    """Runs a program and shows what it writes; `began` is the instant before its start.

    A thread reads and notes the instant of each piece. Drawing, which is slow, comes after: it neither
    holds the program up nor counts in its time.
    """

    def __init__(self, command: Sequence[str], *, columns: int = COLUMNS, lines: int = LINES) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._written: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.began = time.perf_counter()
        self._child = pexpect.spawn(
            command[0], list(command[1:]), dimensions=(lines, columns), env=environment, cwd=ROOT
        )
        self._child.delaybeforesend = None
        self.received = 0  # bytes, of what was drawn
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave by the quit key, so that the program can end what it started; kill it if it stays."""
        self.press(QUIT_KEY)
        deadline = time.monotonic() + CLOSE_PATIENCE_S
        while self._child.isalive() and time.monotonic() < deadline:
            time.sleep(POLL_S)
        if self._child.isalive():
            self._child.kill(signal.SIGKILL)
        self._reader.join(CLOSE_PATIENCE_S)
        self._child.close(force=True)

    @property
    def process(self) -> psutil.Process:
        """The program."""
        return psutil.Process(self._child.pid)

    def cpu_s(self) -> float:
        """The processor's time that the program itself took so far, without its helpers."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    @property
    def text(self) -> str:
        """The screen as last drawn, line by line."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def press(self, keys: str) -> float:
        """Send characters as a keyboard would; the instant before they were sent."""
        pressed = time.perf_counter()
        with contextlib.suppress(OSError):  # the program has just left
            self._child.send(keys)
        return pressed

    def wait_for(self, *texts: str, absent: str = "") -> float:
        """Wait until all `texts`, and not `absent`, are on the screen; the instant when they came.

        Raises:
            TimeoutError: with the screen, when they do not come.
        """
        return self.wait_until(
            lambda shown: all(text in shown for text in texts) and not (absent and absent in shown)
        )

    def wait_until(self, seen: Callable[[str], bool]) -> float:
        """Wait until the screen is as `seen` wants it; the instant when it became so.

        Raises:
            TimeoutError: with the screen, when it does not come to that.
        """
        at = time.perf_counter()
        deadline = at + PATIENCE_S
        while not seen(self.text):
            try:
                at, piece = self._written.get(timeout=POLL_S)
            except queue.Empty:
                if time.perf_counter() > deadline or not self._child.isalive():
                    raise TimeoutError(f"waited in vain before this screen:\n{self.text}") from None
            else:
                self._draw(piece)
        return at

    def answer_to(self, keys: str, look: Callable[[pyte.Screen], object]) -> float:
        """Seconds from `keys` to the piece of output that changed what `look` sees of the screen.

        Drawing waits until the program is quiet, so that it does not delay the thread which reads.

        Raises:
            TimeoutError: when it does not change.
        """
        self.watch(0.0)
        before = look(self._screen)
        pressed = self.press(keys)
        deadline = pressed + PATIENCE_S
        answered: float | None = None
        while answered is None and time.perf_counter() < deadline:
            for at, piece in self._until_quiet():
                self._draw(piece)
                if answered is None and look(self._screen) != before:
                    answered = at
        if answered is not None:
            return answered - pressed
        raise TimeoutError(f"{keys!r} changed nothing on this screen:\n{self.text}")

    def watch(self, seconds: float) -> int:
        """Look at the screen for so long; how many bytes came."""
        time.sleep(seconds)
        count = 0
        with contextlib.suppress(queue.Empty):
            while True:
                _, piece = self._written.get_nowait()
                count += len(piece)
                self._draw(piece)
        return count

    def _draw(self, piece: bytes) -> None:
        self.received += len(piece)
        self._stream.feed(piece)

    def _until_quiet(self) -> list[tuple[float, bytes]]:
        pieces = []
        with contextlib.suppress(queue.Empty):
            while True:
                pieces.append(self._written.get(timeout=QUIET_S))
        return pieces

    def wait_until_helpers_rest(self) -> None:
        """Wait until the processes that the program started have stopped computing.

        Raises:
            TimeoutError: when they go on, or there are none.
        """
        deadline = time.monotonic() + PATIENCE_S
        before = 0.0
        while (now := self._helpers_cpu_s()) != before or not now:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the program's helpers do not rest after {now} s of processor time")
            before = now
            time.sleep(IDLE_S)

    def _helpers_cpu_s(self) -> float:
        total = 0.0
        for helper in self.process.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = helper.cpu_times()
                total += times.user + times.system
        return total

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # how Linux reports the end of a pseudo-terminal
            while piece := os.read(self._child.child_fd, _READ_BYTES):
                self._written.put((time.perf_counter(), piece))
