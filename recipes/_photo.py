"""One picture from a file of the user's, whatever its kind: upright, in colours, with nothing clear."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from recipes import _files
from workbench.errors import WorkbenchError

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
HIGHEST_OF_16_BITS = 65_535
_KINDS = {"1": "black and white", "L": "grey", "LA": "grey", "P": "with a palette", "CMYK": "in CMYK"}


class UnreadableError(ValueError):
    """A file is no picture, for a reason that follows a colon."""


def load(file: str, side: int) -> Image.Image:
    """The picture in RGB; a photo is read at a fraction of its size, no smaller than twice `side`.

    Raises:
        WorkbenchError: when it is missing or no picture.
    """
    place = Path(file).expanduser()
    if not place.exists():
        raise _files.missing(file, "file")
    try:
        return read(place, side)[0]
    except UnreadableError as fault:
        raise WorkbenchError(
            f"{file} cannot be read as a picture: {fault}", "give a PNG, JPEG or another picture"
        ) from None


def read(file: Path, side: int) -> tuple[Image.Image, list[str]]:
    """The picture in RGB, and in words what was no colour picture before.

    Grey levels of 16 bits become 8, and what can be seen through is laid on white.

    Raises:
        UnreadableError: with the reason.
    """
    try:
        with Image.open(file) as image:
            image.draft("RGB", (2 * side, 2 * side))  # so that a photo takes neither time nor memory
            upright = ImageOps.exif_transpose(image)
            return _coloured(upright)
    except UnidentifiedImageError:
        raise UnreadableError("it is of no kind that is known, or damaged") from None
    except Image.DecompressionBombError as fault:
        raise UnreadableError(f"it is too large; scale it down first ({fault})") from None
    # Pillow's decoders meet damaged files with all of these.
    except (OSError, EOFError, SyntaxError, ValueError, TypeError, IndexError, OverflowError) as fault:
        raise UnreadableError(str(fault)) from None


def _coloured(image: Image.Image) -> tuple[Image.Image, list[str]]:
    if image.mode.startswith("I"):
        return _of_16_bits(image).convert("RGB"), ["grey of 16 bits"]
    if image.mode == "F":
        raise ValueError("its grey levels are real numbers; save it with whole ones")
    kinds = [_KINDS[image.mode]] if image.mode in _KINDS else []
    if image.mode not in {"RGBA", "LA", "PA"} and "transparency" not in image.info:
        return image.convert("RGB"), kinds
    clear = image.convert("RGBA")
    if clear.getextrema()[3][0] == 255:  # nothing shines through
        return clear.convert("RGB"), kinds
    white = Image.new("RGBA", clear.size, "white")
    return Image.alpha_composite(white, clear).convert("RGB"), [*kinds, "transparent"]


def _of_16_bits(image: Image.Image) -> Image.Image:
    """Pillow itself makes white of all levels above 255."""
    levels = np.asarray(image).astype(np.int64)  # (H, W)
    if levels.min() < 0 or levels.max() > HIGHEST_OF_16_BITS:
        raise ValueError(f"its grey levels go from {levels.min()} to {levels.max()}, not to 65535")
    return Image.fromarray((levels * 255 // HIGHEST_OF_16_BITS).astype(np.uint8))
