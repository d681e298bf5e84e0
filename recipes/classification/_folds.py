"""Several splits of one table, so that each sample is tested once, for the recipes of amounts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold, train_test_split
from torch import Tensor

from recipes.classification import _tables
from workbench.errors import WorkbenchError

STRENGTHS = np.logspace(-2, 3, 21)  # of ridge regression; each split chooses its own

# Shapes: N samples, M measurements, T targets.


class Fold(NamedTuple):
    """Measurements x and targets y of each part, standardised by the training part.

    Attributes:
        validation: empty where nothing is held out.
        tested: which samples of the table make the test part.
        targets: brings predictions back to what was measured.
    """

    train: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]
    tested: Tensor
    targets: _tables.Standardise


def folds(
    table: _tables.Measured, count: int, seed: int, device: str = "cpu", held_out: float = 0
) -> list[Fold]:
    """That many splits, their tensors on the device; `held_out` is the share that validates.

    Raises:
        WorkbenchError: when there are too few samples for it.
    """
    if len(table.x) < 3 * count:
        raise WorkbenchError(
            f"{len(table.x)} samples are too few for {count} splits",
            f"give {3 * count} or more, or set splits={max(len(table.x) // 3, 2)}",
        )
    found = []
    for rest, tested in KFold(count, shuffle=True, random_state=seed).split(table.x):
        train, validation = rest, rest[:0]
        if held_out:
            train, validation = train_test_split(rest, test_size=held_out, random_state=seed)
        inputs, targets = (_tables.Standardise(values[train]) for values in (table.x, table.y))
        parts = [
            (inputs(table.x[part]).to(device), targets(table.y[part]).to(device))
            for part in (train, validation, tested)
        ]
        found.append(Fold(*parts, torch.from_numpy(tested), targets))
    return found


def ridge(fold: Fold) -> Tensor:
    """Ridge regression's predictions (N, T) of the test part, standardised, for each target its own.

    It learns from training and validation part, its strength chosen by leaving one sample out.
    """
    x, y = (torch.cat([a, b]).cpu().numpy() for a, b in zip(fold.train, fold.validation, strict=True))
    columns = [RidgeCV(STRENGTHS).fit(x, column).predict(fold.test[0].cpu().numpy()) for column in y.T]
    return torch.from_numpy(np.stack(columns, axis=1)).float()


def r2(predicted: Tensor, y: Tensor) -> Tensor:
    """Share of the variance of each target (T,) that is explained; 1 at best, 0 for the mean."""
    left = (y - predicted).square().sum(0)
    return 1 - left / (y - y.mean(0)).square().sum(0)
