from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

from workbench.errors import WorkbenchError
from workbench.training.optimizers import OPTIMIZERS, Optimizers


def step_down(optimizers: Optimizers, weight: nn.Parameter) -> float:
    def closure() -> torch.Tensor:
        weight.grad = None
        loss = weight.square().sum()
        torch.autograd.backward(loss)
        return loss

    return float(optimizers.named("").step(closure).detach())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_down(name: str) -> None:
    weight = nn.Parameter(torch.tensor([2.0, -3.0]))
    optimizers = Optimizers(OPTIMIZERS[name]([weight], 0.05, 0.0), lr=0.05)
    losses = [step_down(optimizers, weight) for _ in range(20)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("name", "torchs"),
    [
        ("adamw", lambda weights: torch.optim.AdamW(weights, lr=0.05, weight_decay=0.1)),
        ("adam", lambda weights: torch.optim.Adam(weights, lr=0.05, weight_decay=0.1)),
        ("sgd", lambda weights: torch.optim.SGD(weights, lr=0.05, weight_decay=0.1)),
        ("momentum", lambda weights: torch.optim.SGD(weights, 0.05, 0.9, weight_decay=0.1)),
        (
            "nesterov",
            lambda weights: torch.optim.SGD(weights, 0.05, 0.9, weight_decay=0.1, nesterov=True),
        ),
        ("rmsprop", lambda weights: torch.optim.RMSprop(weights, lr=0.05, weight_decay=0.1)),
        ("adagrad", lambda weights: torch.optim.Adagrad(weights, lr=0.05, weight_decay=0.1)),
    ],
)
def test_updates_of_all_weights_at_once_equal_torchs_one_by_one(name: str, torchs: Any) -> None:
    ours, theirs = (nn.Parameter(torch.linspace(-1, 1, 100, dtype=torch.float64)) for _ in "ab")
    optimizers = Optimizers(OPTIMIZERS[name]([ours], 0.05, 0.1), lr=0.05, weight_decay=0.1)
    reference = Optimizers(torchs([theirs]), lr=0.05, weight_decay=0.1)
    for _ in range(20):
        step_down(optimizers, ours)
        step_down(reference, theirs)
    assert torch.allclose(ours, theirs, rtol=1e-12)


def test_lbfgs_refuses_a_weight_decay_that_it_would_leave_out() -> None:
    with pytest.raises(WorkbenchError, match="weight_decay"):
        OPTIMIZERS["lbfgs"]([nn.Parameter(torch.zeros(1))], 1.0, 0.1)


def test_an_unknown_optimizer_is_named() -> None:
    weight = nn.Parameter(torch.zeros(1))
    both = {name: torch.optim.SGD([weight], lr=0.1) for name in ("generator", "critic")}
    with pytest.raises(KeyError, match="generator"):
        Optimizers(both, 0.1).named("discriminator")


def test_loading_keeps_this_attempts_settings_and_takes_the_momenta() -> None:
    weight = nn.Parameter(torch.tensor([1.0]))
    first = Optimizers(OPTIMIZERS["momentum"]([weight], 0.1, 0.0), lr=0.1)
    step_down(first, weight)
    state = copy.deepcopy(first.state_dict())
    second = Optimizers(OPTIMIZERS["momentum"]([weight], 0.7, 0.0), lr=0.7)
    second.load_state_dict(state)
    assert second.lr == 0.7
    momentum = second.by_name[""].state[weight]["momentum_buffer"]
    assert torch.equal(momentum, first.by_name[""].state[weight]["momentum_buffer"])


def test_a_live_weight_decay_leaves_groups_alone_that_were_made_with_another() -> None:
    decayed, bias = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    groups = [{"params": [decayed]}, {"params": [bias], "weight_decay": 0.0}]
    optimizers = Optimizers(torch.optim.AdamW(groups, weight_decay=0.1), lr=1e-3, weight_decay=0.1)
    optimizers.set_weight_decay(0.3)
    made = optimizers.by_name[""].param_groups
    assert [group["weight_decay"] for group in made] == [0.3, 0.0]
    without = Optimizers(torch.optim.SGD([decayed], lr=0.1), lr=0.1, weight_decay=0.0)
    without.set_weight_decay(0.3)
    assert without.by_name[""].param_groups[0]["weight_decay"] == 0.3


def test_a_live_learning_rate_of_an_optimizer_of_its_own_outlives_a_resumption() -> None:
    weight = nn.Parameter(torch.zeros(1))
    first = Optimizers(torch.optim.SGD([weight], lr=2e-3), lr=1e-2)
    first.set_learning_rate(1.0, 1e-3)
    resumed = Optimizers(torch.optim.SGD([weight], lr=2e-3), lr=1e-3)
    resumed.load_state_dict(copy.deepcopy(first.state_dict()))
    resumed.set_learning_rate(1.0, 1e-3)
    assert resumed.lr == first.lr == pytest.approx(2e-4)


@pytest.mark.parametrize(("lr", "wanted"), [(1e-2, 1e-2), (5e-3, 5e-3)], ids=["as it was", "another"])
def test_a_learning_rate_given_at_a_resumption_holds(lr: float, wanted: float) -> None:
    weight = nn.Parameter(torch.zeros(1))
    first = Optimizers(torch.optim.SGD([weight], lr=1e-2), lr=1e-2)
    resumed = Optimizers(torch.optim.SGD([weight], lr=lr), lr=lr)
    resumed.load_state_dict(copy.deepcopy(first.state_dict()))
    resumed.set_learning_rate(1.0, lr)
    assert resumed.lr == wanted


def test_optimizers_of_other_names_or_groups_begin_anew() -> None:
    a, b = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))
    saved = copy.deepcopy(Optimizers({"x": torch.optim.SGD([a], lr=0.1)}, lr=0.1).state_dict())
    assert Optimizers({"y": torch.optim.SGD([a], lr=0.1)}, lr=0.1).load_state_dict(saved)
    assert Optimizers({"x": torch.optim.SGD([a, b], lr=0.1)}, lr=0.1).load_state_dict(saved) == ["SGD"]
