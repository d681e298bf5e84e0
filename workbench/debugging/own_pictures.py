"""A picture file of the user's own, made into what a recipe's pictures are."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from workbench import pictures
from workbench.errors import UsageError, WorkbenchError

LARGEST_SIDE = 16_384
SLACK = 1e-3  # by which numbers may leave a range that they are made for


@dataclass(frozen=True)
class PictureData:
    """What the pictures (N, C, H, W) of a recipe are like.

    `mean` and `spread` are those of each channel, as columns (C, 1, 1).
    """

    shape: tuple[int, int, int]
    dtype: torch.dtype
    low: float
    high: float
    mean: Tensor
    spread: Tensor

    @classmethod
    def of(cls, some: Tensor) -> PictureData:
        """Told by some of them (N, C, H, W)."""
        numbers = some.double()
        channels, height, width = some.shape[1:]
        return cls(
            (channels, height, width),
            some.dtype,
            float(numbers.min()),
            float(numbers.max()),
            numbers.mean((0, 2, 3))[:, None, None],
            numbers.std((0, 2, 3))[:, None, None],
        )


def opened(path: Path) -> Image.Image:
    """The picture in a file, as eyes see it: upright, and in 8 bits.

    Raises:
        UsageError: when it is no picture, or one that is too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                _refuse_large(path, image)
                image.load()
                return pictures.as_seen(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UsageError(
            f"{path} is too large: more than {Image.MAX_IMAGE_PIXELS:,} pixels", _SMALLER
        ) from None
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}", "give the path of a picture") from None
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError) as fault:
        raise UsageError(
            f"{path} cannot be read as a picture: {fault}", "give a PNG, JPEG, WebP, GIF, BMP or TIFF"
        ) from None


_SMALLER = "make it smaller first: the network sees no more than its own input's size"


def _refuse_large(path: Path, image: Image.Image) -> None:
    width, height = image.size
    if max(width, height) > LARGEST_SIDE:
        raise UsageError(
            f"{path} is {width:,} x {height:,} pixels, more than {LARGEST_SIDE:,} a side", _SMALLER
        )


def as_input(image: Image.Image, like: PictureData) -> tuple[Tensor, tuple[str, ...]]:
    """The picture as (1, C, H, W) in the recipe's size, channels and numbers, and what was done.

    Raises:
        WorkbenchError: when pictures of so many channels cannot be made of it.
    """
    channels, height, width = like.shape
    mode = {1: "L", 3: "RGB", 4: "RGBA"}.get(channels)
    if mode is None:
        raise WorkbenchError(
            f"the recipe's pictures have {channels} channels, a file has 1, 3 or 4",
            "leave out --image",
        )
    whole = image if mode == "RGBA" else pictures.on_white(image)
    shaped = whole.convert(mode).resize((width, height), Image.Resampling.BILINEAR)
    raw = np.array(shaped, dtype=np.uint8).reshape(height, width, channels)
    numbers, scaled = _scaled(torch.from_numpy(raw).permute(2, 0, 1), like)  # (C, H, W)
    notes = [
        f"resized from {image.width} x {image.height} to {width} x {height}"
        if image.size != (width, height)
        else "",
        f"made {'grey' if channels == 1 else mode} from {image.mode}" if image.mode != mode else "",
        scaled,
    ]
    return numbers[None].contiguous(), tuple(filter(None, notes))


def _scaled(picture: Tensor, like: PictureData) -> tuple[Tensor, str]:
    """Numbers from 0 to 255 as the recipe has them, before what its steps do with them."""
    if not like.dtype.is_floating_point:
        return picture.to(like.dtype), ""
    shares = picture.double() / 255
    if like.low >= -SLACK and like.high <= 1 + SLACK:
        return shares.to(like.dtype), "scaled to 0 … 1, as the recipe's are"
    if like.low >= -1 - SLACK and like.high <= 1 + SLACK:
        return (2 * shares - 1).to(like.dtype), "scaled to -1 … 1, as the recipe's are"
    if like.low >= 0 and like.high <= 255:
        return picture.to(like.dtype), "0 … 255, as the recipe's are"
    own_mean, own_spread = shares.mean((1, 2), keepdim=True), shares.std((1, 2), keepdim=True)
    standard = (shares - own_mean) / own_spread.clamp(min=1e-12)
    matched = standard * like.spread + like.mean
    return matched.to(
        like.dtype
    ), "given the mean and spread of the recipe's pictures, channel by channel"
