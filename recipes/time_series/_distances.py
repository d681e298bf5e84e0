"""Which known series is nearest: by the distance of moments, and by the best alignment of them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Distance = Callable[[Tensor, Tensor], Tensor]
NUMBERS_AT_ONCE = 200_000  # of a diagonal of dtw, L x N x T; they stay in a processor's cache

# Shapes: N series that are asked, T series that are known, C channels, L moments.


def euclidean(asked: Tensor, known: Tensor) -> Tensor:
    """Distances (N, T) of series (N, C, L) from series (T, C, L), moment by moment."""
    return torch.cdist(asked.flatten(1), known.flatten(1))


def dtw(asked: Tensor, known: Tensor, lengths: tuple[Tensor, Tensor] | None = None) -> Tensor:
    """Distances (N, T) of the best alignment, in which a moment may last (H. Sakoe and S. Chiba, 1978).

    Squared differences are summed along the way; any way through all pairs of moments is allowed.
    `lengths`, (N,) and (T,), say how many moments of each series count; else all do.
    """
    a, b = asked.permute(2, 0, 1), known.permute(2, 0, 1).flip(0)  # (L, N, C), (L, T, C) from its end
    rows, columns = len(a), len(b)
    last = (
        torch.full((len(asked), len(known)), rows + columns - 2)
        if lengths is None
        else lengths[0][:, None] + lengths[1] - 2
    )  # (N, T): the diagonal on which the way of each pair ends
    ends = set(last.unique().tolist())
    row = (lengths[0] if lengths is not None else torch.full((len(asked),), rows))[:, None].expand_as(
        last
    )
    found = asked.new_empty(last.shape)
    # Diagonal by diagonal: all cells of one, and all pairs of series, at once. Cell i, j of the table
    # stands at i + 1 of its diagonal; only two diagonals before the new one are needed.
    two_ago, before, new = (asked.new_full((rows + 1, *last.shape), torch.inf) for _ in range(3))
    two_ago[0] = 0
    for diagonal in range(rows + columns - 1):
        i, end = max(0, diagonal - columns + 1), min(diagonal, rows - 1) + 1
        shift = columns - 1 - diagonal  # where j = diagonal - i stands, counted from the end
        squares = (a[i:end, :, None] - b[i + shift : end + shift, None]).square_()  # (cells, N, T, C)
        # A sum over one channel would be a slow copy.
        cost = squares[..., 0] if squares.shape[-1] == 1 else squares.sum(-1)  # (cells, N, T)
        best = torch.minimum(torch.minimum(before[i:end], before[i + 1 : end + 1]), two_ago[i:end])
        torch.add(cost, best, out=new[i + 1 : end + 1])
        new[i], new[end + 1 : end + 2] = torch.inf, torch.inf
        if diagonal in ends:
            here = last == diagonal
            found[here] = new[row[here], *here.nonzero(as_tuple=True)]
        two_ago, before, new = before, new, two_ago
    return found.sqrt()


def accuracy_of_nearest(
    distance: Distance, known: Tensor, known_labels: Tensor, asked: Tensor, labels: Tensor
) -> float:
    """Share of the series asked for that have the label of the nearest known one."""
    right = 0
    at_once = max(1, NUMBERS_AT_ONCE // known[:, 0].numel())
    for start in range(0, len(asked), at_once):
        chosen = slice(start, start + at_once)
        nearest = distance(asked[chosen], known).argmin(1)  # (N,)
        right += int((known_labels[nearest] == labels[chosen]).sum())
    return right / len(asked)
