"""Which known series is nearest: by the distance of moments, and by the best alignment of them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Distance = Callable[[Tensor, Tensor], Tensor]
ASKED_AT_ONCE = 64  # dtw holds L x L x N x T numbers

# Shapes: N series that are asked, T series that are known, C channels, L moments.


def euclidean(asked: Tensor, known: Tensor) -> Tensor:
    """Distances (N, T) of series (N, C, L) from series (T, C, L), moment by moment."""
    return torch.cdist(asked.flatten(1), known.flatten(1))


def dtw(asked: Tensor, known: Tensor) -> Tensor:
    """Distances (N, T) of the best alignment, in which a moment may last (H. Sakoe and S. Chiba, 1978).

    Squared differences are summed along the way; any way through the L x L pairs of moments is allowed.
    """
    length = asked.shape[2]
    a, b = asked.permute(2, 0, 1), known.permute(2, 0, 1)  # (L, N, C), (L, T, C)
    best = asked.new_full((length + 1, length + 1, len(asked), len(known)), torch.inf)
    best[0, 0] = 0
    # Diagonal by diagonal: all cells of one, and all pairs of series, at once.
    for diagonal in range(2 * length - 1):
        i = torch.arange(max(0, diagonal - length + 1), min(diagonal, length - 1) + 1)
        j = diagonal - i
        cost = (a[i, :, None] - b[j, None]).square().sum(-1)  # (cells, N, T)
        before = torch.minimum(torch.minimum(best[i, j], best[i, j + 1]), best[i + 1, j])
        best[i + 1, j + 1] = cost + before
    return best[-1, -1].sqrt()


def accuracy_of_nearest(
    distance: Distance, known: Tensor, known_labels: Tensor, asked: Tensor, labels: Tensor
) -> float:
    """Share of the series asked for that have the label of the nearest known one."""
    right = 0
    for start in range(0, len(asked), ASKED_AT_ONCE):
        chosen = slice(start, start + ASKED_AT_ONCE)
        nearest = distance(asked[chosen], known).argmin(1)  # (N,)
        right += int((known_labels[nearest] == labels[chosen]).sum())
    return right / len(asked)
