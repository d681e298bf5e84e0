"""Trains small recipes in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.line import Line
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.progress import Goal
from workbench.runs.recorder import Recorder
from workbench.runs.run import Run
from workbench.training import Training
from workbench.workers.attempt import TorchFiles

Train = Callable[..., tuple[Training, Run, History]]


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., tuple[Training, Run, History]]:
    """Builds a recipe and its run in a folder of its own; nothing has been trained yet."""

    def build(
        recipe_class: type[Training] = Line,
        *,
        folder: str = "run",
        state: Any = None,
        step: int = 0,
        most_steps: int | None = None,
        **values: Any,
    ) -> tuple[Training, Run, History]:
        place = RunFolder(tmp_path / folder)
        place.path.mkdir(exist_ok=True)
        torch.manual_seed(0)
        recipe = recipe_class(recipe_class.Params(**values), seed=1)
        if state:
            recipe.load_state_dict(state)
        run = Run(
            place,
            Recorder(place.events_file),
            recipe=recipe,
            files=TorchFiles(),
            step=step,
            goal=Goal(recipe.monitor, recipe.monitor_mode),
            most_steps=most_steps,
        )
        run.steering.save_now = lambda reason: run.save(recipe.state_dict(), reason=reason)
        return recipe, run, History(place)

    return build


@pytest.fixture
def train(start: Train) -> Train:
    """Trains to the end and reads what was recorded."""

    def go(*arguments: Any, **options: Any) -> tuple[Training, Run, History]:
        recipe, run, history = start(*arguments, **options)
        recipe.run(run)
        return recipe, run, history.read_all()

    return go
