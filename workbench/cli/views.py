"""Ways to show a run while it lives: lines in a log, one line redrawn, curves redrawn in place."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TextIO

from workbench import units
from workbench.cli import curves, output, progress
from workbench.figures import cells
from workbench.runs.history import History
from workbench.runs.state import Status

LOG_INTERVAL_S = 5.0
LINE_INTERVAL_S = 0.2
CURVES_INTERVAL_S = 0.5
LOG_TAIL_LINES = 5
LOG_TAIL_BYTES = 4096


class View(Protocol):
    """Shows a run again and again; `say` puts a sentence above what is redrawn."""

    def show(self, history: History, status: Status) -> None: ...

    def say(self, text: str) -> None: ...

    def close(self) -> None: ...


class LogView:
    """A line when the state changes, and one every few seconds while steps are done: for files."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._state = ""
        self._step = -1
        self._due = 0.0
        self._messages = Messages()

    def show(self, history: History, status: Status) -> None:
        for text in self._messages.new(history):
            self.say(text)
        changed = status.state.value != self._state
        moved = status.step != self._step and time.monotonic() >= self._due
        if changed or moved:
            self._state, self._step = status.state.value, status.step
            self._due = time.monotonic() + LOG_INTERVAL_S
            self.say(progress.line(history, status))

    def say(self, text: str) -> None:
        output.say(text, self._stream)

    def close(self) -> None:
        """Nothing was changed that would have to be put back."""


class LineView:
    """One line, redrawn; for a person who watches a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._due = 0.0
        self._messages = Messages()

    def show(self, history: History, status: Status) -> None:
        for text in self._messages.new(history):
            self.say(text)
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + LINE_INTERVAL_S
        bar = progress.bar(status)
        text = f"{bar}  {progress.line(history, status)}" if bar else progress.line(history, status)
        self._write("\r" + cells.cut(text, output.screen_size()[0] - 1) + "\x1b[K")

    def say(self, text: str) -> None:
        self._write(f"\r\x1b[K{text}\n")
        self._due = 0.0

    def close(self) -> None:
        self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class CurvesView:
    """Progress, curves and the end of the log, redrawn in place."""

    def __init__(self) -> None:
        self._due = 0.0
        self._drawn = 0
        self._size = (0, 0)
        self._said = ""

    def show(self, history: History, status: Status) -> None:
        if time.monotonic() < self._due:
            return
        self._draw(self._frame(history, status))
        # Counted from the end of drawing: a slow terminal is not kept busy without a pause.
        self._due = time.monotonic() + CURVES_INTERVAL_S

    def say(self, text: str) -> None:
        self._said = text
        self._due = 0.0

    def close(self) -> None:
        """The last frame stays on the screen."""

    def _frame(self, history: History, status: Status) -> list[str]:
        width, height = output.screen_size()
        head = [
            output.styled(cells.cut(cells.clean(history.folder.name), width), "bold"),
            output.of_state(status.state.value, cells.cut(progress.line(history, status), width)),
        ]
        bar = progress.bar(status)
        foot = [bar] if bar else []
        foot += [cells.cut(text, width) for text in _log_tail(history.folder.output_file)]
        foot += [cells.cut(self._said, width)] if self._said else []
        room = height - len(head) - len(foot) - 2
        charts, left_out = curves.charts(history, width, room)
        more = [f"{left_out} more in a taller window"] if left_out else []
        return [*head, *charts, *more, *foot][: height - 1]

    def _draw(self, lines: Sequence[str]) -> None:
        size = output.screen_size()
        # After a resize the terminal has rewrapped the lines: counting back would miss.
        start = f"\x1b[{self._drawn}A\r" if size == self._size and self._drawn else "\x1b[H\x1b[2J"
        self._size, self._drawn = size, len(lines)
        sys.stdout.write(start + "".join(f"{line}\x1b[K\n" for line in lines) + "\x1b[J")
        sys.stdout.flush()


class Messages:
    """Hands out what the recipe told its user since the last time."""

    def __init__(self) -> None:
        self._shown = 0

    def new(self, history: History) -> list[str]:
        fresh = history.messages[self._shown :]
        self._shown = len(history.messages)
        return [
            ("warning: " if message.level == "warning" else "") + units.plain(message.text)
            for message in fresh
        ]


def _log_tail(file: Path) -> list[str]:
    """The last lines of the worker's output, safe to print."""
    try:
        with file.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(stream.tell() - LOG_TAIL_BYTES, 0))
            text = stream.read().decode(errors="replace")
    except OSError:
        return []
    # A progress bar redraws its line: only its newest state counts.
    lines = [line.rpartition("\r")[2] for line in text.replace("\r\n", "\n").split("\n")]
    return [cells.clean(line) for line in lines if line.strip()][-LOG_TAIL_LINES:]
