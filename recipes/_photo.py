"""One picture from a file of the user's, whatever its kind: upright, in colours, with nothing clear."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, UnidentifiedImageError

from recipes import _files
from workbench import pictures
from workbench.errors import WorkbenchError

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
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
            return _coloured(image)
    except UnidentifiedImageError:
        raise UnreadableError("it is of no kind that is known, or damaged") from None
    except Image.DecompressionBombError as fault:
        raise UnreadableError(f"it is too large; scale it down first ({fault})") from None
    # Pillow's decoders meet damaged files with all of these.
    except (OSError, EOFError, SyntaxError, ValueError, TypeError, IndexError, OverflowError) as fault:
        raise UnreadableError(str(fault)) from None


def _coloured(image: Image.Image) -> tuple[Image.Image, list[str]]:
    kinds = [_KINDS[image.mode]] if image.mode in _KINDS else []
    if pictures.is_of_16_bits(image):
        kinds.append("grey of 16 bits")
    if pictures.is_transparent(image):
        kinds.append("transparent")
    return pictures.on_white(pictures.as_seen(image)), kinds
