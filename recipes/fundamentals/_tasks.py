"""The tasks of `bias_variance`: a noisy curve, and digits with some wrong labels, drawn many times."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from recipes.images import _pictures

MORE = 5  # times as many samples, for the remedy of that name
TEST_SAMPLES = 1000
CURVE_STEPS = 101
DIGITS_SIDE = 14  # pixels; half of what they have, for a quarter of the time

# Shapes: R drawn sets, N samples of one, D inputs, T samples of the test part, P places of the curve.


class Drawn(NamedTuple):
    """R sets of samples of one world: x (R, N, D), and y (R, N) of them.

    Attributes:
        train, validation: x and y; to train on there are MORE x N, of which most use the first N.
        test: the same for all, x (1, T, D) and y (1, T).
        places, truth: of the curve itself, (1, P, 1) and (P,); None for digits.
        outputs: what a network has to give.
    """

    train: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]
    places: Tensor | None
    truth: Tensor | None
    outputs: int


def curve_at(x: Tensor) -> Tensor:
    """What the samples of the curve scatter about."""
    return torch.sin(1.5 * math.pi * x) + 0.5 * x


def curve(sets: int, samples: int, noise: float) -> Drawn:
    """Places in [-1, 1], and the curve there with noise of that spread."""

    def draw(sets: int, count: int) -> tuple[Tensor, Tensor]:
        x = 2 * torch.rand(sets, count, 1) - 1  # (R, N, 1)
        y = curve_at(x[..., 0]) + noise * torch.randn(sets, count)  # (R, N)
        return x, y

    places = torch.linspace(-1, 1, CURVE_STEPS)[None, :, None]  # (1, P, 1)
    parts = draw(sets, MORE * samples), draw(sets, samples), draw(1, TEST_SAMPLES)
    return Drawn(*parts, places, curve_at(places[0, :, 0]), 1)


def digits(sets: int, samples: int, noise: float, seed: int) -> Drawn:
    """MNIST in fewer pixels; that share of the known labels is drawn at random."""
    train, validation, test = _pictures.load("mnist_5k", "", seed)

    def draw(part: _pictures.Pictures, sets: int, count: int, noise: float) -> tuple[Tensor, Tensor]:
        count = min(count, len(part.labels))
        chosen = torch.stack([torch.randperm(len(part.labels))[:count] for _ in range(sets)])  # (R, N)
        small = F.adaptive_avg_pool2d(part.images / 255, DIGITS_SIDE).flatten(1)  # (all, D)
        labels = part.labels[chosen]
        wrong = torch.rand(labels.shape) < noise
        return small[chosen] - small.mean(), torch.where(wrong, torch.randint(10, labels.shape), labels)

    known = draw(train, sets, MORE * samples, noise), draw(validation, sets, samples, noise)
    return Drawn(*known, draw(test, 1, TEST_SAMPLES, 0), None, None, 10)
