"""Which one feature of the input tells the label by itself."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from workbench.debugging.probes import TellingFeature

FEWEST_SAMPLES = 32  # of fewer, one of many features tells the label by chance
FEWEST_OF_A_CLASS = 3
MOST_SAMPLES = 2048  # a batch that is not cut here may be the whole data
CANDIDATES = 16  # features that are looked at closely


def telling_feature(batch: Any) -> TellingFeature | None:
    """`most_telling` of a batch that is a pair of inputs and labels; None for any other."""
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        return None
    inputs, labels = batch
    both = isinstance(inputs, Tensor) and isinstance(labels, Tensor)
    return most_telling(inputs, labels) if both else None


def most_telling(inputs: Tensor, targets: Tensor) -> TellingFeature | None:
    """The feature of `inputs` (N, ...) from which alone most of `targets` (N,) can be told.

    Of classes it is the share of samples that are nearest to their own class's mean; of numbers the
    square of the correlation. None where there are too few samples, or tensors of another kind.
    """
    if targets.dim() == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]  # (N,)
    is_plain = inputs.layout == targets.layout == torch.strided and not inputs.is_complex()
    if not is_plain or inputs.dim() < 2 or targets.shape != inputs.shape[:1]:
        return None
    features = inputs.detach()[:MOST_SAMPLES].flatten(1).float()  # (N, F)
    targets = targets.detach()[:MOST_SAMPLES]
    if targets.is_floating_point():
        return _of_numbers(features, targets.float())
    return _of_classes(features, targets)


def _of_numbers(features: Tensor, targets: Tensor) -> TellingFeature | None:
    if len(features) < FEWEST_SAMPLES:
        return None
    x = features - features.mean(0)  # (N, F)
    y = targets - targets.mean()  # (N,)
    scale = x.square().sum(0) * y.square().sum()  # (F,)
    explained = (x * y[:, None]).sum(0).square() / scale  # (F,)
    return _best(torch.where(scale > 0, explained, 0.0))


def _of_classes(features: Tensor, labels: Tensor) -> TellingFeature | None:
    """Classes of few samples are left out: a feature that one sample alone has would tell them."""
    _, numbers, counts = torch.unique(labels, return_inverse=True, return_counts=True)
    kept = counts[numbers] >= FEWEST_OF_A_CLASS  # (N,)
    features, labels = features[kept], labels[kept]
    if len(labels) < FEWEST_SAMPLES:
        return None
    _, numbers, counts = torch.unique(labels, return_inverse=True, return_counts=True)  # (N,), (K,)
    if len(counts) < 2:
        return None
    apart = features - features.mean(0)  # (N, F)
    means = _means(apart, numbers, counts)  # (K, F)
    whole = apart.square().sum(0)  # (F,)
    explained = torch.where(whole > 0, counts.float() @ means.square() / whole, 0.0)  # (F,)
    candidates = explained.topk(min(CANDIDATES, len(explained))).indices  # (C,)
    distances = (apart[:, None, candidates] - means[None, :, candidates]).abs()  # (N, K, C)
    told = distances.argmin(1) == numbers[:, None]  # (N, C)
    shares = torch.zeros_like(explained)
    shares[candidates] = told.float().mean(0)
    return _best(shares)


def _means(features: Tensor, numbers: Tensor, counts: Tensor) -> Tensor:
    sums = features.new_zeros(len(counts), features.shape[1]).index_add_(0, numbers, features)
    return sums / counts[:, None]


def _best(shares: Tensor) -> TellingFeature | None:
    if not len(shares) or not bool(torch.isfinite(shares).all()):
        return None
    number = int(shares.argmax())
    return TellingFeature(number, len(shares), float(shares[number]))
