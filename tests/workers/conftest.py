"""A recipe that knows no torch, so that workers of it start in a fraction of a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.workers.recipe_source import COUNT
from workbench.catalog import RecipeInfo, read_recipe
from workbench.runs import state
from workbench.runs.folder import RunFolder


@pytest.fixture(scope="session")
def count_recipe(tmp_path_factory: pytest.TempPathFactory) -> RecipeInfo:
    """Counts to `steps`, `pace_s` seconds each, and runs the Python text `fault` at step `fault_at`."""
    root = tmp_path_factory.mktemp("recipes")
    file = root / "demo" / "count.py"
    file.parent.mkdir()
    file.write_text(COUNT)
    return read_recipe(file, root)


Until = Callable[..., state.Status]


@pytest.fixture
def until() -> Until:
    """Waits until a run's status is as wanted."""

    def wait(
        folder: RunFolder, wanted: Callable[[state.Status], bool], timeout_s: float = 60
    ) -> state.Status:
        deadline = time.monotonic() + timeout_s
        while not wanted(status := state.status_of(folder)):
            if time.monotonic() > deadline:
                output = folder.output_file.read_text() if folder.output_file.exists() else "none"
                pytest.fail(f"still {status}\noutput: {output}")
            time.sleep(0.02)
        return status

    return wait


@pytest.fixture
def ended(until: Until) -> Callable[[RunFolder], state.Status]:
    """Waits for a run's end."""
    return lambda folder: until(folder, lambda status: status.state.ended)


@pytest.fixture
def recipe_file(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Writes the source of a recipe to a file of its own."""

    def write(source: str) -> Path:
        folder = tmp_path / "own" / "topic"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"recipe_{len(list(folder.iterdir()))}.py"
        file.write_text(source)
        return file

    yield write
