"""Codes of pictures: what PCA makes of as many numbers, how far they are from normal, how they lie."""

from __future__ import annotations

import torch
from torch import Tensor

from workbench.figures.data import Scatter, Series

# Of a pixel: 1 / (2 σ²) for σ = 0.22, about what a code of this size leaves open.
SHARPNESS = 10.0
MOST_POINTS = 100  # of a class in a figure

# Shapes: N pictures, P pixels, Z numbers of a code.


class PCA:
    """The code of that width which squared errors like best among linear ones (Pearson, 1901)."""

    def __init__(self, pixels: Tensor, width: int) -> None:
        self.mean = pixels.mean(0)  # (P,)
        _, _, axes = torch.linalg.svd(pixels - self.mean, full_matrices=False)
        self.axes = axes[:width]  # (Z, P)

    def restored(self, pixels: Tensor) -> Tensor:
        """Pictures (N, P) drawn again from their codes."""
        return (pixels - self.mean) @ self.axes.T @ self.axes + self.mean


def distance_to_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence (N,) of Gaussians (N, Z) from the standard normal distribution."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)


def scatter(codes: Tensor, labels: Tensor, classes: list[str]) -> Scatter:
    """Codes (N, Z) along the two directions in which they spread most, by class."""
    centred = codes - codes.mean(0)
    if codes.shape[1] > 2:
        _, _, axes = torch.linalg.svd(centred, full_matrices=False)
        centred = centred @ axes[:2].T  # (N, 2)
    elif codes.shape[1] == 1:
        centred = torch.cat([centred, torch.zeros_like(centred)], dim=1)  # (N, 2)
    groups = []
    for index, name in enumerate(classes):
        points = centred[labels == index][:MOST_POINTS]  # (N, 2)
        groups.append(Series(name, points[:, 0], points[:, 1]))
    return Scatter(title="Codes, along the two directions of most spread", groups=groups)
