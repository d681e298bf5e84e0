"""Hooks: what they see, in which order, and that nothing of them stays."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from workbench.debugging.capture import capturing, watching

N, F = 4, 3  # samples, features


class _Twice(nn.Module):
    """One linear layer used twice, an activation in place, a dict as output."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(F, F)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, inputs: Tensor) -> dict[str, Tensor]:
        first = self.linear(inputs)  # (N, F)
        return {"out": self.linear(self.relu(first)), "first": first}


def test_calls_come_in_order_and_hold_what_was_given_before_it_was_changed_in_place() -> None:
    net, inputs = _Twice(), torch.randn(N, F)
    plain = net.linear(inputs)
    with capturing(net) as calls:
        net(inputs)
    assert [(call.place.name, call.place.call) for call in calls] == [
        ("linear", 0),
        ("relu", 0),
        ("linear", 1),
        ("", 0),
    ]
    assert torch.equal(calls[0].outputs[0], plain)  # although relu has overwritten it
    assert torch.equal(calls[1].outputs[0], plain.relu())
    assert len(calls[3].outputs) == 2
    assert [call.place.is_leaf for call in calls] == [True, True, True, False]


def test_gradients_are_those_of_autograd_before_an_activation_in_place() -> None:
    net, inputs = _Twice(), torch.randn(N, F)
    with capturing(net, gradients=True) as calls:
        net(inputs)["out"].sum().backward()
    first = net.linear(inputs).detach().requires_grad_()
    net.linear(first.relu()).sum().backward()
    assert first.grad is not None
    assert torch.allclose(calls[0].gradients[0], first.grad)


def test_hooks_are_removed_after_an_error_too() -> None:
    net = _Twice()
    with pytest.raises(RuntimeError), capturing(net, gradients=True):
        net(torch.randn(N, F + 1))
    assert not any(_hooks(module) for module in net.modules())


def test_only_the_modules_that_were_named_are_shown() -> None:
    net, seen = _Twice(), []

    def note(place: Any, *_tensors: Any) -> None:
        seen.append(place.name)

    with watching(net, note, names={"relu"}):
        net(torch.randn(N, F))
    assert seen == ["relu"]


def _hooks(module: nn.Module) -> list[Any]:
    return [*module._forward_hooks.values(), *module._forward_pre_hooks.values()]
