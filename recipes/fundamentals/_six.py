"""The data of `losses`, and the lowest value that each of its losses can have, by exact solvers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linprog
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from torch import Tensor

TEST_SHARE = 0.2
SLIP = 10  # an outlier is a value with a zero too many
# Those that do not tell nearly the same as another: radius, perimeter and area differ by little.
CELLS = ("mean texture", "mean area", "mean smoothness", "mean concavity", "mean symmetry")
QUESTIONS = {"malignant": "", "large cells": "worst area", "rough cells": "worst smoothness"}

Array = NDArray[np.float64]

# Shapes: N patients, T tumours, M measurements of CELLS, L = 3 questions.


class Samples(NamedTuple):
    """One part of both sets.

    Attributes:
        index: the body mass index (N, 1), standardised.
        progress: of the disease (N, 1), in spreads of the training patients around their mean.
        cells: of tumours (T, M), standardised.
        labels: yes (1) or no (0) to each of the questions (T, L).
    """

    index: Tensor
    progress: Tensor
    cells: Tensor
    labels: Tensor


def load(outliers: float, seed: int) -> tuple[Samples, Samples]:
    """Training and test part; only in the training part there are outliers, that share of it."""
    parts = zip(*_patients(outliers, seed), *_tumours(seed), strict=True)
    train, test = (Samples(*(torch.from_numpy(a).float() for a in part)) for part in parts)
    return train, test


def _patients(outliers: float, seed: int) -> tuple[list[Array], list[Array]]:
    bunch = load_diabetes(scaled=False)
    index = bunch.data[:, [bunch.feature_names.index("bmi")]]  # (442, 1)
    train, test = train_test_split(np.arange(len(index)), test_size=TEST_SHARE, random_state=seed)
    y = bunch.target[:, None].copy()  # (442, 1)
    mean, spread = y[train].mean(), y[train].std()
    slipped = np.random.default_rng(seed).choice(train, round(outliers * len(train)), replace=False)
    y[slipped] *= SLIP
    y = (y - mean) / spread
    return _standardised(index, train, test), [y[train], y[test]]


def _tumours(seed: int) -> tuple[list[Array], list[Array]]:
    bunch = load_breast_cancer()
    train, test = train_test_split(
        np.arange(len(bunch.target)), test_size=TEST_SHARE, stratify=bunch.target, random_state=seed
    )
    labels = [bunch.target == 0]
    for column in filter(None, QUESTIONS.values()):
        measured = bunch.data[:, list(bunch.feature_names).index(column)]
        labels.append(measured > np.median(measured[train]))
    y = np.stack(labels, axis=1)  # (569, L)
    columns = [list(bunch.feature_names).index(name) for name in CELLS]
    return _standardised(bunch.data[:, columns], train, test), [y[train], y[test]]


def _standardised(x: Array, train: Array, test: Array) -> list[Array]:
    mean, spread = x[train].mean(0), x[train].std(0)
    return [(x[part] - mean) / spread for part in (train, test)]


def lowest(train: Samples) -> dict[str, float]:
    """The least that any linear model makes of each loss: least squares, linear programs, Newton."""
    x, y, cells, labels = (part.double().numpy() for part in train)
    signs = 2 * labels[:, 0] - 1  # (T,)
    logs = [_cross_entropy(cells, label) for label in labels.T]
    return {
        "mse": _squared(x, y[:, 0]),
        "mae": _absolute(x, y[:, 0]),
        "mbe": 0.0,
        "bce": logs[0],
        "hinge": _hinge(cells, signs),
        "multi_label": float(np.mean(logs)),
    }


def _squared(x: Array, y: Array) -> float:
    f = _with_ones(x)
    return float(np.square(y - f @ np.linalg.lstsq(f, y)[0]).mean())


def _with_ones(x: Array) -> Array:
    return np.column_stack([x, np.ones(len(x))])


def _absolute(x: Array, y: Array) -> float:
    """The least mean |y - f| over lines f: each absolute value a variable, at least as much as both."""
    f, one = _with_ones(x), np.eye(len(y))
    above = np.block([[f, -one], [-f, -one]])
    cost = np.r_[np.zeros(f.shape[1]), np.full(len(y), 1 / len(y))]
    free = [(None, None)] * f.shape[1] + [(0, None)] * len(y)
    return float(linprog(cost, above, np.r_[y, -y], bounds=free).fun)


def _hinge(x: Array, signs: Array) -> float:
    """The least mean max(0, 1 - sign · f): what is missing from 1 as variables."""
    f = signs[:, None] * _with_ones(x)
    cost = np.r_[np.zeros(f.shape[1]), np.full(len(f), 1 / len(f))]
    free = [(None, None)] * f.shape[1] + [(0, None)] * len(f)
    return float(linprog(cost, np.block([-f, -np.eye(len(f))]), -np.ones(len(f)), bounds=free).fun)


def _cross_entropy(x: Array, y: Array) -> float:
    fitted = LogisticRegression(C=np.inf, solver="newton-cholesky", max_iter=1000, tol=1e-8).fit(x, y)
    scores = fitted.decision_function(x)
    return float((np.logaddexp(0, scores) - y * scores).mean())
