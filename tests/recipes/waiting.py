"""Waiting for real runs."""

from __future__ import annotations

import time

from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.state import status_of


def wait_until_ended(folder: RunFolder, timeout_s: float = 300) -> History:
    """The whole history of a run, once it has ended."""
    deadline = time.monotonic() + timeout_s
    while not status_of(folder).state.ended:
        assert time.monotonic() < deadline, status_of(folder)
        time.sleep(0.02)
    return History(folder).read_all()
