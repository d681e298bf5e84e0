"""What a network makes of a sample, in words: classes with probabilities, or numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.figures.data import Bars
from workbench.training.trees import tensors_in

SHOWN_CLASSES = 10
SHOWN_NUMBERS = 6
SUM_SLACK = 1e-3


@dataclass(frozen=True)
class Judgement:
    """The true and the predicted class, by number; -1 where it is not known.

    `probabilities` (K,) is None where the network tells no classes apart.
    """

    true: int = -1
    predicted: int = -1
    probabilities: Tensor | None = None

    @property
    def sure(self) -> float | None:
        """The probability of the predicted class."""
        return None if self.probabilities is None else float(self.probabilities[self.predicted])


def labels_of(batch: object) -> Tensor | None:
    """Whole numbers (N,), one a sample, that stand behind the input; None where there are none."""
    tensors = list(tensors_in(batch))
    if len(tensors) < 2:
        return None
    last = tensors[-1]
    whole = not (last.is_floating_point() or last.is_complex() or last.dtype == torch.bool)
    return last if whole and last.dim() == 1 and len(last) == len(tensors[0]) else None


def probabilities_of(output: Tensor | None, labels: Tensor | None, classes: int) -> Tensor | None:
    """(N, K) probabilities from the network's answer; None where it tells no classes apart.

    An answer of two dimensions is one of logits unless its rows are probabilities already; one number a
    sample is the logit of class 1 where there are two classes.
    """
    if output is None or not output.is_floating_point():
        return None
    if labels is None and not classes:
        return None
    numbers = output.detach().cpu().float()
    if numbers.dim() == 2 and numbers.shape[1] > 1:
        if classes not in {0, numbers.shape[1]}:
            return None
        sums = numbers.sum(1)
        are_shares = bool(((numbers >= 0).all() and ((sums - 1).abs() < SUM_SLACK).all()).item())
        return numbers if are_shares else numbers.softmax(1)
    two = classes == 2 or (
        classes == 0 and labels is not None and bool(((labels == 0) | (labels == 1)).all())
    )
    if two and numbers.dim() in {1, 2} and numbers.numel() == len(numbers):
        of_one = numbers.flatten().sigmoid()  # (N,)
        return torch.stack([1 - of_one, of_one], dim=1)  # (N, 2)
    return None


def judged(output: Tensor | None, batch: object, classes: Sequence[str]) -> Judgement:
    """What the answer to a batch of one says."""
    labels = labels_of(batch)
    shares = probabilities_of(output, labels, len(classes))
    if shares is None or len(shares) != 1 or not bool(shares.isfinite().all()):
        return Judgement()
    known = labels is not None and 0 <= int(labels[0]) < shares.shape[1]
    true = int(labels[0]) if labels is not None and known else -1
    return Judgement(true, int(shares[0].argmax()), shares[0])


def class_name(number: int, classes: Sequence[str]) -> str:
    """The name of a class; its number where it has none, nothing for -1."""
    if number < 0:
        return ""
    return str(classes[number]) if number < len(classes) else str(number)


def likeliest(shares: Tensor, classes: Sequence[str]) -> Bars:
    """The likeliest classes with their probabilities, best first."""
    best = shares.topk(min(SHOWN_CLASSES, len(shares)))
    labels = [class_name(number, classes) for number in best.indices.tolist()]
    return Bars("Probabilities", labels, best.values.tolist())


def in_words(numbers: Tensor | None) -> str:
    """The first of some numbers, and what they are in all: `0.31, -2.5, … (1 x 128)`."""
    if numbers is None or not numbers.numel():
        return ""
    flat = numbers.detach().flatten()
    shown = ", ".join(f"{value:.4g}" for value in flat[:SHOWN_NUMBERS].tolist())
    if flat.numel() <= SHOWN_NUMBERS:
        return shown
    return f"{shown}, … ({' x '.join(map(str, numbers.shape))})"
