"""Hooks: what they see, in which order, and that nothing of them stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import parametrizations

from workbench.debugging.capture import capturing, modules_of, own_weights, watching

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


def test_compiled_code_is_seen_as_it_was_written_and_by_its_own_names() -> None:
    net, inputs = nn.Sequential(_Twice(), nn.Identity()), torch.randn(N, F)
    expected = net(inputs)["out"]
    net[0] = torch.compile(net[0], backend="eager")  # type: ignore[assignment]  # wraps a module
    net.compile(backend="eager")
    net(inputs)
    with capturing(net) as calls:
        again = net(inputs)["out"]
    assert torch.equal(again, expected)
    assert [call.place.name for call in calls] == ["0.linear", "0.relu", "0.linear", "0", "1", ""]
    assert not any(_hooks(module) for module in net.modules())


def test_a_distributed_network_is_seen_by_its_own_names(tmp_path: Path) -> None:
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path / 'meeting'}", rank=0, world_size=1
    )
    try:
        net = DistributedDataParallel(nn.Sequential(nn.Linear(F, F), nn.ReLU()))
        with capturing(net, gradients=True) as calls:
            net(torch.randn(N, F)).sum().backward()
        assert [call.place.name for call in calls] == ["0", "1", ""]
        assert all(0 in call.gradients for call in calls)
    finally:
        torch.distributed.destroy_process_group()


def test_what_computes_a_weight_belongs_to_the_layer_that_has_it() -> None:
    net = nn.Sequential(parametrizations.weight_norm(nn.Linear(F, 2)))
    assert [name for name, _ in modules_of(net)] == ["", "0"]
    assert sorted(tuple(one.shape) for one in own_weights(net[0])) == [(2,), (2, 1), (2, F)]
    with capturing(net) as calls:
        net(torch.randn(N, F))
    assert (calls[0].place.kind, calls[0].place.is_leaf) == ("Linear", True)


def test_a_call_that_failed_within_the_network_leaves_the_next_ones_right() -> None:
    class Tries(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wrong, self.right = nn.Linear(F + 1, 1), nn.Linear(F, 1)

        def forward(self, inputs: Tensor) -> Tensor:
            try:
                return self.wrong(inputs)
            except RuntimeError:
                return self.right(inputs)

    net = Tries()
    with capturing(net) as calls:
        net(torch.randn(N, F))
    assert [(call.place.name, call.place.is_leaf) for call in calls] == [("right", True), ("", False)]


def _hooks(module: nn.Module) -> list[Any]:
    return [*module._forward_hooks.values(), *module._forward_pre_hooks.values()]
