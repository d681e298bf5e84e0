"""The program in a real pseudo-terminal, and its screen."""

from __future__ import annotations

import os
import re
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

# What a terminal sends for the keys that the footer calls by a name.
_SENT = {"enter": "\r", "esc": "\x1b", "space": " ", "tab": "\t", "→": "\x1b[C", "↓": "\x1b[B"}


def keys_in(line: str) -> dict[str, str]:
    """The keys that a line offers, `s stop  p pause`, by what they do."""
    offers = (offer.split(" ", 1) for offer in re.split(r"\s{2,}", line.strip()) if " " in offer)
    return {label: key for key, label in offers}


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

    @property
    def footer(self) -> dict[str, str]:
        """The keys that the last line offers, by what they do."""
        return keys_in(self._screen.display[-1])

    def press_shown(self, label: str) -> None:
        """Wait until the screen rests and offers a key for what `label` names; press it."""
        deadline = time.monotonic() + PATIENCE_S
        # A line of which half is drawn offers keys that no screen has.
        while self.read(0.1) or (key := self._offered(label)) is None:
            assert time.monotonic() < deadline, f"no key for {label!r} on\n{self.text()}"
        control = chr(ord(key[1]) & 0x1F) if key.startswith("^") else key
        self.press(_SENT.get(key, control))

    def _offered(self, label: str) -> str | None:
        """The footer has most of them; tabs, places and questions have theirs in lines of their own."""
        lines = [keys_in(line) for line in reversed(self._screen.display)]
        return next((line[label] for line in lines if label in line), None)

    def resize(self, columns: int, lines: int) -> None:
        self._screen.resize(lines, columns)
        self.program.setwinsize(lines, columns)

    def press(self, keys: str) -> None:
        self.program.send(keys)

    def hang_up(self) -> None:
        """Close the terminal under the program, as a lost connection does; return when it is gone."""
        self.program.ptyproc.fileobj.close()
        deadline = time.monotonic() + PATIENCE_S
        while self.program.isalive():
            assert time.monotonic() < deadline, "the program outlives its terminal"
            time.sleep(0.02)

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
