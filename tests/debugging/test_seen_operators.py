"""Operators drawn at random: a tensor sees what its gradients say, or nothing is told."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.debugging.layers import recorded_layers

Step = Callable[[Tensor], Tensor]
MOST_NUMBERS = 400  # each of which asks for its gradient


def _same(*shape: int) -> Tensor:
    """Weights of a convolution that hide nothing."""
    return torch.full(shape, 0.5, dtype=torch.double)


def _windows(draw: random.Random, given: Tensor) -> Iterator[Step]:
    channels, window, stride = given.shape[1], draw.choice([1, 2, 3]), draw.choice([1, 1, 2])
    weight, pointwise = _same(3, channels, window, min(window, 2)), _same(channels, channels, 1, 1)
    yield lambda x: F.conv2d(x, weight, stride=stride)
    yield lambda x: F.avg_pool2d(x, 2, stride)
    yield lambda x: F.adaptive_avg_pool2d(x, (2, 1))
    yield lambda x: F.interpolate(x, scale_factor=2)
    yield lambda x: x + F.conv2d(x, pointwise)
    yield lambda x: torch.cat([x, x * 2], 1)
    yield lambda x: x * x.mean((2, 3), keepdim=True)


def _moves(draw: random.Random, given: Tensor) -> Iterator[Step]:
    many = given.dim()
    one, other = draw.randrange(many), draw.randrange(many)
    yield lambda x: x.transpose(one, other)
    if given.shape[one] > 2:
        yield lambda x: x.narrow(one, 1, x.shape[one] - 1)
        yield lambda x: x[(*(slice(None),) * one, slice(0, None, 2))]
    if many > 2:
        yield lambda x: x.sum(one)
        yield lambda x: x.select(one, 0)
        yield lambda x: x.flatten(min(one, many - 2), min(one, many - 2) + 1).contiguous()
    if many < 5:
        yield lambda x: x.unsqueeze(one)
        yield lambda x: torch.stack([x, x.flip(one)], one)
        if given.shape[one] % 2 == 0:
            yield lambda x: x.unflatten(one, (2, -1))
    yield lambda x: torch.cat([x, x.new_zeros(x.shape)], one)
    yield lambda x: F.linear(x, _same(2, x.shape[-1]))
    yield lambda x: x.cumsum(one)
    yield lambda x: torch.roll(x, 1, one)
    yield lambda x: F.relu_(x * 1)
    if many >= 2:
        yield lambda x: x @ x.transpose(-1, -2)


class _Run(nn.Module):
    def __init__(self, steps: list[Step]) -> None:
        super().__init__()
        self.steps, self.last = steps, nn.Identity()

    def forward(self, given: Tensor) -> Tensor:
        for step in self.steps:
            given = step(given)
        return self.last(given)


def _drawn(draw: random.Random, given: Tensor) -> _Run:
    steps: list[Step] = []
    for _ in range(draw.randrange(2, 7)):
        has_windows = given.dim() == 4 and min(given.shape[2:]) >= 3
        choices = [*_moves(draw, given), *(_windows(draw, given) if has_windows else ())]
        step = draw.choice(choices)
        changed = step(given)
        if 0 < changed.numel() <= MOST_NUMBERS:
            steps.append(step)
            given = changed
    return _Run(steps)


def _spans(output: Tensor, given: Tensor) -> list[int]:
    """For each axis, from the first to the last number that one of the output depends on, at most."""
    widest = [0] * given.dim()
    for number in output.flatten():
        (gradient,) = torch.autograd.grad(number, given, retain_graph=True)
        places = gradient.nonzero()
        if len(places):
            spans = (places.amax(0) - places.amin(0) + 1).tolist()
            widest = list(map(max, widest, spans))
    return widest


def _is_part(told: tuple[int, ...], spans: list[int]) -> bool:
    """Whether `told` is some of the spans in their order: axes without windows are not told."""
    left = iter(spans)
    return all(one in left for one in told)


def test_what_is_told_is_what_gradients_say() -> None:
    compared = 0
    for seed in range(250):
        draw = random.Random(seed)
        shape = (1, 2, draw.choice([6, 8, 9]), draw.choice([5, 6, 8]))
        given = (torch.rand(shape, dtype=torch.double) + 0.5).requires_grad_()
        net = _drawn(draw, given.detach())
        with recorded_layers(net) as layers:
            output = net(given)
        told = next(layer.field for layer in layers if layer.name == "last")
        if told:
            compared += 1
            assert _is_part(told, _spans(output, given)), (seed, told)
    assert compared >= 40
