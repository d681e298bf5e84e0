"""Matrices as coloured cells with their numbers; where those have no room, as bands or a heat map."""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from workbench import units
from workbench.figures import palette
from workbench.figures.blocks import draw_blocks, resized
from workbench.figures.cells import Pen, clean, cut, fit, width
from workbench.figures.data import Matrix, Number
from workbench.figures.palette import Colour
from workbench.figures.scale import short

_UNKNOWN: Colour = (70, 70, 70)
_WIDEST_CELL = 12
_LEAST_HEAD = 3  # cells of a column; of names in fewer nothing but "…" would be left
_LEAST_BANDS = 30  # cells


def draw_matrix(figure: Matrix, columns: int, lines: int, pen: Pen) -> list[str]:
    """Rows of cells with numbers, else named bands, else half blocks; colours run from low to high."""
    if not figure.values or not figure.values[0]:
        return [cut("an empty matrix", columns)]
    if len(figure.values) + 1 <= lines and len(figure.values[0]) <= columns:
        cells = _cells(figure, columns, pen)
        if cells:
            return cells
    if figure.rows and len(figure.values) + 2 <= lines and columns >= _LEAST_BANDS:
        return _bands(figure, columns, pen)
    return _heat_map(figure, columns, lines, pen)


def _cells(figure: Matrix, columns: int, pen: Pen) -> list[str]:
    """A header and the rows with their numbers; nothing where they, or the names, are too wide."""
    across = len(figure.values[0])
    left, names = _row_names(figure, columns)
    texts = [[_text(value, figure.counts) for value in row] for row in figure.values]
    heads = [clean(name) for name in figure.columns] or [str(index) for index in range(across)]
    number = max(width(text) for row in texts for text in row)
    wanted = max(number + 2, *(width(head) + 1 for head in heads))
    cell = min(wanted, max(number + 2, _WIDEST_CELL), (columns - left) // across)
    if cell <= number or (cell < _LEAST_HEAD and max(map(width, heads)) > _LEAST_HEAD):
        return []
    header = " " * left + "".join(fit(cut(h, cell - 1), cell, right=True) for h in heads)
    rows = [
        name + "".join(_cell(t, cell, c, pen) for t, c in zip(text, colour, strict=True))
        for name, text, colour in zip(names, texts, _colours(_fractions(figure)), strict=True)
    ]
    return [pen.paint(header, palette.AXIS), *rows]


def _row_names(figure: Matrix, columns: int) -> tuple[int, list[str]]:
    names = [clean(name) for name in figure.rows] or [str(i) for i in range(len(figure.values))]
    left = min(max(map(width, names)), columns // 3) + 1
    return left, [fit(name, left - 1, right=True) + " " for name in names]


def _text(value: Number, counts: bool) -> str:
    if value is None:
        return units.number(None)
    if counts and abs(value) < 1e6:
        return f"{value:.0f}"
    return f"{value:.2f}" if 0.01 <= abs(value) < 10 else short(value)


def _cell(text: str, room: int, colour: Colour, pen: Pen) -> str:
    # A space on the right tells the numbers of two cells of one colour apart.
    padded = fit(text, room - 1, right=True) + " " if room > width(text) + 1 else fit(text, room)
    return pen.paint(padded, palette.ink(colour), on=colour)


def _fractions(figure: Matrix) -> NDArray[np.float64]:
    """Every value's place between the lowest (0 for counts) and the highest; NaN for none."""
    # Halves, for the distance of two very large values is no number.
    values = np.array(figure.values, dtype=np.float64) / 2
    known = values[~np.isnan(values)]
    if not known.size:
        return values
    low, high = float(known.min()), float(known.max())
    low = min(low, 0.0) if figure.counts else low
    if high <= low:
        return np.where(np.isnan(values), values, 0.5)
    fractions: NDArray[np.float64] = (values - low) / (high - low)
    return fractions


def _colours(fractions: NDArray[np.float64]) -> list[list[Colour]]:
    return [
        [_UNKNOWN if math.isnan(share) else palette.heat(share) for share in row]
        for row in fractions.tolist()
    ]


def _bands(figure: Matrix, columns: int, pen: Pen) -> list[str]:
    """A line a row, behind its name; above them the names of the outermost columns, below the range."""
    left, names = _row_names(figure, columns)
    across = len(figure.values[0])
    room = columns - left
    cells = room if across > room else across * (room // across)
    fractions = resized(_fractions(figure)[:, :, None], len(names), cells)[:, :, 0]
    ends = [clean(name) for name in (figure.columns[0], figure.columns[-1])] if figure.columns else []
    fits = bool(ends) and across > 1 and sum(map(width, ends)) < cells
    head = " " * left + ends[0] + fit(ends[1], cells - width(ends[0]), right=True) if fits else ""
    rows = [name + _band(row, pen) for name, row in zip(names, fractions, strict=True)]
    return [pen.paint(head, palette.AXIS) if head else "", *rows, _extent(figure, columns)]


def _band(fractions: NDArray[np.float64], pen: Pen) -> str:
    """A row as a line of colours, or of shades."""
    if not pen.colour:
        grey = np.repeat(np.nan_to_num(fractions)[None, :, None] * 255, 3, axis=2).astype(np.uint8)
        return draw_blocks(grey, len(fractions), 1, pen)[0]
    (colours,) = _colours(fractions[None])
    runs = ((colour, sum(1 for _ in run)) for colour, run in groupby(colours))
    return "".join(pen.paint(" " * count, on=colour) for colour, count in runs)


def _extent(figure: Matrix, columns: int) -> str:
    """How large it is, and what its colours run from and to."""
    known = [value for row in figure.values for value in row if value is not None]
    limits = f", {short(min(known))} … {short(max(known))}" if known else ""
    return cut(f"{len(figure.values)} × {len(figure.values[0])}{limits}", columns)


def _heat_map(figure: Matrix, columns: int, lines: int, pen: Pen) -> list[str]:
    """The matrix as a picture, and on the last line what its colours mean."""
    rows, across = len(figure.values), len(figure.values[0])
    room = lines - 1 if lines > 2 else lines
    # Enlarged in proportion; what has no room one way is not made smaller the other way too.
    scale = max(min(columns / across, 2 * room / rows), 1.0)
    cells = min(int(across * scale), columns)
    down = min(max(round(rows * scale / 2), 1), room)
    fractions = resized(_fractions(figure)[:, :, None], 2 * down, cells)[:, :, 0]
    if pen.colour:
        pixels = np.array(_colours(fractions), dtype=np.uint8)
    else:
        grey = (np.nan_to_num(fractions) * 255).astype(np.uint8)
        pixels = np.repeat(grey[:, :, None], 3, axis=2)
    drawn = draw_blocks(pixels, cells, down, pen)
    if lines <= 2:
        return drawn
    return [*drawn, _extent(figure, columns)]
