"""Each sickness is named by its diagnosis, and a healthy network is called healthy, over five seeds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recipes.debugging.sick_networks import CASES, SickNetworks
from recipes.fundamentals.mlp import DigitsMLP
from recipes.images.cnn import DigitsCNN
from tests.recipes.shown import rows, shown
from workbench.debugging.diagnosis import diagnose
from workbench.debugging.evidence import Evidence
from workbench.debugging.findings import HEALTHY, SICKNESSES
from workbench.debugging.reading import gathered
from workbench.figures import data
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.recorder import Recorder
from workbench.runs.run import Run
from workbench.training import Training
from workbench.training.guard import NonFiniteError
from workbench.workers.attempt import TorchFiles, seed_everything

SEEDS = range(5)
SHORT = {"epochs": 4}  # 84 steps, four probes
EPOCHS_TO_OVERFIT = 10

Go = Callable[..., History]


@pytest.fixture
def go(tmp_path: Path) -> Go:
    """Trains a recipe in this process, to its end or to the first number that is not finite."""

    def train(recipe_class: type[Training], seed: int, **values: Any) -> History:
        folder = RunFolder(tmp_path / f"run-{seed}")
        folder.path.mkdir()
        seed_everything(seed)
        recipe = recipe_class(recipe_class.Params(**values), seed=seed)
        run = Run(folder, Recorder(folder.events_file), recipe=recipe, files=TorchFiles())
        try:
            recipe.run(run)
        except NonFiniteError:
            assert values.get("sickness") == "non_finite"
        run.wait_for_checkpoints()
        return History(folder).read_all()

    return train


def found(history: History) -> list[str]:
    """The titles of what the recipe's own diagnosis says, causes first."""
    return [str(row[0]) for row in rows(history, "diagnosis")]


@pytest.mark.slow
@pytest.mark.parametrize("sickness", CASES)
def test_it_is_named_over_five_seeds(go: Go, sickness: str) -> None:
    values = {"epochs": EPOCHS_TO_OVERFIT} if sickness == "overfitting" else SHORT
    named = {seed: found(go(SickNetworks, seed, sickness=sickness, **values)) for seed in SEEDS}
    assert {seed: titles[0] for seed, titles in named.items()} == dict.fromkeys(
        SEEDS, SICKNESSES[sickness].title
    )
    if sickness == HEALTHY:
        assert all(len(titles) == 1 for titles in named.values())


def test_every_sickness_has_its_network() -> None:
    assert set(CASES) == set(SICKNESSES)


def test_what_probes_saw_stands_beside_what_was_put_in(go: Go) -> None:
    history = go(SickNetworks, 0, sickness="dead_relus", **SHORT)
    gradients = shown(history, "gradients", data.Matrix)
    assert [*gradients.columns] == ["20", "40", "60", "80"]
    assert [*gradients.rows] == ["dense_1", "relu_1", "dense_2", "relu_2", "output"]
    dead = shown(history, "dead units", data.Matrix)
    shares = dict(zip(dead.rows, dead.values, strict=True))
    assert shares["relu_1"] == shares["relu_2"] == [1.0] * 4
    assert shares["dense_1"] == [0.0] * 4
    assert shown(history, "updates", data.Curves).log_y
    words = shown(history, "in words", data.Text)
    assert "Put in: dead ReLUs; found: dead ReLUs" in words.title
    assert "64 of 64 units" in words.text and "LeakyReLU" in words.text
    assert history.series["named"].last == 1


def test_the_end_of_a_run_tells_where_a_number_ceased_to_be_one(go: Go) -> None:
    history = go(SickNetworks, 0, sickness="non_finite", **SHORT)
    assert rows(history, "diagnosis")[0][2:4] == ["log_scale", 3]


def test_a_run_that_leaves_such_steps_out_is_told_by_its_probes(go: Go) -> None:
    history = go(SickNetworks, 0, sickness="non_finite", on_nan="skip", **SHORT)
    (first, *_) = rows(history, "diagnosis")
    assert first[2:4] == ["log_scale", 20] and "relu_2 before it gives none" in str(first[4])
    assert history.series["named"].last == 1


@pytest.mark.parametrize(
    ("recipe", "values"),
    [
        (DigitsCNN, {"epochs": 6, "width": 8}),
        (DigitsMLP, {"epochs": 8, "width": 64}),
        (DigitsMLP, {"epochs": 4, "width": 64, "hidden_layers": 6}),
        (DigitsMLP, {"epochs": 4, "width": 64, "activation": "sigmoid"}),
    ],
)
def test_healthy_recipes_are_called_healthy(
    go: Go, recipe: type[Training], values: dict[str, Any]
) -> None:
    history = go(recipe, 0, probe_every=20, **values)
    evidence: Evidence = gathered(history, {})
    assert len(evidence.probes) > 5 and evidence.probes[-1].telling is not None
    assert [finding.sickness for finding in diagnose(evidence)] == [HEALTHY]
