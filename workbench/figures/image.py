"""Grids of small pictures with captions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.figures.blocks import FEW_GREYS, GREYS, draw_blocks
from workbench.figures.cells import Pen, clean, cut, fit, width
from workbench.figures.data import ImageGrid, Picture

_GAP = 2
_LONGEST_CAPTION = 16
# In dots: a smaller picture shows nothing, fewer larger ones show something.
_LEAST_SIDE = 8
# A slow link shows how many bytes a grid of many grey pictures has: it is drawn in the greys that take
# few, and a large one in half of them. No eye tells them apart at that size.
_MANY = 16
_LARGE_CELLS = 1700


@dataclass(frozen=True)
class _Tile:
    """The largest picture's `height` and `width` in dots, and the cells of the longest caption."""

    height: int
    width: int
    caption: int

    @property
    def least_scale(self) -> float:
        side = max(self.height, self.width)
        return min(_LEAST_SIDE, side) / side

    def capacity(self, columns: int, lines: int) -> int:
        """How many pictures fit at the least scale, one at the least."""
        cells = max(math.ceil(self.width * self.least_scale), self.caption)
        height = math.ceil(self.height * self.least_scale / 2) + 1
        across = (columns + _GAP) // (cells + _GAP)
        return max(across * (self._lines(lines) // height), 1)

    def layout(self, count: int, columns: int, lines: int) -> tuple[int, float]:
        """How many a row, and the scale, that draw `count` pictures largest, in the fewest rows."""
        best = (1, 0.0)
        for across in range(1, count + 1):
            room_x = (columns - _GAP * (across - 1)) // across
            room_y = self._lines(lines) // math.ceil(count / across) - 1
            if room_x < max(self.caption, 1) or room_y < 1:
                continue
            scale = min(room_x / self.width, 2 * room_y / self.height)
            scale = math.floor(scale) if scale > 1 else scale
            best = (across, scale) if scale >= best[1] else best
        least = min(columns / self.width, 2 * lines / self.height, 1.0)
        return best if best[1] else (1, least)

    def _lines(self, lines: int) -> int:
        # A row ends with its caption or a blank line; the last needs no blank.
        return lines if self.caption else lines + 1


@dataclass(frozen=True)
class Placed:
    """A picture and its cells, counted from the upper left of the drawing."""

    picture: Picture
    column: int
    line: int
    columns: int
    lines: int


@dataclass(frozen=True)
class _Plan:
    """How many pictures are shown, how many a row, how large, in how many lines."""

    shown: int
    across: int
    scale: float
    room: int
    captions: Sequence[str]

    @property
    def rows(self) -> Iterator[slice]:
        for start in range(0, self.shown, self.across):
            yield slice(start, min(start + self.across, self.shown))


def _plan(figure: ImageGrid, columns: int, lines: int) -> _Plan:
    count = len(figure.images)
    captions = [clean(caption) for caption in figure.captions]
    tile = _Tile(
        max(image.height for image in figure.images),
        max(image.width for image in figure.images),
        _longest(captions, columns),
    )
    fits = count <= tile.capacity(columns, lines)
    room = lines if fits or lines < 2 else lines - 1
    shown = count if fits else min(tile.capacity(columns, room), count)
    return _Plan(shown, *tile.layout(shown, columns, room), room, captions)


def draw_images(figure: ImageGrid, columns: int, lines: int, pen: Pen) -> list[str]:
    """The pictures in rows, as large as fits; the last line counts those that had no room."""
    count = len(figure.images)
    if not count:
        return [cut("no images", columns)]
    plan = _plan(figure, columns, lines)
    drawn: list[str] = []
    for row in plan.rows:
        drawn += [""] if drawn and not plan.captions else []
        drawn += _row(figure.images[row], plan, plan.captions[row], columns, pen)
    drawn = drawn[: plan.room]
    return drawn if plan.room == lines else [*drawn, cut(f"… {count - plan.shown} more", columns)]


def place_images(figure: ImageGrid, columns: int, lines: int) -> Iterator[Placed]:
    """Where `draw_images` puts those pictures that it shows whole."""
    if not figure.images:
        return
    plan, line = _plan(figure, columns, lines), 0
    for row in plan.rows:
        line += 1 if line and not plan.captions else 0
        sizes = [_cells(image, plan.scale, columns) for image in figure.images[row]]
        pitch = _slot(sizes, plan.captions[row], columns) + _GAP
        for index, (image, (across, down)) in enumerate(zip(figure.images[row], sizes, strict=True)):
            if line + down <= plan.room:
                yield Placed(image, index * pitch, line, across, down)
        line += max(down for _, down in sizes) + bool(plan.captions)


def _greys(image: Picture, shown: int, size: tuple[int, int]) -> NDArray[np.float64] | None:
    """The greys of one of `shown` pictures of so many cells across and down; None for all colours."""
    if shown < _MANY or image.channels > 1:
        return None
    return GREYS if shown * size[0] * size[1] < _LARGE_CELLS else FEW_GREYS


def _longest(captions: Sequence[str], columns: int) -> int:
    return min(max(map(width, captions), default=0), _LONGEST_CAPTION, columns)


def _row(
    images: Sequence[Picture], plan: _Plan, captions: Sequence[str], columns: int, pen: Pen
) -> list[str]:
    sizes = [_cells(image, plan.scale, columns) for image in images]
    tiles = [
        draw_blocks(dots(one), *size, pen, _greys(one, plan.shown, size))
        for one, size in zip(images, sizes, strict=True)
    ]
    slot = _slot(sizes, captions, columns)
    lines = []
    for line in range(max(down for _, down in sizes)):
        parts = [
            (tile[line] if line < len(tile) else " " * across) + " " * (slot - across)
            for tile, (across, _) in zip(tiles, sizes, strict=True)
        ]
        lines.append((" " * _GAP).join(parts))
    if captions:
        under = (fit(text, slot) for text in captions)
        lines.append((" " * _GAP).join(under))
    return lines


def _slot(sizes: Sequence[tuple[int, int]], captions: Sequence[str], columns: int) -> int:
    """The cells that each picture of a row has, for itself or for its caption."""
    return max(_longest(captions, columns), *(across for across, _ in sizes))


def _cells(image: Picture, scale: float, columns: int) -> tuple[int, int]:
    """Cells across and down of a scaled picture, one at the least."""
    across = min(max(int(image.width * scale + 1e-9), 1), columns)
    return across, max(math.ceil(int(image.height * scale + 1e-9) / 2), 1)


def dots(image: Picture) -> NDArray[np.uint8]:
    """The pixels of a picture, H x W x 3."""
    pixels = np.frombuffer(image.pixels, dtype=np.uint8)
    pixels = pixels.reshape(image.height, image.width, image.channels)
    return np.repeat(pixels, 3, axis=2) if image.channels == 1 else pixels
