"""How soon the workbench shows its recipes, beside an empty Textual app that shows a table."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks import measuring
from benchmarks.empty_app import ROWS
from benchmarks.measuring import Measured, Result
from benchmarks.terminal import Terminal

MOST_TIMES = 1.3
RECIPES = ("images", "cnn", "from_scratch", "linear_regression")
CELLS = tuple(cell for row in ROWS for cell in row)


def measure(repetitions: int = 15) -> Result:
    """Start both in a pseudo-terminal and wait for what they have to show."""
    workbench = measuring.workbench_command()
    empty = [sys.executable, "-m", "benchmarks.empty_app"]
    with measuring.own_folders():
        shown_after(workbench, RECIPES)
        shown_after(empty, CELLS)
        ours, theirs = measuring.interleave(
            repetitions, lambda: shown_after(workbench, RECIPES), lambda: shown_after(empty, CELLS)
        )
    recipes, table = Measured("recipes on the screen", ours), Measured("empty app's table", theirs)
    return Result(
        name="tui_start",
        title="TUI start",
        what="From the start of the installed command until its topics and recipes stand on the screen "
        "of a pseudo-terminal (120 x 36, read by pyte), beside a Textual app that shows a table of "
        f"{len(ROWS)} rows, until all of its cells stand there.",
        target=f"at most {MOST_TIMES:g} times the empty app",
        measured=(recipes, table),
        checks=(measuring.ratio("recipes / table", recipes, table, MOST_TIMES),),
    )


def shown_after(command: Sequence[str], texts: Sequence[str]) -> float:
    """Seconds from the start of a program until all `texts` are on its screen."""
    with Terminal(command) as terminal:
        return terminal.wait_for(*texts) - terminal.began
