"""Pictures as cameras and programs write them, as eyes see them: upright, in 8 bits, on white."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps

HIGHEST_OF_16_BITS = 65_535


def as_seen(image: Image.Image) -> Image.Image:
    """The picture turned as its camera says, with greys of 16 bits made 8.

    Raises:
        ValueError: when its grey levels are real numbers, or whole ones beyond 16 bits.
    """
    upright = ImageOps.exif_transpose(image)
    if upright.mode == "F":
        raise ValueError("its grey levels are real numbers; save it with whole ones")
    return _of_16_bits(upright) if is_of_16_bits(upright) else upright


def is_of_16_bits(image: Image.Image) -> bool:
    """Whether its grey levels go beyond 255."""
    return image.mode.startswith("I")


def on_white(image: Image.Image) -> Image.Image:
    """The picture in RGB; what can be seen through lies on white."""
    if not is_transparent(image):
        return image.convert("RGB")
    clear = image.convert("RGBA")
    white = Image.new("RGBA", clear.size, "white")
    return Image.alpha_composite(white, clear).convert("RGB")


def is_transparent(image: Image.Image) -> bool:
    """Whether anything shines through it."""
    if image.mode not in {"RGBA", "LA", "PA"} and "transparency" not in image.info:
        return False
    lowest, _ = image.convert("RGBA").getchannel("A").getextrema()
    return lowest != 255


def _of_16_bits(image: Image.Image) -> Image.Image:
    """Pillow itself makes white of all levels above 255."""
    levels = np.asarray(image).astype(np.int64)  # (H, W)
    if levels.min() < 0 or levels.max() > HIGHEST_OF_16_BITS:
        raise ValueError(f"its grey levels go from {levels.min()} to {levels.max()}, not to 65535")
    return Image.fromarray((levels * 255 // HIGHEST_OF_16_BITS).astype(np.uint8))
