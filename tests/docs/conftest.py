"""The recipes of the page, written to a folder and run in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.docs import page
from workbench.catalog import RecipeInfo, discover
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.progress import Goal
from workbench.runs.recorder import Recorder
from workbench.runs.run import Run
from workbench.workers.attempt import TorchFiles, seed_everything
from workbench.workers.loading import load

SEED = 3


@dataclass
class Done:
    """A recipe that was run, its run, what was recorded, and the checkpoint that a stop leaves."""

    recipe: Any
    run: Run
    history: History
    saved: dict[str, Any]

    def last(self, metric: str) -> float:
        return float(self.history.series[metric].last)


Train = Callable[..., Done]


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that holds every file of the page."""
    folder = tmp_path_factory.mktemp("page")
    for path, source in page.files().items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source, encoding="utf-8")
    before = list(sys.path)
    yield folder
    sys.path[:] = before  # a recipe's own folders were put there


@pytest.fixture(scope="session")
def recipes(written: Path) -> dict[str, RecipeInfo]:
    """The recipes of the page by name, as the catalogue finds them."""
    return {
        info.name: info
        for info in discover([written / "my_recipes"])
        if info.file.is_relative_to(written)
    }


@pytest.fixture
def train(recipes: dict[str, RecipeInfo], tmp_path: Path) -> Train:
    """Runs a recipe to its end, or up to `most_steps`; `after` is what it goes on from."""

    def go(
        wanted: str, /, *, after: Done | None = None, most_steps: int | None = None, **values: Any
    ) -> Done:
        recipe_class = load(recipes[wanted].file)
        seed_everything(SEED)
        recipe = recipe_class(recipe_class.Params(**values), seed=SEED)
        folder = RunFolder(tmp_path / f"{wanted}-{len(list(tmp_path.iterdir()))}")
        folder.path.mkdir()
        run = Run(
            folder,
            Recorder(folder.events_file),
            recipe=recipe,
            files=TorchFiles(),
            step=0 if after is None else after.run.step,
            goal=Goal(recipe.monitor, recipe.monitor_mode) if recipe.monitor else None,
            most_steps=most_steps,
        )
        if after is not None:
            recipe.load_state_dict(after.saved["state"])
        recipe.run(run)
        saved = {} if most_steps is None else run.load(run.save(recipe.state_dict(), reason="stop"))
        run.wait_for_checkpoints()
        return Done(recipe, run, History(folder).read_all(), saved)

    return go
