"""Prints the mean time of a small network's step in ms; its libraries start in this process."""

from __future__ import annotations

import time

import torch
from torch import nn
from torch.nn import functional

WARM_UP, SECONDS = 30, 3.0


def main() -> None:
    """Make steps for a while."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10)
    )
    optimizer = torch.optim.AdamW(net.parameters())
    pictures, labels = torch.randn(100, 784), torch.randint(0, 10, (100,))

    def step() -> None:
        optimizer.zero_grad()
        functional.cross_entropy(net(pictures), labels).backward()
        optimizer.step()

    for _ in range(WARM_UP):
        step()
    steps, began = 0, time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        step()
        steps += 1
    print(1e3 * (time.perf_counter() - began) / steps)


if __name__ == "__main__":
    main()
