"""Figures as PNG files: grids of pictures and matrices pixel by pixel, charts as panels."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from workbench.errors import WorkbenchError
from workbench.figures import palette
from workbench.figures.data import Bars, Curves, Figure, ImageGrid, Matrix, Picture, Scatter
from workbench.figures.image import dots
from workbench.figures.panel_pixels import png_of, printable
from workbench.figures.panels import Chart
from workbench.figures.terminal import chart_of

TILE = 128  # pixels that a small picture is enlarged to, about
WIDE = 1_024
CHART = (1_000, 600)
_GAP, _TEXT = 12, 14
_LINE = 20
_PAPER: palette.Colour = (255, 255, 255)
_INK: palette.Colour = (40, 44, 52)


def png_of_figure(figure: Figure) -> bytes:
    """The PNG of a figure, dark on white; small pictures are enlarged without smoothing.

    Raises:
        WorkbenchError: for a table or a text, which are no pictures.
    """
    match figure:
        case ImageGrid():
            return _png(_grid(figure))
        case Matrix():
            return _png(_matrix(figure))
        case Bars():
            return png_of([figure], size=CHART)
        case Curves() | Scatter():
            return png_of([Chart(*chart_of(figure))], size=CHART)
    raise WorkbenchError(f"{figure.title or 'this'} is no picture", "it can be had as JSON: --json")


def _grid(figure: ImageGrid) -> Image.Image:
    """The pictures in rows, as many a row as rows, with their captions below them."""
    if not figure.images:
        return _sheet(figure.title, 2 * TILE, TILE)
    largest = max(max(one.height, one.width) for one in figure.images)
    scale = max(TILE // largest, 1)
    width = scale * max(one.width for one in figure.images)
    height = scale * max(one.height for one in figure.images) + (_LINE if figure.captions else 0)
    across = math.ceil(math.sqrt(len(figure.images)))
    down = math.ceil(len(figure.images) / across)
    sheet = _sheet(figure.title, across * (width + _GAP) + _GAP, down * (height + _GAP) + _GAP)
    captions = figure.captions or [""] * len(figure.images)
    for index, (picture, caption) in enumerate(zip(figure.images, captions, strict=True)):
        left = _GAP + index % across * (width + _GAP)
        top = _top(figure.title) + _GAP + index // across * (height + _GAP)
        enlarged = _enlarged(picture, scale)
        sheet.paste(enlarged, (left, top))
        below = (left, top + enlarged.height + 2)
        ImageDraw.Draw(sheet).text(below, _fitting(printable(caption), width), _INK, _font())
    return sheet


def _enlarged(picture: Picture, scale: int) -> Image.Image:
    size = (picture.width * scale, picture.height * scale)
    return Image.fromarray(dots(picture)).resize(size, Image.Resampling.NEAREST)


def _matrix(figure: Matrix) -> Image.Image:
    """A heat map, a square of pixels a number; grey where there is none."""
    if not figure.values or not figure.values[0]:
        return _sheet(figure.title, 2 * TILE, TILE)
    colours = _colours(figure.values)
    scale = max(WIDE // max(colours.shape[:2]), 1)
    size = (colours.shape[1] * scale, colours.shape[0] * scale)
    sheet = _sheet(figure.title, size[0] + 2 * _GAP, size[1] + 2 * _GAP)
    heat = Image.fromarray(colours).resize(size, Image.Resampling.NEAREST)
    sheet.paste(heat, (_GAP, _top(figure.title) + _GAP))
    return sheet


def _colours(rows: Sequence[Sequence[float | None]]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    values = np.array(rows, dtype=np.float64)  # None becomes NaN
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    shares = np.nan_to_num((values - low) / ((high - low) or 1.0))
    scale = np.array([palette.heat(level / 255) for level in range(256)], np.uint8)
    colours = scale[(255 * shares).round().astype(np.intp)]
    colours[~np.isfinite(values)] = palette.AXIS
    return colours


def _sheet(title: str, width: int, height: int) -> Image.Image:
    sheet = Image.new("RGB", (width, height + _top(title)), _PAPER)
    if title:
        ImageDraw.Draw(sheet).text(
            (_GAP, _GAP), _fitting(printable(title), width - _GAP), _INK, _font()
        )
    return sheet


def _top(title: str) -> int:
    return _GAP + _LINE if title else 0


def _fitting(text: str, width: int) -> str:
    """As much of a text as is `width` pixels wide."""
    font = _font()
    while text and font.getlength(text) > width:
        text = text[:-1]
    return text


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_TEXT)


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()
