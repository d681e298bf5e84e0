"""Waiting for the ends of runs, and handing SIGTERM on to their workers meanwhile."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Self

from workbench.cli import output, progress
from workbench.cli.main import DONE, INTERRUPTED
from workbench.runs.folder import RunFolder
from workbench.runs.lock import holder
from workbench.runs.state import status_of

POLL_S = 0.3


class Termination:
    """Notes SIGTERM while it is entered, and hands it on to workers of this host, to each once.

    A cluster that takes a machine away ends a job with its first process: that one has to outlast the
    workers, who finish their step and write a checkpoint.
    """

    def __init__(self) -> None:
        self.asked = False
        self._told: set[int] = set()

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGTERM, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self._before)

    def hand_on(self, folder: RunFolder) -> None:
        """Tell the run's worker, if it is time to leave; nothing happens where it has none yet."""
        living = holder(folder.lock_file) if self.asked else None
        if living is not None and living.pid and living.pid not in self._told:
            self._told.add(living.pid)
            with suppress(ProcessLookupError):  # it has left since
                os.kill(living.pid, signal.SIGTERM)

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def wait_for_ends(folders: Sequence[RunFolder]) -> int:
    """Say of each run how it ended; the exit status of the worst end, 0 where all finished."""
    left, exit_status = list(folders), DONE
    try:
        with Termination() as termination:
            while left:
                for folder in list(left):
                    termination.hand_on(folder)
                    status = status_of(folder)
                    if status.state.ended:
                        left.remove(folder)
                        progress.say_end(folder.name, status)
                        exit_status = progress.worst(exit_status, progress.EXIT_STATUS[status.state])
                if left:
                    time.sleep(POLL_S)
    except KeyboardInterrupt:
        output.say_aside(f"left to themselves: {', '.join(folder.name for folder in left)}")
        return INTERRUPTED
    return exit_status
