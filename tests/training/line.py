"""A training small enough to be run many times in one process."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from workbench.training import Data, Tensors, Training

SAMPLES, FEATURES = 60, 3


class Line(Training):
    """Fits a line with dropout, so that the random state matters."""

    class Params(Training.Params):
        epochs = 4
        batch_size = 8
        lr = 1e-2
        log_every = 1

    def data(self) -> Data:
        generator = torch.Generator().manual_seed(self.seed)
        x = torch.randn(SAMPLES, FEATURES, generator=generator)
        y = x @ torch.tensor([1.0, -2.0, 0.5]) + 1
        return Data(Tensors(x[:40], y[:40]), Tensors(x[40:50], y[40:50]), Tensors(x[50:], y[50:]))

    def model(self) -> nn.Module:
        return nn.Sequential(nn.Dropout(0.1), nn.Linear(FEATURES, 1))

    def training_step(self, batch: Any) -> Tensor:
        x, y = batch
        return ((self.net(x)[:, 0] - y) ** 2).mean()
