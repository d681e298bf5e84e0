"""What scores say of two classes, threshold by threshold; and whether probabilities are true."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

# Shapes: N samples, T thresholds, B bins. Scores are higher for yes; truths are 1 (yes) or 0.


class Counts(NamedTuple):
    """True and false, positives and negatives, each a number or (T,) numbers."""

    tp: Tensor
    fp: Tensor
    fn: Tensor
    tn: Tensor

    @property
    def tpr(self) -> Tensor:
        """Share of the yes that is found: recall, sensitivity."""
        return _share(self.tp, self.tp + self.fn)

    @property
    def fpr(self) -> Tensor:
        """Share of the no that is taken for yes: 1 - specificity."""
        return _share(self.fp, self.fp + self.tn)

    @property
    def precision(self) -> Tensor:
        """Share of what is called yes that is; 1 where nothing is called so."""
        return torch.where(self.tp + self.fp > 0, _share(self.tp, self.tp + self.fp), 1.0)

    @property
    def f1(self) -> Tensor:
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def accuracy(self) -> Tensor:
        return _share(self.tp + self.tn, self.tp + self.fp + self.fn + self.tn)


def _share(part: Tensor, whole: Tensor) -> Tensor:
    return part / whole.clamp(min=1)


def at(threshold: float, scores: Tensor, truths: Tensor) -> Counts:
    """What calling yes from a threshold on comes to."""
    called, yes = scores >= threshold, truths.bool()
    pairs = ((called, yes), (called, ~yes), (~called, yes), (~called, ~yes))
    return Counts(*((a & b).sum() for a, b in pairs))


def curve(scores: Tensor, truths: Tensor) -> tuple[Tensor, Counts]:
    """Every threshold (T,) that makes a difference, falling, and its counts; the first calls no yes."""
    order = scores.argsort(descending=True)
    scores, truths = scores[order], truths[order].double()
    last = torch.cat([scores[1:] != scores[:-1], torch.tensor([True], device=scores.device)])
    nothing = torch.zeros(1, dtype=torch.float64, device=scores.device)
    tp = torch.cat([nothing, truths.cumsum(0)[last]])  # (T,)
    fp = torch.cat([nothing, (1 - truths).cumsum(0)[last]])
    above = torch.tensor([torch.inf], dtype=scores.dtype, device=scores.device)
    return torch.cat([above, scores[last]]), Counts(tp, fp, tp[-1] - tp, fp[-1] - fp)


def area(counts: Counts) -> float:
    """Under the ROC curve, by trapezoids: the chance that a yes has a higher score than a no."""
    return float(torch.trapezoid(counts.tpr, counts.fpr))


def best_threshold(scores: Tensor, truths: Tensor) -> float:
    """Where TPR - FPR is largest (W. Youden, 1950): between that score and the next lower one."""
    thresholds, counts = curve(scores, truths)
    place = int((counts.tpr - counts.fpr)[1:].argmax()) + 1
    following = thresholds[min(place + 1, len(thresholds) - 1)]
    return float((thresholds[place] + following) / 2)


class Calibration(NamedTuple):
    """Of each bin that is not empty, (B,): mean probability, share of yes, number of samples."""

    said: Tensor
    true: Tensor
    count: Tensor

    @property
    def error(self) -> float:
        """The expected calibration error: how far what is said lies from what is true, on average."""
        return float(((self.said - self.true).abs() * self.count).sum() / self.count.sum())


def calibration(probabilities: Tensor, truths: Tensor, bins: int = 10) -> Calibration:
    """Probabilities of yes in bins of equal width, beside how often it was."""
    place = (probabilities * bins).long().clamp(max=bins - 1)  # (N,)
    count = torch.bincount(place, minlength=bins)
    said = torch.bincount(place, probabilities.double(), bins)
    true = torch.bincount(place, truths.double(), bins)
    filled = count > 0
    return Calibration(said[filled] / count[filled], true[filled] / count[filled], count[filled])
