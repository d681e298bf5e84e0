"""Many small networks at once, each with its own weights, as one tensor of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

STEEP = 4.0  # spread of the first weights times the root of their number: bends within the data

# Shapes: G groups, R networks a group, N samples, D inputs, W units of the widest, K outputs.


class Group(NamedTuple):
    """What the networks of a group have in common."""

    name: str
    units: int
    decay: float = 0.0  # penalty on the sum of the squared weights
    dropout: float = 0.0  # share of units left out in training


class Crowd(nn.Module):
    """G x R networks of one hidden layer, tanh; units beyond a group's number are always 0."""

    def __init__(self, groups: Sequence[Group], networks: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.groups = list(groups)
        shape, widest = (len(groups), networks), max(group.units for group in groups)
        units = torch.tensor([group.units for group in groups])[:, None]  # (G, 1)
        used = (torch.arange(widest) < units)[:, None, None].float()  # (G, 1, 1, W)
        self.drops = any(group.dropout for group in groups)
        left_out = torch.tensor([group.dropout for group in groups])[:, None, None, None]
        self.register_buffer("used", used, persistent=False)
        self.register_buffer("left_out", left_out, persistent=False)
        steep = STEEP * inputs**-0.5
        self.inward = nn.Parameter(steep * torch.randn(*shape, inputs, widest))
        self.offset = nn.Parameter(STEEP * (2 * torch.rand(*shape, 1, widest) - 1))
        fair = units[:, :, None, None] ** -0.5  # (G, 1, 1, 1)
        self.outward = nn.Parameter(fair * torch.randn(*shape, widest, outputs))
        self.shift = nn.Parameter(torch.zeros(*shape, 1, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """From (R, N, D), or (1, N, D) for all alike, to (G, R, N, K)."""
        hidden = torch.tanh(x @ self.inward + self.offset) * self.used  # (G, R, N, W)
        if self.training and self.drops:
            # Drawn once for all groups: to draw is what takes most of the time here.
            stays = torch.rand_like(hidden[0]) >= self.left_out  # (G, R, N, W)
            hidden = hidden * stays / (1 - self.left_out)
        return hidden @ self.outward + self.shift

    def penalty(self) -> Tensor:
        """Of all networks together: decay times the sum of the squared weights that are in use."""
        decay = torch.tensor([group.decay for group in self.groups], device=self.shift.device)
        inward = (self.inward * self.used).square().sum((1, 2, 3))  # (G,)
        outward = (self.outward * self.used.mT).square().sum((1, 2, 3))
        return (decay * (inward + outward)).sum()
