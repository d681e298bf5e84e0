"""The rules by which gradients become steps, each in a line or two.

Each takes what it remembers (a dict of tensors, changed in place), the gradient and the learning rate,
and gives what is subtracted from the weights.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

MOMENTUM = 0.9  # share of the last step that is kept
FORGETTING = 0.99  # RMSprop: share of the squares that is kept
BETA1, BETA2 = 0.9, 0.999  # Adam: the same for gradients and their squares
EPSILON = 1e-8  # no division by zero

Memory = dict[str, Tensor]
Rule = Callable[[Memory, Tensor, float], Tensor]


def plain(_: Memory, gradient: Tensor, lr: float) -> Tensor:
    """Straight down (A.-L. Cauchy, 1847)."""
    return lr * gradient


def momentum(memory: Memory, gradient: Tensor, lr: float) -> Tensor:
    """A heavy ball: steps along a valley add up, steps across it cancel (B. Polyak, 1964)."""
    memory["velocity"] = MOMENTUM * memory.get("velocity", torch.zeros_like(gradient)) + gradient
    return lr * memory["velocity"]


def adagrad(memory: Memory, gradient: Tensor, lr: float) -> Tensor:
    """A rate for each weight, which falls with all its gradients so far (J. Duchi et al., 2011)."""
    memory["squares"] = memory.get("squares", torch.zeros_like(gradient)) + gradient**2
    return lr * gradient / (memory["squares"].sqrt() + EPSILON)


def rmsprop(memory: Memory, gradient: Tensor, lr: float) -> Tensor:
    """As Adagrad, but old gradients are forgotten (T. Tieleman and G. Hinton, 2012)."""
    before = memory.get("squares", torch.zeros_like(gradient))
    memory["squares"] = FORGETTING * before + (1 - FORGETTING) * gradient**2
    return lr * gradient / (memory["squares"].sqrt() + EPSILON)


def adam(memory: Memory, gradient: Tensor, lr: float) -> Tensor:
    """Momentum and RMSprop, both corrected for having begun at 0 (D. Kingma and J. Ba, 2015)."""
    zero = torch.zeros_like(gradient)
    memory["count"] = count = memory.get("count", gradient.new_zeros(())) + 1
    memory["mean"] = BETA1 * memory.get("mean", zero) + (1 - BETA1) * gradient
    memory["squares"] = BETA2 * memory.get("squares", zero) + (1 - BETA2) * gradient**2
    mean, squares = memory["mean"] / (1 - BETA1**count), memory["squares"] / (1 - BETA2**count)
    return lr * mean / (squares.sqrt() + EPSILON)
