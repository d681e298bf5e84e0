"""Slopes by the chain rule beside autograd's and finite differences, as numbers and as tables."""

from __future__ import annotations

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from workbench.figures.data import Cell, Table

FUNCTIONS = {"relu": F.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
NUDGE = 1e-6  # of finite differences: smaller ones drown in rounding, larger ones in curvature
NUDGED = 20  # numbers of each tensor of weights that are nudged: those of the steepest slopes

# Shapes: N pictures, I inputs and O outputs of a layer, K classes.


class Layer(Protocol):
    """Two passes: what is given goes forward, the slope of the loss comes back."""

    def forward(self, x: Tensor) -> Tensor: ...
    def backward(self, slope: Tensor) -> Tensor: ...


class Network(Protocol):
    """Dense layers with an activation between them; W and b of each, and the slopes of the loss there.

    `loss` goes forward to the loss; `backward` gives what each layer handed back, first first.
    """

    activation: str
    layers: list[Layer]

    @property
    def weights(self) -> list[Tensor]: ...
    @property
    def slopes(self) -> list[Tensor]: ...
    def loss(self, x: Tensor, labels: Tensor) -> Tensor: ...
    def backward(self) -> list[Tensor]: ...


def apart_from_autograd(net: Network, x: Tensor, labels: Tensor) -> list[float]:
    """The largest difference of any slope from autograd's, for each tensor of weights."""
    weights = [weight.clone().requires_grad_() for weight in net.weights]
    outputs = x  # (N, I)
    for index, (w, b) in enumerate(zip(weights[::2], weights[1::2], strict=True)):
        outputs = outputs @ w + b  # (N, O)
        if 2 * index + 2 < len(weights):
            outputs = FUNCTIONS[net.activation](outputs)
    slopes = torch.autograd.grad(F.cross_entropy(outputs, labels), weights)
    return [float((own - theirs).abs().max()) for own, theirs in zip(net.slopes, slopes, strict=True)]


def chain_rule(net: Network, x: Tensor, labels: Tensor) -> Table:
    """What goes forward through each layer, and which slope comes back through it."""
    loss = net.loss(x, labels)
    inputs = [x]
    for layer in net.layers:
        inputs.append(layer.forward(inputs[-1]))
    names = [*map(str, net.layers), "cross entropy"]
    rows: list[list[Cell]] = [
        [name, _shape(given), _size(given), _shape(slope), _size(slope)]
        for name, given, slope in zip(names, inputs, net.backward(), strict=True)
    ]
    columns = ["layer", "is given", "size", "hands back: slope at what it was given", "size"]
    title = f"The chain rule for {len(x)} test pictures, loss {float(loss):.3g}; size: root mean square"
    return Table(title, columns=columns, rows=rows)


def gradient_check(net: Network, x: Tensor, labels: Tensor) -> Table:
    """Slopes by the chain rule beside autograd's, and beside what nudging a weight does to the loss."""
    net.loss(x, labels)
    net.backward()
    rows: list[list[Cell]] = []
    checked = zip(net.weights, net.slopes, apart_from_autograd(net, x, labels), strict=True)
    for index, (weight, slope, apart) in enumerate(checked):
        name = f"layer {index // 2 + 1} {'bias' if index % 2 else 'weight'}"
        steepest = slope.flatten().abs().topk(min(NUDGED, slope.numel())).indices
        nudged = _nudged(net, weight, steepest.tolist(), x, labels)  # (NUDGED,)
        by_nudges = float((slope.flatten()[steepest] - nudged).abs().max())
        rows.append([name, _shape(weight), float(slope.abs().max()), apart, by_nudges])
    columns = [
        "slopes at",
        "shape",
        "largest slope",
        "differs from autograd",
        "from finite differences",
    ]
    return Table("Slopes by the chain rule, in float64", columns=columns, rows=rows)


def _nudged(net: Network, weight: Tensor, places: list[int], x: Tensor, labels: Tensor) -> Tensor:
    """Slopes of the loss at some numbers of a tensor, from nudging each up and down."""
    flat, found = weight.view(-1), []
    for place in places:
        kept, losses = flat[place].clone(), []
        for nudge in (NUDGE, -NUDGE):
            flat[place] = kept + nudge
            losses.append(net.loss(x, labels))
        flat[place] = kept
        found.append((losses[0] - losses[1]) / (2 * NUDGE))
    return torch.stack(found)


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape))


def _size(tensor: Tensor) -> float:
    return float(tensor.square().mean().sqrt())
