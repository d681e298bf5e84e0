"""Pictures for the recipes of this topic: those that come with scikit-image, or a file of your own."""

from __future__ import annotations

import numpy as np
import skimage.data
import torch
from PIL import Image
from torch import Tensor

from recipes import _photo
from workbench.errors import WorkbenchError

LEAST_SIDE = 16  # what is left of it after four poolings is one feature

# Short names, and what scikit-image calls them.
INSTALLED = {
    "chelsea": "chelsea",
    "astronaut": "astronaut",
    "coffee": "coffee",
    "rocket": "rocket",
    "ihc": "immunohistochemistry",
    "retina": "retina",
    "hubble": "hubble_deep_field",
    "brick": "brick",
    "grass": "grass",
    "gravel": "gravel",
}


def load(name: str, file: str, size: int) -> Tensor:
    """The picture (1, 3, H, W) from 0 to 1, its longer side scaled to `size` pixels.

    `file` takes the place of the installed picture `name`; empty for none.

    Raises:
        WorkbenchError: when the file is no picture, or one too small or narrow to have a style.
    """
    image = _photo.load(file, size) if file else _installed(name)
    called = file or name
    _check(image, called, "choose a larger one")
    scale = size / max(image.size)
    width, height = (round(scale * side) for side in image.size)
    scaled = image.resize((max(width, 1), max(height, 1)), Image.Resampling.LANCZOS)
    _check(
        scaled, f"{called}, scaled to size={size},", "give a larger size, or cut it to be less narrow"
    )
    pixels = torch.from_numpy(np.array(scaled))  # (H, W, 3)
    return pixels.permute(2, 0, 1)[None].contiguous().float() / 255


def _installed(name: str) -> Image.Image:
    pixels = getattr(skimage.data, INSTALLED[name])()  # (H, W) or (H, W, 3)
    return Image.fromarray(pixels).convert("RGB")


def _check(image: Image.Image, called: str, remedy: str) -> None:
    if min(image.size) < LEAST_SIDE:
        raise WorkbenchError(
            f"{called} has {image.width} x {image.height} pixels; at least {LEAST_SIDE} x {LEAST_SIDE} "
            "are needed",
            remedy,
        )
