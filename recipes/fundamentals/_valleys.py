"""The loss of a linear regression, which is a valley of known shape, and pictures of it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from sklearn.datasets import load_diabetes
from torch import Tensor

from workbench.figures.data import Matrix

TEST_PATIENTS = 89
RING_POINTS = 241

# Shapes: N patients, M measurements.


class Valley(NamedTuple):
    """The mean squared error of a linear regression: x (N, M), y (N,), float64."""

    x: Tensor
    y: Tensor

    def loss(self, w: Tensor) -> Tensor:
        return ((self.x @ w - self.y) ** 2).mean()

    def gradient(self, w: Tensor, rows: Tensor | slice) -> Tensor:
        """By hand, of the patients in `rows`: 2 xᵀ (x w - y) / N, (M,)."""
        x, y = self.x[rows], self.y[rows]
        return 2 * x.T @ (x @ w - y) / len(y)

    def lowest(self) -> Tensor:
        """The weights (M,) of least squares."""
        return torch.linalg.lstsq(self.x, self.y[:, None]).solution[:, 0]

    def steepest(self) -> float:
        """The largest curvature L: plain descent diverges from a rate of 2 / L on."""
        return float(torch.linalg.eigvalsh(2 * self.x.T @ self.x / len(self.y))[-1])


def patients(seed: int) -> tuple[list[str], Tensor, Tensor]:
    """Names, x (442, 10) and y (442,), standardised and shuffled; the test part first."""
    bunch = load_diabetes(scaled=False)
    order = torch.randperm(len(bunch.target), generator=torch.Generator().manual_seed(seed))
    both = torch.from_numpy(bunch.data)[order], torch.from_numpy(bunch.target)[order]
    x, y = ((part - part[TEST_PATIENTS:].mean(0)) / part[TEST_PATIENTS:].std(0) for part in both)
    return list(bunch.feature_names), x, y


def contours(valley: Valley, offset: Tensor, reach: float) -> Tensor:
    """Ellipses of equal loss, (P, 2), a gap between them; the last goes through lowest + offset.

    They are lowest + r H^(-1/2) (cos, sin), H the matrix of second derivatives, and NaN where they are
    farther than `reach` from the lowest place.
    """
    hessian = 2 * valley.x.T @ valley.x / len(valley.y)  # (2, 2)
    sizes, axes = torch.linalg.eigh(hessian)
    angle = torch.linspace(0, 2 * torch.pi, RING_POINTS, dtype=torch.float64)
    circle = torch.stack([angle.cos(), angle.sin()])  # (2, RING_POINTS)
    ellipse = (axes @ (circle / sizes.sqrt()[:, None])).T  # (RING_POINTS, 2)
    largest = float((offset @ hessian @ offset).sqrt())
    gap = torch.full((1, 2), torch.nan, dtype=torch.float64)
    rings = [largest * part * ellipse for part in (0.1, 0.3, 0.6, 1.0)]
    whole = torch.cat([piece for ring in rings for piece in (ring, gap)])  # (P, 2)
    far = (whole.abs() > reach).any(1, keepdim=True)
    return valley.lowest() + whole.masked_fill(far, torch.nan)


def landscape(valley: Valley, names: tuple[str, str]) -> Matrix:
    """The loss itself, as a map around its lowest place."""
    lowest = valley.lowest()
    steps = torch.linspace(-2.5, 2.5, 21, dtype=torch.float64)
    values = [[float(valley.loss(lowest + torch.stack([x, y]))) for x in steps] for y in steps.flip(0)]
    labels = [f"{step:+.1f}" for step in steps.tolist()]
    return Matrix(
        "Loss around its lowest place",
        values,
        rows=labels[::-1],
        columns=labels,
        row_label=f"weight of {names[1]}",
        column_label=f"weight of {names[0]}",
    )
