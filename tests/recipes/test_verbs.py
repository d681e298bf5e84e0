"""Every `Training` recipe tunes, inspects, resumes bit for bit, and is an estimator or says why not."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
import torch

from tests.recipes.quick import QUICK
from workbench.catalog import RecipeInfo, discover
from workbench.debugging import protocol
from workbench.debugging.desk import Desk
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.progress import Goal
from workbench.runs.recorder import Recorder
from workbench.runs.run import Run
from workbench.training import Training, suitability
from workbench.training.suitability import UnsuitableError
from workbench.tuning import samplers, space
from workbench.workers.attempt import TorchFiles, seed_everything
from workbench.workers.loading import load

RECIPES = [info for info in discover() if info.kind.endswith("Training")]
CUT, STEPS = 2, 4

each_recipe = pytest.mark.parametrize("info", RECIPES, ids=lambda info: info.id)


class _CutRun(Run):
    """A run that keeps what a checkpoint after step `CUT` holds."""

    recipe: Training
    cut: dict[str, Any]

    def steps(self, total: int) -> Iterator[int]:
        for step in super().steps(total):
            yield step
            if step == CUT:
                # Read back from the disk: what no checkpoint can hold does not come through.
                self.cut = self.load(self.save(self.recipe.state_dict(), name="cut"))


@dataclass(frozen=True)
class Done:
    """A training after its steps."""

    recipe: Training
    run: _CutRun
    history: History

    def points(self, first: int) -> dict[str, list[tuple[int, bytes]]]:
        """Every number recorded from that step on, bit for bit."""
        return {
            name: [
                (int(step), np.float64(value).tobytes())
                for step, value in zip(one.steps, one.values, strict=True)
                if step >= first
            ]
            for name, one in self.history.series.items()
        }


Train = Callable[..., Done]


@pytest.fixture
def train(tmp_path: Path) -> Iterator[Train]:
    """Makes the first steps of a training, or those after a checkpoint, in this process."""
    recorders = []

    def go(info: RecipeInfo, after: dict[str, Any] | None = None) -> Done:
        recipe = made(info, log_every=1)
        folder = RunFolder(tmp_path / ("whole" if after is None else "resumed"))
        folder.path.mkdir()
        recorders.append(Recorder(folder.events_file))
        run = _CutRun(
            folder,
            recorders[-1],
            recipe=recipe,
            files=TorchFiles(),
            step=0 if after is None else after["step"],
            goal=Goal(recipe.monitor, recipe.monitor_mode),
            most_steps=STEPS,
        )
        run.recipe = recipe
        if after is not None:
            recipe.load_state_dict(copy.deepcopy(after["state"]))
        recipe.run(run)
        run.wait_for_checkpoints()
        return Done(recipe, run, History(folder).read_all())

    yield go
    for recorder in recorders:
        recorder.close()


def made(info: RecipeInfo, **values: Any) -> Training:
    recipe_class = load(info.file)
    seed_everything(0)
    recipe = recipe_class(recipe_class.Params(**QUICK.get(info.id, {}), **values), seed=0)
    assert isinstance(recipe, Training)
    return recipe


@each_recipe
def test_a_training_tunes(info: RecipeInfo) -> None:
    recipe_class = load(info.file)
    searched = space.parse(recipe_class.Params.parameters, {}).searched
    assert "lr" in [dimension.name for dimension in searched]
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    distributions = {dimension.name: samplers.distribution(dimension) for dimension in searched}
    for _ in range(5):
        drawn = study.ask(distributions).params
        assert recipe_class.Params(**drawn).as_dict().items() >= drawn.items()
    assert recipe_class.monitor, "a study without --metric compares trials by it"


@each_recipe
def test_a_training_is_an_estimator_or_says_why_not(info: RecipeInfo) -> None:
    recipe = made(info)
    try:
        suitable = suitability.examine(recipe)
    except UnsuitableError as fault:
        assert fault.title and fault.remedy
    else:
        assert suitable.kind in {"classifier", "regressor", "net"}


def test_those_of_inputs_and_labels_are_classifiers() -> None:
    for name in ("fundamentals/mlp", "images/cnn"):
        assert suitability.examine(made(discover().find(name))).kind == "classifier"


@each_recipe
def test_a_training_is_inspected_or_says_why_not(info: RecipeInfo) -> None:
    desk = Desk()
    try:
        opened = desk.answer(
            protocol.OpenRecipe(file=str(info.file), parameters=QUICK.get(info.id, {}))
        )
        assert isinstance(opened, protocol.Opened) and opened.title == info.id
        if "layers" in opened.lacking:
            assert not opened.samples and opened.lacking["layers"]
            return
        table = desk.answer(protocol.Layers())
        assert isinstance(table, protocol.LayerTable) and table.layers and table.weights
        maps = desk.answer(protocol.Maps(layer=table.layers[-1].name))
        assert isinstance(maps, protocol.View) and maps.count
        sample = desk.answer(protocol.Sample(index=0))
        assert isinstance(sample, protocol.SampleView) and sample.figure is not None
    finally:
        desk.close()


@each_recipe
def test_a_training_resumes_bit_for_bit(info: RecipeInfo, train: Train) -> None:
    whole = train(info)
    assert whole.run.step == STEPS
    resumed = train(info, after=whole.run.cut)
    assert resumed.run.step == STEPS
    found = resumed.points(CUT + 1)
    assert any(found.values())
    expected = whole.points(CUT + 1)
    assert {name: points for name, points in found.items() if points} == {
        name: points for name, points in expected.items() if points
    }
    ours, theirs = resumed.recipe.net.state_dict(), whole.recipe.net.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
