"""Numbers as pictures: stretched to grey, coloured, laid over one another."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from workbench.figures import palette
from workbench.figures.data import Picture

Bytes = NDArray[np.uint8]
Range = tuple[float, float]

SIDE_ON_A_PAGE = 128  # more pixels of one of many maps nobody sees
OVER = 0.55  # share of the colours where a class map is laid over a picture


def stretched(maps: Tensor, *, common: bool = False) -> tuple[Bytes, list[Range]]:
    """Maps (M, H, W) as grey (M, H, W), from the lowest to the highest number of each, or of all.

    What is not finite is drawn as the lowest; a map of one number is black where that is 0, else grey.
    """
    numbers = maps.detach().to("cpu", torch.float32)
    finite = numbers.isfinite()
    flat = numbers.flatten(1)
    known = finite.flatten(1)
    lows = torch.where(known, flat, torch.inf).amin(1)  # (M,)
    highs = torch.where(known, flat, -torch.inf).amax(1)
    lows, highs = lows.nan_to_num(0, 0, 0), highs.nan_to_num(0, 0, 0)
    if common:
        lows, highs = lows.min().expand_as(lows), highs.max().expand_as(highs)
    span = (highs - lows)[:, None, None]
    shares = (torch.where(finite, numbers, lows[:, None, None]) - lows[:, None, None]) / span.clamp(
        min=torch.finfo(torch.float32).tiny
    )
    even = (lows != 0).float()[:, None, None] / 2  # of a map without a span
    shares = torch.where(span > 0, shares, even)
    drawn = (255 * shares).round().clamp(0, 255).to(torch.uint8).numpy()
    return drawn, list(zip(lows.tolist(), highs.tolist(), strict=True))


def smaller(maps: Tensor, side: int = SIDE_ON_A_PAGE) -> Tensor:
    """Maps (M, H, W) whose longer side is at most `side`, by averages."""
    longest = max(maps.shape[1:])
    if longest <= side:
        return maps
    size = [max(round(length * side / longest), 1) for length in maps.shape[1:]]
    return F.interpolate(maps.float()[None], size=size, mode="area")[0]


def pictures(grey: Bytes) -> list[Picture]:
    """Grey pictures of (M, H, W)."""
    return [Picture(len(one), one.shape[1], 1, one.tobytes()) for one in grey]


def picture(image: Tensor, low: float, high: float) -> Picture:
    """A recipe's picture (C, H, W), whose numbers go from `low` to `high`; grey unless C is 3 or 4."""
    shown = shown_channels(image).float()  # (1 or 3, H, W)
    shares = (shown - low) / ((high - low) or 1.0)
    pixels = (255 * shares.nan_to_num(0, 1, 0)).round().clamp(0, 255).to(torch.uint8)
    return Picture.of(pixels.permute(1, 2, 0).contiguous().cpu().numpy())


def shown_channels(image: Tensor) -> Tensor:
    """What of C channels is shown: three as colours, else their mean."""
    channels = image.shape[0]
    if channels in {3, 4}:
        return image[:3]
    return image if channels == 1 else image.float().mean(0, keepdim=True)


def heated(shares: Tensor) -> Bytes:
    """Shares from 0 to 1 (H, W) in the colours of a heat map, (H, W, 3)."""
    levels = (255 * shares.detach().cpu().float().clamp(0, 1)).round().to(torch.int64).numpy()
    colours: Bytes = _scale()[levels]
    return colours


def laid_over(below: Picture, shares: Tensor) -> Picture:
    """A picture with a heat map over it; `shares` (H, W) from 0 to 1 has the picture's size."""
    pixels = np.frombuffer(below.pixels, np.uint8).reshape(below.height, below.width, below.channels)
    grey = pixels.astype(np.float64).mean(2, keepdims=True)
    mixed: Any = (1 - OVER) * grey + OVER * heated(shares)
    return Picture.of(mixed.round().astype(np.uint8))


@cache
def _scale() -> Bytes:
    return np.array([palette.heat(level / 255) for level in range(256)], np.uint8)
