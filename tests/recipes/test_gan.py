from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from recipes.generative._judge import Judged
from recipes.generative.gan import (
    _GAN,
    LOSSES,
    DigitsGAN,
    _Discriminator,
    passing_for_real,
    telling_apart,
)
from workbench.figures import data
from workbench.runs.events import Finished
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.training import checkpoints as files
from workbench.workers import launch
from workbench.workers.standby import Standby

Train = Callable[..., History]
TINY = {"width": 2, "judge_epochs": 1, "batch_size": 100}


def figure(history: History, name: str) -> data.Figure:
    shown = history.figures[name][-1]
    raw = (history.folder.figures_dir / shown.file).read_bytes() if shown.file else bytes(shown.figure)
    return data.decode(raw)


def weights(folder: RunFolder, network: str) -> dict[str, torch.Tensor]:
    """The weights of one of the three networks in the newest checkpoint."""
    model: dict[str, Any] = files.read(folder.path / "last.pt")["state"]["model"]
    return {name: tensor for name, tensor in model.items() if name.startswith(network)}


@pytest.mark.slow
@pytest.mark.timeout(330)  # 30 s on two free cores, ten times that on busy ones
def test_it_reaches_its_mark(train: Train) -> None:
    history = train("generative/gan")
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    assert results["test/samples/confident"] >= 0.85  # 80 % is the mark in the mean of three seeds
    assert results["test/samples/classes"] == 10
    assert results["judge/accuracy"] >= 0.95 and results["judge/confident_of_real"] >= 0.85


@pytest.mark.parametrize("loss", LOSSES)
def test_each_loss_trains_both_networks_and_shows_samples(train: Train, loss: str) -> None:
    history = train("generative/gan", loss=loss, epochs=1, critic_steps=2, **TINY)
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    for name in ("generator", "discriminator", "score/real", "score/fake"):
        assert math.isfinite(results[f"train/{name}"])
    assert 0 <= results["test/as_wanted"] <= 1 and results["judge/accuracy"] > 0.5
    samples = figure(history, "samples")
    assert isinstance(samples, data.ImageGrid) and len(samples.images) == 30
    pairs = figure(history, "nearest real")
    assert isinstance(pairs, data.ImageGrid)
    assert [*pairs.captions[:2]] == ["sample", "nearest real"]
    counted = figure(history, "by class")
    assert isinstance(counted, data.Bars)
    assert sum(counted.values) == round(1000 * results["test/samples/confident"])


def test_without_wanted_classes_it_trains_as_well(train: Train) -> None:
    history = train("generative/gan", conditional=False, epochs=1, **TINY)
    assert isinstance(history.ended, Finished)
    assert "test/as_wanted" not in history.ended.results
    assert weights(history.folder, "discriminator")["discriminator.layers.5.bias"].shape == (1,)


def test_it_goes_on_bit_for_bit_and_the_judge_stays_as_it_was(
    train: Train, standby: Standby, wait_for: Callable[[RunFolder], History]
) -> None:
    whole = train("generative/gan", epochs=2, **TINY)
    halves = train("generative/gan", epochs=1, **TINY)
    judge, generator = (weights(halves.folder, name) for name in ("judge", "generator"))
    launch.resume(halves.folder, values={"epochs": 2}, standby=standby)
    resumed = wait_for(halves.folder)
    assert resumed.started[-1].step == 35
    for name in ("train/generator", "train/discriminator", "val/samples/inception_score"):
        assert list(resumed.series[name].values) == list(whole.series[name].values), name
    kept, trained = (weights(halves.folder, name) for name in ("judge", "generator"))
    assert all(torch.equal(judge[name], kept[name]) for name in judge)
    assert not torch.equal(generator["generator.layers.0.weight"], trained["generator.layers.0.weight"])


def test_the_losses_are_the_cross_entropies_of_their_papers() -> None:
    real, fake = torch.randn(50), torch.randn(50)
    ones, zeros = torch.ones(50), torch.zeros(50)
    bce = F.binary_cross_entropy_with_logits
    for loss in ("non_saturating", "minimax"):
        assert torch.allclose(telling_apart(loss, real, fake), bce(real, ones) + bce(fake, zeros))
    assert torch.allclose(passing_for_real("non_saturating", fake), bce(fake, ones))
    assert torch.allclose(passing_for_real("minimax", fake), -bce(fake, zeros))
    assert torch.allclose(telling_apart("wasserstein_gp", real, fake), fake.mean() - real.mean())


@pytest.mark.parametrize(
    ("loss", "slope"), [("non_saturating", -1), ("minimax", 0), ("wasserstein_gp", -1)]
)
def test_minimax_alone_has_no_slope_where_the_discriminator_is_sure(loss: str, slope: float) -> None:
    score = torch.tensor([-10.0], requires_grad=True)
    (gradient,) = torch.autograd.grad(passing_for_real(loss, score), score)
    assert float(gradient) == pytest.approx(slope, abs=1e-3)


def test_the_gradient_penalty_is_the_squared_distance_of_the_slope_from_one() -> None:
    gan = DigitsGAN()
    discriminator = _Discriminator(width=1, classes=3, channels=1, side=4)
    linear = nn.Linear(16, 3)  # its slope is its weights, the same everywhere
    discriminator.layers = nn.Sequential(nn.Flatten(), linear)
    gan.net = _GAN(nn.Identity(), discriminator, nn.Identity())
    real, fake = torch.rand(2, 1, 4, 4), torch.rand(2, 1, 4, 4)
    penalty = gan._gradient_penalty(real, fake, torch.tensor([0, 2]))
    slopes = linear.weight[[0, 2]].norm(dim=1)
    assert torch.allclose(penalty, (slopes - 1).square().mean())
    assert penalty.requires_grad


def judged(probabilities: torch.Tensor) -> dict[str, float]:
    metric = Judged()
    for part in probabilities.split(64):  # as batches come
        metric.update(part, torch.zeros(len(part)))
    return {name: float(value) for name, value in metric.compute().items() if value.dim() == 0}


def test_certain_samples_of_all_classes_get_the_best_score() -> None:
    certain = torch.eye(10).repeat(20, 1)
    assert judged(certain) == pytest.approx({"confident": 1, "classes": 10, "inception_score": 10})


def test_samples_that_all_look_alike_get_the_worst_score() -> None:
    alike = torch.eye(10)[:1].repeat(200, 1)
    assert judged(alike) == pytest.approx({"confident": 1, "classes": 1, "inception_score": 1})


def test_a_judge_that_doubts_is_confident_of_nothing() -> None:
    doubtful = torch.full((200, 10), 0.02)
    doubtful[torch.arange(200), torch.arange(200) % 10] = 0.82
    assert judged(doubtful)["confident"] == judged(doubtful)["classes"] == 0
