"""Pixels as half blocks: the upper in the foreground's colour, the lower in the background's."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from workbench.figures.cells import Pen
from workbench.figures.palette import Colour

_SHADES = " ░▒▓█"
_ASCII_SHADES = " .:-=+*#%@"
# Numbers 232 to 255 of a terminal's 256 colours, and its white: written in half of the bytes.
GREYS = np.array([*range(8, 248, 10), 255], dtype=np.float64)
FEW_GREYS = GREYS[::2]


def draw_blocks(
    pixels: NDArray[np.uint8],
    columns: int,
    lines: int,
    pen: Pen,
    greys: NDArray[np.float64] | None = None,
) -> list[str]:
    """`pixels` (H x W x 3) stretched to `columns` cells and 2 x `lines` pixels.

    With `greys` nothing but these: where cells have more in common, fewer bytes say them.
    """
    sized = resized(pixels.astype(np.float64), 2 * lines, columns)
    if greys is not None:
        sized = greys[np.abs(sized[..., None] - greys).argmin(-1)]
    if not (pen.colour and pen.unicode):
        return [_shaded(row, pen) for row in sized.reshape(lines, 2, columns, 3).mean((1, 3))]
    dots = sized.round().astype(int).tolist()
    line = _line if greys is None else _sparing_line
    return [
        line(list(zip(map(tuple, upper), map(tuple, lower), strict=True)), pen)
        for upper, lower in zip(dots[::2], dots[1::2], strict=True)
    ]


def resized(pixels: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    """`pixels` (H x W x C) in another size: averages where it shrinks, repeats where it grows."""
    return _resized(_resized(pixels, height, 0), width, 1)


def _resized(pixels: NDArray[np.float64], size: int, axis: int) -> NDArray[np.float64]:
    old = pixels.shape[axis]
    starts = np.arange(size) * old // size
    if size >= old:
        repeats: NDArray[np.float64] = np.take(pixels, starts, axis)
        return repeats
    sums = np.add.reduceat(pixels, starts, axis)
    counts = np.diff(np.append(starts, old)).reshape([-1 if a == axis else 1 for a in range(3)])
    averages: NDArray[np.float64] = sums / counts
    return averages


def _line(cells: list[tuple[Colour, Colour]], pen: Pen) -> str:
    """Cells of equal colours share one escape sequence."""
    runs = ((colours, sum(1 for _ in run)) for colours, run in groupby(cells))
    return "".join(pen.paint("▀" * count, upper, on=lower) for (upper, lower), count in runs)


def _sparing_line(cells: list[tuple[Colour, Colour]], pen: Pen) -> str:
    """As `_line`, and each cell keeps a colour of the one before it where that can be."""
    parts: list[str] = []
    ink, paper = cells[0]
    for (upper, lower), run in groupby(cells):
        count = sum(1 for _ in run)
        if upper == lower:
            paper = lower
            parts.append(pen.paint(" " * count, ink, on=paper))
            continue
        turned = (lower == ink) + (upper == paper) > (upper == ink) + (lower == paper)
        ink, paper = (lower, upper) if turned else (upper, lower)
        parts.append(pen.paint(("▄" if turned else "▀") * count, ink, on=paper))
    return "".join(parts)


def _shaded(brightness: NDArray[np.float64], pen: Pen) -> str:
    shades = _SHADES if pen.unicode else _ASCII_SHADES
    levels = (brightness / 256 * len(shades)).astype(int).tolist()
    return "".join(shades[level] for level in levels)
