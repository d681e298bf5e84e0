"""What is measured of a tensor, reduced where it lies; all numbers come to the host at once."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import NamedTuple

import torch
from torch import Tensor

NEAR = 0.01  # share of a bounded function's range that counts as saturated, at either end
_WIDE = {torch.float32, torch.float64}
RANGES = {"Sigmoid": (0.0, 1.0), "Tanh": (-1.0, 1.0), "Hardsigmoid": (0.0, 1.0)}


class Kept(NamedTuple):
    """Where a number stands among those of its device."""

    device: torch.device
    place: int


class Gathered:
    """Numbers that stay on their devices until all of them are asked for, in one transfer a device."""

    def __init__(self) -> None:
        self._numbers: defaultdict[torch.device, list[Tensor]] = defaultdict(list)
        self._on_host: dict[torch.device, list[float]] = {}

    def keep(self, number: Tensor) -> Kept:
        """Take a tensor without dimensions, which nothing has to be derived through."""
        there = self._numbers[number.device]
        # Numbers of one type are put together by one kernel on a device, others one by one.
        there.append(number if number.dtype in _WIDE else number.float())
        return Kept(number.device, len(there) - 1)

    def bring(self) -> None:
        """Fetch all that was kept; only then `read` can be asked."""
        self._on_host = {device: torch.stack(all_).tolist() for device, all_ in self._numbers.items()}

    def read(self, kept: Kept) -> float:
        """The number, on the host."""
        return float(self._on_host[kept.device][kept.place])


def is_measurable(tensor: Tensor) -> bool:
    """Whether it holds real numbers, one at least, side by side."""
    return tensor.is_floating_point() and tensor.layout == torch.strided and tensor.numel() > 0


def of_output(output: Tensor, unit_dim: int, kind: str) -> dict[str, Tensor]:
    """Mean, spread, zeros and so on of an output (N, …), as tensors of one element.

    `unit_dim` is the dimension of the units, from the front or from the back; 0 where there are none.
    What comes out stands in `LayerProbe`, under the same names.
    """
    values, unit_dim = _in_order(_real(output), unit_dim)  # (N, …)
    samples = len(values)
    mean, variance = _over_samples(values)  # (…), (…)
    spread = (variance.mean() + mean.var(correction=0)).sqrt()
    # As 1 and 0: on the CPU to add up truths, or to count, takes three times as long.
    others = torch.ne(values, 0, out=torch.empty_like(values)).sum(0)  # (…)
    numbers = {
        "mean": mean.mean(),
        "spread": spread,
        "zeros": 1 - others.mean() / samples,
        "non_finite": _non_finite(values, mean),
    }
    if samples > 1:
        numbers["varying"] = variance.sqrt().mean() / spread
    if unit_dim:
        numbers["dead"] = (_by_unit(others, unit_dim).amax(1) == 0).sum()
    if kind in RANGES:
        low, high = RANGES[kind]
        margin = NEAR * (high - low)
        numbers["saturated"] = ((values < low + margin) | (values > high - margin)).float().mean()
    return numbers


def of_input(given: Tensor, unit_dim: int) -> dict[str, Tensor]:
    """What `InputProbe` has of an input (N, …); extremes alone where it holds whole numbers."""
    if not given.is_floating_point():
        return {"low": given.amin(), "high": given.amax()}
    values, unit_dim = _in_order(_real(given), unit_dim)
    mean, variance = _over_samples(values)
    numbers = {
        "mean": mean.mean(),
        "spread": (variance.mean() + mean.var(correction=0)).sqrt(),
        "low": values.amin(),
        "high": values.amax(),
    }
    if unit_dim:
        means, variances = _by_unit(mean, unit_dim), _by_unit(variance, unit_dim)  # (units, places)
        spreads = (variances.mean(1) + means.var(1, correction=0)).sqrt()
        numbers |= {"largest_feature_spread": spreads.amax(), "smallest_feature_spread": spreads.amin()}
    return numbers


def root_mean_square(values: Tensor) -> Tensor:
    """Of all elements, in float32 at least."""
    norm: Tensor = torch.linalg.vector_norm(_real(values))
    return norm / math.sqrt(values.numel())


def _real(values: Tensor) -> Tensor:
    """In float32 at least, and with a dimension for samples."""
    values = values.detach()
    wide = values if values.dtype in _WIDE else values.float()
    return wide if wide.dim() else wide.reshape(1)


def _in_order(values: Tensor, unit_dim: int) -> tuple[Tensor, int]:
    """The same numbers as they lie in memory, and where the units are then.

    To add up what is channels last in another order takes the CPU ten times as long.
    """
    if unit_dim == 1 and not values.is_contiguous():
        return values.movedim(1, -1).contiguous(), -1
    return values.contiguous(), unit_dim


def _over_samples(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance over the samples (N, …), at each place (…).

    Measured from the first sample, so that what hardly varies is not lost in rounding.
    """
    shifted = values - values[:1]  # (N, …)
    mean = shifted.mean(0)  # (…)
    square = shifted.square_().mean(0)
    return values[0] + mean, (square - mean.square()).clamp(min=0)


def _by_unit(values: Tensor, unit_dim: int) -> Tensor:
    """Values without samples (…) as (units, places); `unit_dim` counts as if there were samples."""
    moved = values.movedim(unit_dim - 1 if unit_dim > 0 else unit_dim, 0)
    return moved.reshape(len(moved), -1)


def _non_finite(values: Tensor, mean: Tensor) -> Tensor:
    """How many numbers are NaN or infinite, none where the mean (…) of each place is finite."""
    # Elsewhere to look at the mean would make the host wait for the device.
    if values.device.type == "cpu" and bool(torch.isfinite(mean.sum())):
        return torch.zeros(())
    return torch.isfinite(values).logical_not().sum()
