"""What a probe says of each layer, beside what loops over single numbers count."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from workbench.debugging.probes import LayerProbe, Probe
from workbench.debugging.statistics import measuring

N, C, S = 5, 4, 6  # samples, channels, pixels a side


def look(net: nn.Module, *given: Any, loss: Any = None) -> Probe:
    with measuring(net) as seen:
        out = net(*given)
        value = out.square().mean() if loss is None else loss(out)
        seen.backward(value)
    return seen.probe(3, value)


def layer(probe: Probe, name: str, call: int = 0) -> LayerProbe:
    (found,) = [one for one in probe.layers if (one.name, one.call) == (name, call)]
    return found


def dead_by_hand(output: Tensor) -> int:
    """Channels (N, C, …) that are 0 for every sample at every place, one number after the other."""
    dead = 0
    for channel in range(output.shape[1]):
        numbers = output[:, channel].flatten().tolist()
        dead += all(number == 0.0 for number in numbers)
    return dead


class Given(nn.Module):
    """Gives what it was made with, whatever it gets."""

    def __init__(self, output: Tensor) -> None:
        super().__init__()
        self.output = output

    def forward(self, _: Tensor) -> Tensor:
        return self.output


def seen_of(output: Tensor) -> LayerProbe:
    net = Given(output)
    with measuring(net) as seen:
        net(torch.zeros(1))
    return seen.probe(0).layers[-1]


@given(
    st.lists(st.booleans(), min_size=1, max_size=6),
    st.sampled_from([(3,), (1,), (2, 1, 3), (2, 3, 2)]),
    st.booleans(),
)
def test_dead_units_zeros_and_moments_are_those_counted_by_hand(
    dead: list[bool], more: tuple[int, ...], channels_last: bool
) -> None:
    """`more` is the number of samples, and the places of a channel where there are any."""
    samples, *places = more
    output = torch.randn(samples, len(dead), *places)
    output[:, torch.tensor(dead)] = -1.0
    output = output.relu()
    if channels_last and len(places) == 2:
        output = output.contiguous(memory_format=torch.channels_last)
    found = seen_of(output)
    numbers = output.flatten().tolist()
    mean = sum(numbers) / len(numbers)
    spread = math.sqrt(sum((number - mean) ** 2 for number in numbers) / len(numbers))
    assert found.units == len(dead)
    assert found.dead == dead_by_hand(output) >= sum(dead)
    assert found.zeros == pytest.approx(numbers.count(0.0) / len(numbers), abs=1e-6)
    assert (found.mean, found.spread) == pytest.approx((mean, spread), abs=1e-5)
    assert found.non_finite == 0


def test_units_are_channels_or_features_where_the_layer_before_has_them() -> None:
    conv = nn.Sequential(nn.Conv1d(3, 4, 1), nn.ReLU())
    tokens = nn.Sequential(nn.Linear(3, 7), nn.ReLU())
    assert layer(look(conv, torch.randn(N, 3, 6)), "1").units == 4  # (N, C, T)
    assert layer(look(tokens, torch.randn(N, 6, 3)), "1").units == 7  # (N, T, F)
    assert layer(look(tokens, torch.randn(N, 2, 6, 3)), "1").units == 7  # (N, S, S, F)


def test_a_dead_relu_after_a_convolution_is_counted_behind_pooling_too() -> None:
    net = nn.Sequential(nn.Conv2d(1, C, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2))
    with torch.no_grad():
        net[0].bias[1] = net[0].bias[3] = -100.0
    probe = look(net, torch.randn(N, 1, S, S))
    with torch.no_grad():
        by_hand = dead_by_hand(net(torch.randn(N, 1, S, S)))
    assert by_hand == 2
    assert [one.dead for one in probe.layers] == [0, 2, 2]
    assert layer(probe, "0").mean < -40  # the convolution's, before the activation in place
    assert [one.shape for one in probe.layers] == [(N, C, S, S), (N, C, S, S), (N, C, S // 2, S // 2)]


def test_what_does_not_depend_on_the_sample_does_not_vary() -> None:
    constant = torch.randn(1, C).expand(N, C) + 1000
    assert seen_of(constant).varying == 0.0
    assert seen_of(torch.full((N, C), 1000.0)).varying == 0.0
    alone = torch.randn(400, 1) * 0.1 + 1000  # one unit: all of its spread is over the samples
    assert seen_of(alone).varying == pytest.approx(1.0)
    assert seen_of(alone).spread == pytest.approx(float(alone.std(correction=0)), rel=1e-3)
    assert seen_of(torch.randn(1, C)).varying is None


@pytest.mark.parametrize(("function", "far", "near"), [(nn.Sigmoid, 4.7, 4.5), (nn.Tanh, 2.4, 2.2)])
def test_saturated_is_within_a_hundredth_of_the_range_of_either_bound(
    function: type[nn.Module], far: float, near: float
) -> None:
    net = nn.Sequential(nn.Identity(), function())
    with measuring(net) as seen:
        net(torch.tensor([[far, -far, near, 0.0]]))
    before, after = seen.probe(0).layers
    assert (before.saturated, after.saturated) == (None, pytest.approx(0.5))


def test_numbers_that_are_not_finite_are_counted() -> None:
    output = torch.randn(N, C)
    output[0, 0], output[1, 1], output[2, 1] = math.nan, math.inf, -math.inf
    output[3] = 0.0
    found = seen_of(output)
    assert (found.non_finite, found.zeros, found.dead) == (3, pytest.approx(1 / N), 0)
    assert math.isnan(found.mean)


def test_gradients_and_weights_are_those_of_autograd() -> None:
    net = nn.Sequential(nn.Linear(3, C), nn.Tanh(), nn.Linear(C, 2, bias=False))
    given = torch.randn(N, 3)
    probe = look(net, given)
    assert all(weight.grad is None for weight in net.parameters())
    hidden = net[0](given).detach().requires_grad_()
    net[2](net[1](hidden)).square().mean().backward()
    net(given).square().mean().backward()
    first = torch.cat([net[0].weight.grad.flatten(), net[0].bias.grad])
    weights = torch.cat([net[0].weight.flatten(), net[0].bias])
    assert layer(probe, "0").weight_gradient == pytest.approx(float(first.norm()), rel=1e-5)
    assert layer(probe, "0").weights == pytest.approx(float(weights.detach().norm()), rel=1e-5)
    size = float(hidden.grad.square().mean().sqrt())
    assert layer(probe, "0").output_gradient == pytest.approx(size, rel=1e-5)
    assert (layer(probe, "1").weights, layer(probe, "1").weight_gradient) == (None, None)
    assert probe.loss == pytest.approx(float(net(given).detach().square().mean()))


def test_a_scaled_loss_shows_the_gradients_of_the_loss_itself() -> None:
    net, given = nn.Linear(3, 2), torch.randn(N, 3)
    shown = []
    for scale in (1.0, torch.tensor(1024.0)):
        with measuring(net) as seen:
            seen.backward(net(given).square().mean(), scale=scale)
        shown.append(seen.probe(0).layers[0])
    assert shown[0].weight_gradient == pytest.approx(shown[1].weight_gradient, rel=1e-6)
    assert shown[0].output_gradient == pytest.approx(shown[1].output_gradient, rel=1e-6)


def test_an_update_is_a_share_of_the_weights() -> None:
    net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    before = {weight: weight.detach() / 1.25 for weight in net.parameters()}
    with measuring(net) as seen:
        net(torch.randn(N, 3))
    seen.updated(before)
    first, second = seen.probe(0).layers
    assert (first.update, second.update) == (pytest.approx(0.2), None)


class _Shapes(nn.Module):
    """A layer used twice, outputs that are tuples and dicts, weights that no call uses."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.lstm = nn.LSTM(3, 2, batch_first=True)
        self.attention = nn.MultiheadAttention(2, 1, batch_first=True)
        self.table = nn.Embedding(4, 2)
        self.unused = nn.Linear(2, 2)

    def forward(self, inputs: Tensor) -> dict[str, Tensor]:
        twice = self.linear(self.linear(inputs).relu_())  # (N, T, 3)
        states, _ = self.lstm(twice)  # (N, T, 2)
        mixed, _ = self.attention(states, states, states)
        return {"out": mixed + self.table.weight[0], "states": states}


def test_layers_used_twice_and_outputs_of_all_kinds() -> None:
    net = _Shapes()
    probe = look(net, torch.randn(N, 6, 3), loss=lambda out: out["out"].mean())
    assert [(one.name, one.call) for one in probe.layers] == [
        ("linear", 0),
        ("linear", 1),
        ("lstm", 0),
        ("attention", 0),
        ("table", 0),
    ]
    first, second, lstm, attention, table = probe.layers
    assert first.weights is not None and second.weights is None  # told once
    assert (lstm.shape, lstm.units) == ((N, 6, 2), 2)
    assert table.shape == () and table.weight_gradient > 0
    whole = torch.cat([weight.flatten() for weight in net.attention.parameters()])
    assert attention.weights == pytest.approx(float(whole.detach().norm()), rel=1e-5)


def test_half_precision_is_measured_in_single() -> None:
    net, given = nn.Sequential(nn.Linear(3, 8), nn.ReLU()), torch.randn(64, 3)
    with torch.autocast("cpu", torch.bfloat16):
        shown = look(net, given)
    exact = look(net, given)
    for half, single in zip(shown.layers, exact.layers, strict=True):
        assert half.mean == pytest.approx(single.mean, abs=0.01)
        assert half.output_gradient == pytest.approx(single.output_gradient, rel=0.05)
    assert shown.layers[0].weight_gradient == pytest.approx(exact.layers[0].weight_gradient, rel=0.05)
    assert seen_of(torch.full((4, 300), 300.0, dtype=torch.float16)).mean == 300.0


def test_what_a_backward_pass_computes_again_is_seen_once() -> None:
    class Saving(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(3, 3)

        def forward(self, inputs: Tensor) -> Tensor:
            return checkpoint(self.linear, inputs, use_reentrant=False)

    probe = look(Saving(), torch.randn(N, 3))
    assert [(one.name, one.call) for one in probe.layers] == [("linear", 0)]


def test_the_inputs_are_those_of_the_first_layer() -> None:
    given = torch.stack([torch.full((N,), 7.0), torch.arange(N) * 100.0], dim=1)  # (N, 2)
    seen = look(nn.Sequential(nn.Linear(2, 3), nn.ReLU()), given).inputs
    assert seen is not None
    assert (seen.shape, seen.low, seen.high) == ((N, 2), 0.0, 400.0)
    assert seen.mean == pytest.approx(float(given.mean()))
    assert seen.spread == pytest.approx(float(given.std(correction=0)))
    assert seen.largest_feature_spread == pytest.approx(float(given[:, 1].std(correction=0)))
    assert seen.smallest_feature_spread == 0.0
    words = look(nn.Embedding(9, 2), torch.tensor([[1, 8]])).inputs
    assert words is not None and (words.high, words.mean) == (8.0, None)


class _Functional(nn.Module):
    """As many write it: activations and pooling as functions, a sum before one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, C, 3, padding=1)
        self.conv2 = nn.Conv2d(C, C, 3, padding=1)
        self.hidden = nn.Linear(C * (S // 2) ** 2, 8)
        self.last = nn.Linear(8, 1)

    def forward(self, images: Tensor) -> Tensor:
        self.first = F.relu(self.conv1(images))  # (N, C, S, S)
        summed = F.relu_(self.conv2(self.first) + self.first)
        flat = F.max_pool2d(summed, 2).flatten(1)  # (N, C * S/2 * S/2)
        return self.last(torch.sigmoid(self.hidden(flat)))


def test_activations_that_are_functions_are_seen_as_the_next_module_is_given_them() -> None:
    net = _Functional()
    with torch.no_grad():
        net.conv1.bias[2] = -100.0
        net.hidden.bias[:4] = 50.0
    probe = look(net, torch.randn(N, 1, S, S))
    assert [(one.name, one.kind) for one in probe.layers] == [
        ("conv1", "Conv2d"),
        ("conv1/relu", "ReLU"),
        ("conv2", "Conv2d"),
        ("conv2/relu", "ReLU"),
        ("hidden", "Linear"),
        ("hidden/sigmoid", "Sigmoid"),
        ("last", "Linear"),
    ]
    relu, sigmoid = layer(probe, "conv1/relu"), layer(probe, "hidden/sigmoid")
    assert (relu.dead, relu.units) == (dead_by_hand(net.first.detach()), C) == (1, C)
    assert relu.zeros == pytest.approx(float((net.first == 0).float().mean()))
    assert sigmoid.saturated == pytest.approx(0.5, abs=0.2) and relu.weights is None
    modules = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 1))
    assert [one.name for one in look(modules, torch.randn(N, 3)).layers] == ["0", "1", "2"]
