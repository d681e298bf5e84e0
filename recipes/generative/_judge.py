"""A classifier of the real pictures, which says what made-up pictures look like."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

CONFIDENT = 0.9  # the least probability of a class for a picture that counts as confident
PRESENT = 0.01  # share of all pictures that a class needs to count as present
BATCH_SIZE, LR = 100, 5e-3
WIDTH = 16

# Shapes: N pictures, C channels, S pixels a side, K classes; pictures are scaled to -1..1.


class Judge(nn.Module):
    """A small convolutional network, (N, C, S, S) to probabilities (N, K)."""

    def __init__(self, channels: int, side: int, classes: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *_block(channels, WIDTH),  # (N, W, S/2, S/2)
            *_block(WIDTH, 2 * WIDTH),  # (N, 2W, S/4, S/4)
            nn.Flatten(),
            nn.Linear(2 * WIDTH * (side // 4) ** 2, classes),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        return self.layers(pictures).softmax(1)  # (N, K)

    def learn(self, images: Tensor, labels: Tensor, epochs: int) -> None:
        """Train on uint8 images (N, C, S, S) and labels (N,), then take no gradient any more."""
        batches = -(-len(labels) // BATCH_SIZE)
        optimizer = torch.optim.AdamW(self.parameters())
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, total_steps=epochs * batches)
        device = self.layers[0].weight.device
        for _ in range(epochs):
            for indices in torch.randperm(len(labels)).chunk(batches):
                logits = self.layers(scaled(images[indices].to(device)))  # (N, K)
                F.cross_entropy(logits, labels[indices].to(device)).backward()
                optimizer.step()
                optimizer.zero_grad()
                schedule.step()
        self.requires_grad_(False)

    def score(self, images: Tensor, labels: Tensor) -> dict[str, float]:
        """On uint8 images that it never saw: `accuracy`, and the share it is `confident_of_real`."""
        device = self.layers[0].weight.device
        probabilities = torch.cat([self(scaled(part.to(device))) for part in images.split(1000)]).cpu()
        confidence, judged = probabilities.max(1)  # (N,), (N,)
        return {
            "accuracy": float((judged == labels).float().mean()),
            "confident_of_real": float((confidence >= CONFIDENT).float().mean()),
        }


class Judged(Metric):
    """What a judge makes of all pictures of a split, from its probabilities.

    `confident` is the share that it is confident of; `per_class` counts these, and `classes` is the
    number of classes present among them. The Inception score is 1 where all pictures look alike, and K
    where each is certain and all K classes are equally frequent.
    """

    full_state_update = False

    def __init__(self) -> None:
        super().__init__()
        self.add_state("probabilities", default=[], dist_reduce_fx="cat")

    def update(self, probabilities: Tensor, _targets: Tensor) -> None:
        self.probabilities.append(probabilities.float())

    def compute(self) -> dict[str, Tensor]:
        p = dim_zero_cat(self.probabilities)  # (N, K)
        confidence, judged = p.max(1)  # (N,), (N,)
        confident = confidence >= CONFIDENT
        per_class = torch.bincount(judged[confident], minlength=p.shape[1])  # (K,)
        divergence = (torch.xlogy(p, p) - torch.xlogy(p, p.mean(0))).sum(1)  # (N,)
        return {
            "confident": confident.float().mean(),
            "classes": (per_class >= PRESENT * len(p)).sum(),
            "inception_score": divergence.mean().exp(),
            "per_class": per_class,
        }


def scaled(images: Tensor) -> Tensor:
    """From 0..255 to -1..1, the range of tanh."""
    return images / 127.5 - 1


def pixels(picture: Tensor) -> Tensor:
    """From -1..1 to 0..255, and from (C, S, S) to (S, S, C)."""
    return ((picture + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0)


def _block(channels_in: int, channels_out: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(channels_in, channels_out, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
        nn.MaxPool2d(2),
    )
