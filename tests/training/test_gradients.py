"""Accumulation, clipping and precision, each against torch's own way of doing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.training.conftest import Train
from tests.training.line import Line
from workbench.errors import WorkbenchError
from workbench.training import Data, Training
from workbench.training.gradients import clip

STEPS, BATCH, FEATURES, CLASSES = 6, 20, 8, 4


def images(generator_seed: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(generator_seed)
    x = torch.randn(STEPS * BATCH, FEATURES, generator=generator)
    return x, torch.randint(CLASSES, (len(x),), generator=generator)


def small_net() -> nn.Module:
    torch.manual_seed(5)
    return nn.Sequential(nn.Linear(FEATURES, 32), nn.ReLU(), nn.Linear(32, CLASSES))


class Classes(Training):
    """One epoch over batches in a fixed order, with nothing random in a step."""

    class Params(Training.Params):
        epochs = 1
        batch_size = BATCH
        optimizer = "momentum"
        lr = 0.5
        log_every = 1

    def data(self) -> Data:
        x, y = images()
        batches = [(x[i : i + BATCH], y[i : i + BATCH]) for i in range(0, len(x), BATCH)]
        return Data(batches)

    def model(self) -> nn.Module:
        return small_net()

    def training_step(self, batch: Any) -> Tensor:
        x, y = batch
        return F.cross_entropy(self.net(x), y)


def plain_loop(step: Callable[[nn.Module, torch.optim.Optimizer, Tensor, Tensor], None]) -> nn.Module:
    """What one would write without any workbench."""
    net = small_net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5, momentum=0.9, fused=True)
    x, y = images()
    for start in range(0, len(x), BATCH):
        optimizer.zero_grad()
        step(net, optimizer, x[start : start + BATCH], y[start : start + BATCH])
    return net


def assert_same(ours: nn.Module, theirs: nn.Module, *, exactly: bool = True) -> None:
    for (name, own), reference in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        same = torch.equal(own, reference) if exactly else torch.allclose(own, reference, atol=1e-6)
        assert same, f"{name} differs by {(own - reference).abs().max()}"


def test_float32_equals_a_plain_loop_bit_for_bit(train: Train) -> None:
    def step(net: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> None:
        F.cross_entropy(net(x), y).backward()
        optimizer.step()

    recipe, _, _ = train(Classes)
    assert_same(recipe.net, plain_loop(step))


def test_bf16_equals_torchs_autocast_bit_for_bit(train: Train) -> None:
    def step(net: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> None:
        with torch.autocast("cpu", torch.bfloat16):
            loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()

    recipe, _, _ = train(Classes, precision="bf16")
    reference = plain_loop(step)
    assert_same(recipe.net, reference)
    exact, _, _ = train(Classes, folder="exact")
    assert not torch.equal(exact.net[0].weight, reference[0].weight)


def test_fp16_equals_torchs_gradient_scaler_bit_for_bit(train: Train) -> None:
    scaler = torch.amp.GradScaler("cpu")

    def step(net: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> None:
        with torch.autocast("cpu", torch.float16):
            loss = F.cross_entropy(net(x), y)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 0.1)
        scaler.step(optimizer)
        scaler.update()

    recipe, _, _ = train(Classes, precision="fp16", clip_norm=0.1)
    assert_same(recipe.net, plain_loop(step))
    state = recipe.state_dict()["scaler"]
    assert state["scale"] == scaler.get_scale() and state["_growth_tracker"] == STEPS


def test_clipping_equals_torchs_bit_for_bit(train: Train) -> None:
    def step(net: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> None:
        F.cross_entropy(net(x), y).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 0.05)
        optimizer.step()

    recipe, _, _ = train(Classes, clip_norm=0.05)
    assert_same(recipe.net, plain_loop(step))


def test_a_norm_below_the_largest_is_left_alone() -> None:
    gradients = [torch.tensor([3.0]), torch.tensor([4.0])]
    clip(gradients, 5.1)
    assert gradients == [torch.tensor([3.0]), torch.tensor([4.0])]
    clip(gradients, 1.0)
    assert torch.linalg.vector_norm(torch.cat(gradients)) == pytest.approx(1.0, abs=1e-5)
    clip([], 1.0)


@pytest.mark.parametrize("accumulate", [2, 3, 5, 40])
def test_batches_of_one_step_count_as_one_large_batch(train: Train, accumulate: int) -> None:
    values = {"optimizer": "sgd", "batch_size": 8, "epochs": 2}
    small, run, _ = train(Steady, accumulate=accumulate, **values)
    large, _, _ = train(Steady, folder="large", **{**values, "batch_size": min(8 * accumulate, 40)})
    assert_same(small.net, large.net, exactly=False)
    assert run.step == 2 * -(-5 // accumulate)


class Steady(Line):
    """A line whose step has nothing random in it."""

    def model(self) -> nn.Module:
        return nn.Linear(3, 1)


class TwoNets(Line):
    """Two networks, each with an optimizer of its own, that see each other's losses."""

    seconds_gradient: Tensor | None = None

    def model(self) -> nn.Module:
        return nn.ModuleDict({"first": nn.Linear(3, 1), "second": nn.Linear(1, 1)})

    def configure_optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {
            name: torch.optim.SGD(self.net[name].parameters(), lr=0.1) for name in ("first", "second")
        }

    def training_step(self, batch: Any) -> dict[str, Tensor]:
        x, y = batch
        through_both = self.net["second"](self.net["first"](x))[:, 0]
        first = self.minimize((through_both - y).square().mean(), "first")
        assert self.net["second"].weight.grad is self.seconds_gradient
        again = self.net["second"](self.net["first"](x).detach())[:, 0]
        second = self.minimize((again - y).square().mean(), "second")
        self.seconds_gradient = self.net["second"].weight.grad
        return {"first": first, "second": second}

    def validation_step(self, batch: Any) -> Tensor:
        return self.net["first"](batch[0]).mean()


def test_one_optimizers_loss_leaves_the_other_networks_gradients_alone(train: Train) -> None:
    recipe, _, history = train(TwoNets, epochs=1, batch_size=40)
    assert history.series["train/first"].values[0] > 0
    assert recipe.net["first"].weight.grad is not None


def test_several_optimizers_accumulate_each_its_own(train: Train) -> None:
    small, _, _ = train(TwoNets, batch_size=20, accumulate=2, epochs=1)
    large, _, _ = train(TwoNets, folder="large", batch_size=40, epochs=1)
    # The second network sees the first one before its update in both halves, so only that is equal.
    assert_same(small.net["first"], large.net["first"], exactly=False)
    assert not torch.equal(small.net["second"].weight, large.net["second"].weight)


class Twice(TwoNets):
    def training_step(self, batch: Any) -> None:
        for _ in range(2):
            self.minimize(self.net["first"](batch[0]).square().mean(), "first")


def test_a_network_minimized_twice_a_batch_cannot_accumulate(train: Train) -> None:
    train(Twice, epochs=1)
    with pytest.raises(WorkbenchError, match="twice a batch"):
        train(Twice, folder="other", epochs=1, accumulate=2)


class NoValidationOfItsOwn(TwoNets):
    def validation_step(self, batch: Any) -> Any:
        return self.training_step(batch)


def test_a_step_that_minimizes_cannot_stand_in_for_the_validation(train: Train) -> None:
    with pytest.raises(WorkbenchError, match="while the network is only evaluated"):
        train(NoValidationOfItsOwn)


def test_lbfgs_finds_the_least_squares_line_in_a_few_steps(train: Train) -> None:
    recipe, _, history = train(Steady, optimizer="lbfgs", batch_size=40, lr=1.0, epochs=5)
    assert history.series["train/loss"].values[-1] < 1e-6
    assert torch.allclose(recipe.net.weight, torch.tensor([[1.0, -2.0, 0.5]]), atol=1e-3)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"batch_size": 8}, "whole training data as one batch"),
        ({"batch_size": 40, "precision": "fp16"}, "fp16"),
    ],
)
def test_lbfgs_says_what_it_cannot_do(train: Train, values: dict[str, Any], fault: str) -> None:
    with pytest.raises(WorkbenchError, match=fault):
        train(Steady, optimizer="lbfgs", lr=1.0, **values)


@pytest.mark.parametrize("name", ["momentum", "nesterov"])
def test_a_first_step_that_overflows_in_fp16_leaves_no_garbage_behind(train: Train, name: str) -> None:
    losses = []
    for number in range(3):
        _, run, _ = train(Line, folder=f"{name}-{number}", precision="fp16", optimizer=name)
        losses.append(run.results["val/loss"])
    assert losses[0] == losses[1] == losses[2] < 20


class Words(Line):
    """Looks its rows up in a table whose gradients are sparse."""

    def model(self) -> nn.Module:
        return nn.EmbeddingBag(10, 1, mode="sum", sparse=True)

    def training_step(self, batch: Any) -> Tensor:
        x, y = batch
        return ((self.net((x.abs() * 3).long().clamp(max=9))[:, 0] - y) ** 2).mean()


@pytest.mark.filterwarnings("ignore:Sparse invariant checks:UserWarning")  # of torch's own Adagrad
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adagrad"])
def test_sparse_gradients_are_trained_with(train: Train, optimizer: str) -> None:
    _, run, history = train(Words, optimizer=optimizer, lr=0.05, epochs=10, clip_norm=10.0)
    values = history.series["val/loss"].values
    assert run.step == 50 and values[-1] < values[0]


def test_a_frozen_weight_among_an_optimizers_takes_no_gradient(train: Train) -> None:
    class HalfFrozen(TwoNets):
        def model(self) -> nn.Module:
            net = super().model()
            net["first"].bias.requires_grad_(False)
            return net

    recipe, _, _ = train(HalfFrozen, epochs=1)
    assert recipe.net["first"].bias.grad is None


class EveryOther(TwoNets):
    """Minimizes the second network in every other batch."""

    calls = 0

    def training_step(self, batch: Any) -> None:
        self.calls += 1
        self.minimize(self.net["first"](batch[0]).square().mean(), "first")
        if self.calls % 2:
            self.minimize(self.net["second"](batch[1][:, None]).square().mean(), "second")


def test_a_network_minimized_in_some_batches_only_cannot_accumulate(train: Train) -> None:
    train(EveryOther, epochs=1)
    with pytest.raises(WorkbenchError, match="in some batches only"):
        train(EveryOther, folder="other", epochs=1, accumulate=2)
