"""Masks over spectrograms: what is hidden in training has to be guessed from the rest.

Source: D. Park et al., SpecAugment: a simple data augmentation method for automatic speech recognition,
2019.
"""

from __future__ import annotations

import torch
from torch import Tensor

STRETCHES = 2  # of time in each utterance

# Shapes: N utterances, M mel bands, F frames.


def with_masks(utterances: Tensor, bands: float, frames: float) -> Tensor:
    """Stretches of (N, M + 1, F) set to 0, their mean, at places drawn for each; the last band stays.

    One stretch of at most so many bands, and `STRETCHES` of at most so many frames.
    """
    n, m, f = len(utterances), utterances.shape[1] - 1, utterances.shape[2]
    kept = ~_stretch(n, m, bands, utterances.device)[:, :, None]  # (N, M, 1)
    for _ in range(STRETCHES):
        kept = kept & ~_stretch(n, f, frames, utterances.device)[:, None]  # (N, M, F)
    return torch.cat([utterances[:, :-1] * kept, utterances[:, -1:]], dim=1)


def _stretch(count: int, length: int, longest: float, device: torch.device) -> Tensor:
    """One stretch of at most `longest` places in each row of (count, length)."""
    size = longest * torch.rand(count, 1, device=device)
    begin = (length - size) * torch.rand(count, 1, device=device)
    place = torch.arange(length, device=device)  # (length,)
    return (place >= begin) & (place < begin + size)
