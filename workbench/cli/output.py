"""What the command line writes: aligned tables, JSON, and colours where a terminal shows them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import TextIO

import msgspec

from workbench import units
from workbench.figures import cells

_GAP = 2
_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "magenta": "35",
    "cyan": "36",
}
_STATE_STYLES = {
    "queued": "yellow",
    "starting": "yellow",
    "running": "cyan",
    "paused": "yellow",
    "stopping": "yellow",
    "finished": "green",
    "preempted": "magenta",
    "failed": "red",
    "lost": "red",
    "live": "cyan",
}


def is_terminal(stream: TextIO | None = None) -> bool:
    """Whether a person looks at `stream` (default: standard output) on a terminal."""
    return (stream or sys.stdout).isatty()


def colours(stream: TextIO | None = None) -> bool:
    """Whether `stream` shows colours: a terminal, and neither $NO_COLOR nor a dumb one."""
    refused = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return is_terminal(stream) and not refused


def unicode() -> bool:
    """Whether standard output can say more than ASCII."""
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")


def screen_size() -> tuple[int, int]:
    """Columns and rows of the terminal; 80 and 24 where there is none."""
    size = shutil.get_terminal_size()
    return size.columns, size.lines


def styled(text: str, style: str, stream: TextIO | None = None) -> str:
    """`text` in bold, dim or a colour, where `stream` shows colours."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if style in _CODES and colours(stream) else text


def of_state(state: str, text: str = "") -> str:
    """The state's name, or `text`, in the state's colour."""
    return styled(text or state, _STATE_STYLES.get(state, ""))


def say(text: str = "", stream: TextIO | None = None) -> None:
    """One line or several at once, out of our hands when this returns."""
    print(text, file=stream or sys.stdout, flush=True)


def say_aside(text: str) -> None:
    """Diagnostics: on standard error, so that what is piped on stays clean."""
    say(text, sys.stderr)


def write_json(value: object) -> None:
    """`value` as indented JSON; NaN and infinities become null."""
    say(msgspec.json.format(msgspec.json.encode(value)).decode())


def write_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[int] = (),
    paint: Callable[[int, int, str], str] | None = None,
) -> None:
    """Rows under bold names; columns listed in `right` are flush right.

    Foreign texts are shown, never obeyed. On a terminal a row that is too long is cut. `paint` gets
    row, column and padded cell, and may add colours.
    """
    cleaned = [[cells.clean(cell) for cell in row] for row in rows]
    widths = [max(map(cells.width, column)) for column in zip(columns, *cleaned, strict=True)]
    if is_terminal():
        _yield_room(widths, screen_size()[0])

    def line(texts: Sequence[str], row: int) -> str:
        padded = [
            cells.fit(text, room, right=index in right)
            for index, (text, room) in enumerate(zip(texts, widths, strict=True))
        ]
        padded[-1] = padded[-1].rstrip()
        if paint is not None and row >= 0:
            padded = [paint(row, index, text) for index, text in enumerate(padded)]
        return (" " * _GAP).join(padded)

    say("\n".join([styled(line(columns, -1), "bold"), *(line(r, i) for i, r in enumerate(cleaned))]))


def _yield_room(widths: list[int], room: int) -> None:
    """Narrow the widest columns until a row fits `room` cells, or nothing more can be given."""
    while sum(widths) + _GAP * (len(widths) - 1) > room and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1


def word(value: object) -> str:
    """A parameter's value as a call takes it."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def number(value: float | str | None) -> str:
    """A value for a table: numbers in few digits, texts as they are."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else units.number(value)
