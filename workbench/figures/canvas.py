"""Strokes and points rasterised into lines of text by plotext."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import plotext
from numpy.typing import NDArray

from workbench.figures import palette
from workbench.figures.cells import Pen

# Braille dots across and down in a cell.
_DOTS_X, _DOTS_Y = 2, 4
_MOST_UPRIGHTS = 20
# A quarter of a second of drawing.
_MOST_POINTS = 5000
_SYMBOLS = "•x+o#"
_ASCII_SYMBOLS = "*x+o#"

Places = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Stroke:
    """Points in units of the canvas, 0 to 1 from left to right and from bottom to top.

    Args:
        x: places across; NaN is a gap.
        y: places up; NaN is a gap.
        colour: index into the palette.
        joined: whether a line goes through the points.
        faint: whether it stands back behind the others.
    """

    x: Places
    y: Places
    colour: int = 0
    joined: bool = True
    faint: bool = False


def rasterise(
    strokes: Sequence[Stroke],
    uprights: Sequence[float],
    size: tuple[int, int],
    pen: Pen,
    cursor: float | None = None,
) -> list[str]:
    """As many lines and cells as `size` = (cells, lines) says; later strokes cover earlier ones.

    `uprights` are the places of dotted vertical lines behind all strokes, `cursor` that of a
    whole one.
    """
    figure = _figure(size)
    if uprights:
        figure.draw(_uprights(figure, uprights, size, "┊", palette.MARK))
    if cursor is not None and 0 <= cursor <= 1:
        place = min(cursor, 1 - 0.5 / size[0])
        figure.draw(_uprights(figure, [place], size, "│", None))
    told_apart = pen.colour or len(strokes) == 1
    for index, stroke in enumerate(strokes):
        x, y, starts = _points(stroke, size)
        if not x:
            continue
        fine = told_apart and pen.unicode and (stroke.joined or _crowded(len(x), size))
        # One braille dot is overlooked: a single point gets a whole cell.
        shape = "braille" if fine and len(x) > 1 else symbol(index, pen)
        marker = plotext.marker(shape)
        if pen.colour:
            colour = palette.series(stroke.colour)
            marker.fill(plotext.pixel(foreground=palette.faint(colour) if stroke.faint else colour))
        signal = figure.signal(x, y, marker=marker)
        figure.draw(_joined(signal, starts) if stroke.joined else signal)
    text: str = figure.build().string(colorless=not pen.colour)
    return text.split("\n")[: size[1]]


def symbol(index: int, pen: Pen) -> str:
    """The character that draws the `index`-th stroke where braille cannot.

    Where colours tell the strokes apart it is the same for all.
    """
    symbols = _SYMBOLS if pen.unicode else _ASCII_SYMBOLS
    return symbols[0 if pen.colour else index % len(symbols)]


@cache
def _terminal() -> Any:
    """A terminal of our own: plotext's global one limits figures to the real terminal's size."""
    terminal = type(plotext.terminal)()
    terminal.limit(False, False)
    return terminal


def _figure(size: tuple[int, int]) -> Any:
    figure = type(plotext.figure)(_terminal())
    figure.plot_size(*size)
    figure.canvas("default")
    figure.axes(False)
    for axis, cells in zip(("x", "y"), size, strict=True):
        figure.ruler(axis).lim(0, cells).alignment(lim="edge").frequency(0)
    return figure


def _uprights(
    figure: Any,
    places: Sequence[float],
    size: tuple[int, int],
    shape: str,
    colour: palette.Colour | None,
) -> Any:
    # Not figure.line(): it cannot leave the terminal's background as it is.
    columns = sorted({int(place * size[0]) for place in places})[-_MOST_UPRIGHTS:]
    x = [column + 0.5 for column in columns for _ in range(size[1])]
    y = [row + 0.5 for _ in columns for row in range(size[1])]
    marker = plotext.marker(shape)
    if colour is not None:
        marker.fill(plotext.pixel(foreground=colour))
    return figure.signal(x, y, marker=marker)


def _joined(signal: Any, starts: Sequence[int]) -> Any:
    signal.lines()
    for start in starts:
        signal.line(start, False)
    return signal


def _crowded(count: int, size: tuple[int, int]) -> bool:
    """Whether points as large as cells would cover one another."""
    return count > size[0] * size[1] / 6


def _points(stroke: Stroke, size: tuple[int, int]) -> tuple[list[float], list[float], list[int]]:
    """Places in cells, without gaps, as many as the canvas resolves; where lines start anew."""
    x, y = stroke.x * size[0], stroke.y * size[1]
    known = np.isfinite(x) & np.isfinite(y)
    gaps = np.flatnonzero(~known)
    starts = np.unique(gaps - np.arange(gaps.size))
    x, y = x[known], y[known]
    if stroke.joined:
        kept = _thinned_line(x, y, starts) if x.size > 4 * _DOTS_X * size[0] else np.arange(x.size)
    else:
        kept = _thinned_points(x, y)
    kept = kept[:: math.ceil(kept.size / _MOST_POINTS) or 1]
    starts = np.searchsorted(kept, starts)
    return x[kept].tolist(), y[kept].tolist(), starts[(starts > 0) & (starts < kept.size)].tolist()


def _thinned_points(x: Places, y: Places) -> Indices:
    """One point for all that fall on the same dot."""
    dots = np.stack([np.floor(x * _DOTS_X), np.floor(y * _DOTS_Y)])
    _, first = np.unique(dots, axis=1, return_index=True)
    return first


def _thinned_line(x: Places, y: Places, starts: Indices) -> Indices:
    """First, lowest, highest and last of every run of points within one column of dots."""
    changes = np.flatnonzero(np.diff(np.floor(x * _DOTS_X))) + 1
    runs = np.union1d(changes, starts[(starts > 0) & (starts < x.size)])
    first, after = np.append(0, runs), np.append(runs, x.size)
    order = np.lexsort((y, np.repeat(np.arange(first.size), after - first)))
    return np.unique(np.concatenate([first, order[first], order[after - 1], after - 1]))
