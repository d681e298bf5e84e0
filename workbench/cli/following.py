"""Following a run until it ends; `workbench watch`."""

from __future__ import annotations

import argparse
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Self

from workbench import units
from workbench.cli import curves, output, progress
from workbench.cli.main import INTERRUPTED
from workbench.cli.views import CurvesView, LogView, View
from workbench.cli.waiting import Termination
from workbench.cli.watching import find_watched
from workbench.runs.folder import RunFolder
from workbench.runs.foreign.opening import open_history
from workbench.runs.history import History
from workbench.runs.state import Status

POLL_S = 0.1
CLOSING_CHARTS = 3
CLOSING_HEIGHT = 12


class Interrupts:
    """Counts Ctrl-C while it is entered, so that none tears a read or a redraw apart."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1


def follow(
    folder: RunFolder,
    view: View,
    interrupts: Interrupts,
    on_interrupt: Callable[[int, View], bool],
    termination: Termination | None = None,
) -> tuple[History, Status]:
    """Show a run until it ends; what is known of it then.

    `on_interrupt` is called with the number of each Ctrl-C; when it returns false, the run is left
    alone. A `termination` is handed on to its worker.
    """
    history = open_history(folder)
    heard = 0
    while True:
        more = history.read()
        status = history.status()
        if status.state.ended:
            history.read_all()  # its last word came after what was read a moment ago
        view.show(history, status)
        if status.state.ended:
            break
        if termination is not None:
            termination.hand_on(folder)
        if interrupts.count > heard:
            heard += 1
            if not on_interrupt(heard, view):
                break
        time.sleep(0.0 if more else POLL_S)
    view.close()
    return history, status


def watch_run(args: argparse.Namespace) -> int:
    """Live curves until the run ends; Ctrl-C leaves the run alone."""
    folder = find_watched(args.run, args.checkpoints)
    folder.manifest()
    on_screen = output.is_terminal()
    view: View = CurvesView() if on_screen else LogView()
    with Interrupts() as interrupts:
        history, status = follow(folder, view, interrupts, lambda _count, _view: False)
    if not status.state.ended:
        say_left_alone(folder)
        return INTERRUPTED
    if not on_screen:
        say_curves(history)
    progress.say_outcome(history, status)
    return progress.EXIT_STATUS[status.state]


def say_left_alone(folder: RunFolder) -> None:
    """What becomes of a run that one no longer follows."""
    name = units.plain(folder.name)
    how = "" if folder.read_only else f"; stop it with: workbench stop {name}"
    output.say(f"{name} goes on{how}")


def say_curves(history: History) -> None:
    """The run's curves, for a last look; what never changed tells nothing."""
    width = min(output.screen_size()[0], 100)
    moving = [name for name, series in history.series.items() if curves.moves(series)]
    for title, names in list(curves.groups(moving).items())[:CLOSING_CHARTS]:
        for line in curves.chart(history, title, names, width, CLOSING_HEIGHT):
            output.say(line)
