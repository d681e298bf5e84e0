"""Waiting for what a worker does."""

from __future__ import annotations

import time

from workbench.runs.folder import RunFolder
from workbench.runs.state import status_of
from workbench.runs.states import State

PATIENCE_S = 30.0


def wait_for(folder: RunFolder, *states: State) -> State:
    """Wait until the run is in one of `states`; fail with the state it is in instead."""
    deadline = time.monotonic() + PATIENCE_S
    while (state := status_of(folder).state) not in states:
        assert time.monotonic() < deadline, f"{folder.name} is {state}, not {states}"
        time.sleep(0.02)
    return state


def wait_for_step(folder: RunFolder, step: int = 1) -> None:
    """Wait until the worker has done a step."""
    deadline = time.monotonic() + PATIENCE_S
    while status_of(folder).step < step:
        assert time.monotonic() < deadline, f"{folder.name} never came to step {step}"
        time.sleep(0.02)
