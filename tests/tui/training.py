"""Runs that were trained by real workers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from workbench.catalog import read_recipe
from workbench.params import Value
from workbench.runs.folder import RunFolder
from workbench.runs.state import status_of
from workbench.runs.states import State
from workbench.workers.launch import Order, launch
from workbench.workers.standby import Standby

PATIENCE_S = 60.0


def finished(file: Path, values: Mapping[str, Value], standby: Standby, runs: Path) -> RunFolder:
    """A run of the recipe in `file`, once it has finished."""
    order = Order(read_recipe(file, file.parent.parent), dict(values), device="cpu")
    folder = launch(order, runs, standby)
    deadline = time.monotonic() + PATIENCE_S
    while not (status := status_of(folder)).state.ended:
        assert time.monotonic() < deadline, folder.output_file.read_text()
        time.sleep(0.05)
    assert status.state is State.FINISHED, folder.output_file.read_text()
    return folder
