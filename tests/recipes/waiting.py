"""Waiting for real runs."""

from __future__ import annotations

import time
from collections.abc import Callable

from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.state import Status, status_of


def wait_until(folder: RunFolder, holds: Callable[[Status], bool], timeout_s: float = 300) -> Status:
    """The first status of a run of which that is true."""
    deadline = time.monotonic() + timeout_s
    while not holds(status := status_of(folder)):
        assert time.monotonic() < deadline, status
        time.sleep(0.02)
    return status


def wait_until_ended(folder: RunFolder, timeout_s: float = 300) -> History:
    """The whole history of a run, once it has ended."""
    wait_until(folder, lambda status: status.state.ended, timeout_s)
    return History(folder).read_all()
