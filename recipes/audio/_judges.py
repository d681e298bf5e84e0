"""Who tells sounds apart by the mean of each coefficient alone, and how well, beside the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor

from workbench.figures.data import Table

JUDGES = {
    "logistic": ("logistic regression, mean MFCC", lambda: LogisticRegression(max_iter=1000)),
    "nearest": ("nearest neighbour, mean MFCC", lambda: KNeighborsClassifier(n_neighbors=1)),
}

# Shapes: N sounds, C coefficients.


def answers(known: Tensor, labels: Tensor, asked: Tensor) -> dict[str, Tensor]:
    """What each judge says of the means asked about (N, C), from known ones and their labels."""
    mean, spread = known.mean(0), known.std(0).clamp(min=1e-6)
    known, asked = ((part - mean) / spread for part in (known, asked))
    return {
        name: torch.from_numpy(judge().fit(known.numpy(), labels.numpy()).predict(asked.numpy()))
        for name, (_, judge) in JUDGES.items()
    }


def models(right: Mapping[str, Tensor], weights: int) -> Table:
    """Accuracy of each; `right` says which answers (N,) were, first the network's."""
    rows: list[list[str | float]] = []
    for name, one in right.items():
        is_judge = name in JUDGES
        title = JUDGES[name][0] if is_judge else f"2-D CNN, {name}"
        rows.append([title, "" if is_judge else weights, float(one.float().mean())])
    return Table("Who tells sounds apart", ["model", "weights", "accuracy on the test part"], rows)


def classes(right: Mapping[str, Tensor], labels: Tensor, names: Sequence[str]) -> Table:
    """Which share of each class each of them knows."""
    rows = [
        [name, *(float(one[labels == label].float().mean()) for one in right.values())]
        for label, name in enumerate(names)
    ]
    return Table("Share of each class that is known", ["class", *right], rows)
