"""The program in a real pseudo-terminal, and its screen."""

from __future__ import annotations

import os
import sys
import time

import pexpect
import pyte

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

    def __init__(self, columns: int = COLUMNS, lines: int = LINES, **environ: str) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.sent = b""
        self.program = pexpect.spawn(
            sys.executable,
            ["-c", OPEN],
            dimensions=(lines, columns),
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **environ},
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
            self.sent += data
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

    def resize(self, columns: int, lines: int) -> None:
        self._screen.resize(lines, columns)
        self.program.setwinsize(lines, columns)

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

    def leave_after(self, keys: str) -> int:
        """Press keys that lead out of a page, then leave."""
        self.press(keys)
        self.read(0.5)  # an escape stands alone
        return self.leave()
