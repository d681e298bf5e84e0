"""How soon a key is answered while four runs record, beside an empty Textual app's table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import cycle
from statistics import median

import pyte

from benchmarks import measuring
from benchmarks.empty_app import ROWS
from benchmarks.live_runs import RECORDS_A_SECOND, LiveRuns, live_runs
from benchmarks.measuring import AtMost, Measured, Result
from benchmarks.terminal import Terminal

MOST_TIMES = 1.5
KEYS = 400
CONTENTS_KEYS = 60
RUNS = 4
PERCENTILE = 0.99
DOWN, UP = "\x1b[B", "\x1b[A"
# Beside all margins, inside the first column of either table.
COLUMN = 6
# Long enough that neither side's keys come in step with its own timers.
REST_S = 0.037


@dataclass
class Pressed:
    """A screen whose keys change, in turns, what `look` sees."""

    terminal: Terminal
    keys: Sequence[str]
    look: Callable[[pyte.Screen], object]

    def __post_init__(self) -> None:
        self._next = cycle(self.keys)

    def answer_s(self) -> float:
        """How long it took to the answer to the next key."""
        self.terminal.watch(REST_S)
        return self.terminal.answer_to(next(self._next), self.look)


def measure(keys: int = KEYS) -> Result:
    """Press keys in turns on a list, a page, and what they are compared with."""
    with (
        measuring.own_folders() as checkpoints,
        live_runs(checkpoints, RUNS) as runs,
        ExitStack() as open_,
    ):
        screens = [_list(open_, runs), _page(open_, runs), *_empty(open_)]
        values = measuring.interleave(keys, *(screen.answer_s for screen in screens))
        # The first tab is open again: an even number of keys.
        behind = [replace(screen, look=_contents) for screen in (screens[1], screens[3])]
        contents = measuring.interleave(CONTENTS_KEYS, *(screen.answer_s for screen in behind))
    names = ("list of runs, cursor", "page of a run, tabs", "empty table, cursor", "empty pages, tabs")
    measured = tuple(
        Measured(name, tuple(1e3 * value for value in column), "ms")
        for name, column in zip(names, values, strict=True)
    )
    late = [_percentile(one.values) for one in measured]
    return Result(
        name="key_to_paint",
        title="Key to paint",
        what="From a key to the output that changes the screen, in pseudo-terminals that pyte reads; "
        f"{keys} keys each, in turns, while {RUNS} runs record {RECORDS_A_SECOND} lines a second each. "
        "Cursor down and up in the list of runs, beside a Textual app with a table; from the log of a "
        "run to its curves and back, beside a Textual app with two pages of text: to the tab that is "
        "shown as open, which comes before its page.",
        target=f"99th percentile at most {MOST_TIMES:g} times that of the empty app",
        measured=measured,
        checks=(
            AtMost("99th percentile, list / table", late[0] / late[2], MOST_TIMES),
            AtMost("99th percentile, page / pages", late[1] / late[3], MOST_TIMES),
        ),
        notes=tuple(
            f"{one.what}: 99th percentile {measuring.amount(value, 'ms')}"
            for one, value in zip(measured, late, strict=True)
        )
        + tuple(
            f"{what}, to what is on the tab: median {measuring.amount(1e3 * median(column), 'ms')}, "
            f"99th percentile {measuring.amount(1e3 * _percentile(column), 'ms')}"
            for what, column in zip(("page of a run", "empty pages"), contents, strict=True)
        ),
    )


def _percentile(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[min(int(PERCENTILE * len(ordered)), len(ordered) - 1)]


def _list(open_: ExitStack, runs: LiveRuns) -> Pressed:
    terminal = open_.enter_context(Terminal(measuring.workbench_command()))
    terminal.wait_for("images", "cnn")
    terminal.press("2")
    terminal.wait_for(*(folder.name for folder in runs.folders))
    terminal.wait_until_helpers_rest()
    return Pressed(terminal, (DOWN, UP), _cursor)


def _page(open_: ExitStack, runs: LiveRuns) -> Pressed:
    pressed = _list(open_, runs)
    pressed.terminal.press("\r")
    pressed.terminal.wait_for("Curves", "train/accuracy")
    return Pressed(pressed.terminal, ("3", "1"), _open_tab)


def _empty(open_: ExitStack) -> tuple[Pressed, Pressed]:
    command = [sys.executable, "-m", "benchmarks.empty_app"]
    table = open_.enter_context(Terminal(command))
    table.wait_for(*(cell for row in ROWS for cell in row))
    pages = open_.enter_context(Terminal([*command, "pages"]))
    pages.wait_for("one and a line")
    return Pressed(table, (DOWN, UP), _cursor), Pressed(pages, ("3", "1"), _open_tab)


def _cursor(screen: pyte.Screen) -> object:
    """The backgrounds from line to line: the cursor's is another one."""
    return [screen.buffer[line][COLUMN].bg for line in range(screen.lines)]


def _contents(screen: pyte.Screen) -> bool:
    """Whether the first tab's page is shown, that of curves or of text."""
    return any(text in line for line in screen.display for text in ("train/accuracy", "one and a line"))


def _open_tab(screen: pyte.Screen) -> object:
    """Which cells are underlined: the open tab's name."""
    lines = range(screen.lines)
    return [[cell.underscore for cell in screen.buffer[line].values()] for line in lines]
