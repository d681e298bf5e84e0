"""Pictures of sounds as they might have been: begun later, by another voice, in part unheard.

Source: masking: D. Park et al., SpecAugment, 2019; stretching, as of a longer or shorter vocal tract:
N. Jaitly and G. Hinton, Vocal tract length perturbation improves speech recognition, 2013.
"""

from __future__ import annotations

import torch
from torch import Tensor

# Shapes: N sounds, R rows of a picture, T moments.


def moved(pictures: Tensor) -> Tensor:
    """Each of (N, 1, R, T) moved in time by chance; what leaves at the end comes back at the begin."""
    n, _, _, moments = pictures.shape
    by = torch.randint(moments, (n, 1), device=pictures.device)
    places = (torch.arange(moments, device=pictures.device) + by) % moments  # (N, T)
    return pictures.gather(3, places[:, None, None].expand_as(pictures))


def masked(pictures: Tensor, share: float, dim: int) -> Tensor:
    """A stretch of rows or moments of each (N, 1, R, T) set to 0, the mean; at most that share."""
    shape = [len(pictures), 1, 1, 1]
    begin, length = (torch.rand(shape, device=pictures.device) for _ in range(2))
    size = pictures.shape[dim]
    shape[0], shape[dim] = 1, size
    place = (torch.arange(size, device=pictures.device) / size).reshape(shape)
    length = share * length
    begin = begin * (1 - length)
    return pictures.masked_fill((place >= begin) & (place < begin + length), 0)


def stretched(pictures: Tensor, most: float) -> Tensor:
    """The rows of each (N, 1, R, T) pulled apart or together by a factor from 1 - `most` to 1 + `most`.

    The last row stands for those beyond it. On a mel scale the factor is about one of frequencies.
    """
    n, _, rows, moments = pictures.shape
    factor = 1 + most * (2 * torch.rand(n, 1, device=pictures.device) - 1)
    places = (torch.arange(rows, device=pictures.device) * factor).clamp(max=rows - 1)  # (N, R)
    below = places.long()
    share = (places - below)[:, None, :, None]  # (N, 1, R, 1)
    low, high = (
        pictures.gather(2, row[:, None, :, None].expand(n, 1, rows, moments))  # (N, 1, R, T)
        for row in (below, (below + 1).clamp(max=rows - 1))
    )
    return low + share * (high - low)
