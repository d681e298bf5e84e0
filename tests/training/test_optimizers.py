from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from workbench.training.optimizers import OPTIMIZERS, Optimizers
from workbench.training.schedules import SCHEDULES


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_down(name: str) -> None:
    weight = nn.Parameter(torch.tensor([2.0, -3.0]))
    optimizers = Optimizers(OPTIMIZERS[name]([weight], 0.05, 0.0), lr=0.05)
    losses = [float(optimizers.minimize(weight.square().sum())) for _ in range(20)]
    assert losses[-1] < losses[0]


def test_an_unknown_optimizer_is_named() -> None:
    weight = nn.Parameter(torch.zeros(1))
    both = {name: torch.optim.SGD([weight], lr=0.1) for name in ("generator", "critic")}
    with pytest.raises(KeyError, match="generator"):
        Optimizers(both, 0.1).minimize(weight.sum(), "discriminator")


def test_loading_keeps_this_attempts_settings_and_takes_the_momenta() -> None:
    weight = nn.Parameter(torch.tensor([1.0]))
    first = Optimizers(OPTIMIZERS["momentum"]([weight], 0.1, 0.0), lr=0.1)
    first.minimize(weight.square().sum())
    state = copy.deepcopy(first.state_dict())
    second = Optimizers(OPTIMIZERS["momentum"]([weight], 0.7, 0.0), lr=0.7)
    second.load_state_dict(state)
    assert second.lr == 0.7
    momentum = second.by_name[""].state[weight]["momentum_buffer"]
    assert torch.equal(momentum, first.by_name[""].state[weight]["momentum_buffer"])


@pytest.mark.parametrize("name", ["cosine", "one_cycle"])
def test_schedules_equal_torchs(name: str) -> None:
    steps = 40
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = (
        torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        if name == "cosine"
        else torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=1.0,
            total_steps=steps + 1,
            pct_start=0.3,
            final_div_factor=1e4,
            cycle_momentum=False,
        )
    )
    wanted = []
    for _ in range(steps):
        wanted.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        reference.step()
    found = [SCHEDULES[name](step / steps) for step in range(steps)]
    # torch's one cycle peaks at 0.3 of the steps less one, ours at 0.3 of them.
    assert found == pytest.approx(wanted, abs=1e-9 if name == "cosine" else 0.06)
    assert max(found) == 1.0


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
