"""Lines between two classes: whether there is one, how soon a perceptron finds it, where to draw it."""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import linprog
from sklearn.svm import SVC
from torch import Tensor

# Shapes: N points, M measurements. Labels are 1 for yes and -1 for no.


def common_point(x: Tensor, y: Tensor) -> Tensor | None:
    """A point (M,) that averages points of both classes; None where a line separates them.

    Found by linear programming: shares a and b with sum 1 and a · x(yes) = b · x(no).
    """
    yes, no = x[y > 0].numpy(), x[y < 0].numpy()
    ones = [[1] * len(yes) + [0] * len(no), [0] * len(yes) + [1] * len(no)]
    equations = np.vstack([np.hstack([yes.T, -no.T]), ones])  # (M + 2, N)
    values = np.array([0.0] * x.shape[1] + [1, 1])
    found = linprog(np.zeros(len(x)), A_eq=equations, b_eq=values)
    return torch.from_numpy(found.x[: len(yes)] @ yes) if found.status == 0 else None


def novikoff_bound(x: Tensor, y: Tensor) -> float:
    """No more than (R / margin)² updates: R the longest point, both measured with 1 for the offset."""
    line = SVC(kernel="linear", C=1e6).fit(x.numpy(), y.numpy())
    w = torch.from_numpy(np.append(line.coef_[0], line.intercept_))  # (M + 1,)
    longer = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], dim=1)  # (N, M + 1)
    margin = (y * (longer @ w)).min() / w.norm()
    return float((longer.norm(dim=1).max() / margin) ** 2)


def in_a_square(w: Tensor, b: Tensor, limit: float) -> tuple[list[float], list[float]] | None:
    """Both ends, as xs and ys, of w · x + b = 0 within `limit` of 0; None where it does not pass."""
    length = float(w.norm())
    if not length:
        return None
    foot, along = (-b * w / length**2).tolist(), (-float(w[1]) / length, float(w[0]) / length)
    low, high = -np.inf, np.inf
    for start, slope in zip(foot, along, strict=True):
        if abs(slope) < 1e-12:
            if abs(start) > limit:
                return None
            continue
        ends = sorted(((-limit - start) / slope, (limit - start) / slope))
        low, high = max(low, ends[0]), min(high, ends[1])
    if low >= high:
        return None
    xs, ys = (
        [start + t * slope for t in (low, high)] for start, slope in zip(foot, along, strict=True)
    )
    return xs, ys
