"""ResNet-18 on noise of 64 x 64 pixels: a network of usual size for `inspect_moves`, never trained.

Source: K. He et al., Deep Residual Learning for Image Recognition, 2016.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import resnet18

from workbench.training import Data, Tensors, Training

SAMPLES, CLASSES, SIDE = 256, 10, 64


class SmallResNet(Training):
    """Cross entropy over CLASSES classes."""

    def data(self) -> Data:
        source = torch.Generator().manual_seed(self.seed)
        images = torch.rand(SAMPLES, 3, SIDE, SIDE, generator=source)  # (N, 3, S, S)
        labels = torch.arange(SAMPLES) % CLASSES  # (N,)
        return Data(Tensors(images, labels), Tensors(images, labels), classes=CLASSES)

    def model(self) -> nn.Module:
        net: nn.Module = resnet18(num_classes=CLASSES)
        return net

    def training_step(self, batch: Any) -> Tensor:
        images, labels = batch
        return F.cross_entropy(self.net(images), labels)
