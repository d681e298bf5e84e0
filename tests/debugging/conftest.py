"""Small recipes of each kind, and one that was trained."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.debugging.recipe_source import SOURCES
from workbench.catalog import read_recipe
from workbench.debugging.protocol import OpenRecipe
from workbench.debugging.subject import Subject, of_recipe
from workbench.runs.folder import RunFolder
from workbench.runs.state import status_of
from workbench.runs.states import State
from workbench.workers.launch import Order, launch
from workbench.workers.standby import Standby


@pytest.fixture(scope="session")
def recipe_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files of the recipes in `recipe_source`, by name."""
    folder = tmp_path_factory.mktemp("recipes") / "looked_at"
    folder.mkdir()
    for name, source in SOURCES.items():
        (folder / f"{name}.py").write_text(source)
    return {name: folder / f"{name}.py" for name in SOURCES}


@pytest.fixture(scope="session")
def pictures(recipe_files: dict[str, Path]) -> Subject:
    """The untrained network on pictures."""
    return of_recipe(OpenRecipe(file=str(recipe_files["pictures"]), seed=3))


@pytest.fixture(scope="session")
def trained(
    recipe_files: dict[str, Path], standby: Standby, tmp_path_factory: pytest.TempPathFactory
) -> RunFolder:
    """A finished run of the network on pictures, with its checkpoints."""
    file = recipe_files["pictures"]
    order = Order(read_recipe(file, file.parent.parent), {"maps": 5, "lr": 0.01}, device="cpu")
    folder = launch(order, tmp_path_factory.mktemp("runs"), standby)
    deadline = time.monotonic() + 60
    while not (status := status_of(folder)).state.ended:
        assert time.monotonic() < deadline, folder.output_file.read_text()
        time.sleep(0.05)
    assert status.state is State.FINISHED, folder.output_file.read_text()
    return folder
