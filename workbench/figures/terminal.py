"""Every figure as lines of text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from workbench.figures.bars import draw_bars
from workbench.figures.cells import Pen, to_ascii
from workbench.figures.data import (
    Bars,
    Curves,
    Figure,
    ImageGrid,
    Matrix,
    Scatter,
    Series,
    Table,
    Text,
)
from workbench.figures.lines import Frame, Line
from workbench.figures.table import draw_table, draw_text

if TYPE_CHECKING:
    from workbench.figures.image import Placed

_LEAST_HEIGHT_WITH_TITLE = 3
_MARGIN_OF_POINTS = 0.03


def draw(
    figure: Figure, width: int, height: int, *, colour: bool = True, unicode: bool = True
) -> list[str]:
    """At most `height` lines of at most `width` cells, with 24-bit colours as ANSI sequences.

    Without `colour` no escape is written, without `unicode` nothing but ASCII. Texts of the
    figure are shown, never obeyed. Long tables and texts end with how much was left out.
    """
    if width < 1 or height < 1:
        return []
    pen = Pen(colour, unicode)
    if isinstance(figure, Curves | Scatter):
        return _chart(figure, width, height, pen)
    title = _title(figure)
    titled = bool(title) and height >= _LEAST_HEIGHT_WITH_TITLE
    body = _body(figure, width, height - titled, pen)
    lines = [pen.title(title, width), *body] if titled else body
    return lines if unicode else [to_ascii(line) for line in lines]


def pictures_of(figure: Figure, width: int, height: int) -> list[Placed]:
    """Where `draw` puts the pictures of a figure; none for a figure that has none."""
    if not isinstance(figure, ImageGrid) or width < 1 or height < 1:
        return []
    from workbench.figures.image import place_images  # noqa: PLC0415

    titled = int(bool(_title(figure)) and height >= _LEAST_HEIGHT_WITH_TITLE)
    placed = place_images(figure, width, height - titled)
    return [replace(one, line=one.line + titled) for one in placed]


def _body(
    figure: Matrix | Bars | ImageGrid | Table | Text, width: int, height: int, pen: Pen
) -> list[str]:
    # The renderers that load numpy are imported when a figure asks for them.
    match figure:
        case Matrix():
            from workbench.figures.matrix import draw_matrix  # noqa: PLC0415

            return draw_matrix(figure, width, height, pen)
        case ImageGrid():
            from workbench.figures.image import draw_images  # noqa: PLC0415

            return draw_images(figure, width, height, pen)
        case Bars():
            return draw_bars(figure, width, height, pen)
        case Table():
            return draw_table(figure, width, height, pen)
        case Text():
            return draw_text(figure, width, height)
    assert_never(figure)


def _title(figure: Matrix | Bars | ImageGrid | Table | Text) -> str:
    if not isinstance(figure, Matrix):
        return figure.title
    rows = f"{figure.row_label} ↓" if figure.row_label else ""
    columns = f"{figure.column_label} →" if figure.column_label else ""
    return " · ".join(part for part in (figure.title, rows, columns) if part)


def _chart(figure: Curves | Scatter, width: int, height: int, pen: Pen) -> list[str]:
    from workbench.figures.chart import draw_chart  # noqa: PLC0415

    return draw_chart(*chart_of(figure), (width, height), pen)


def chart_of(figure: Curves | Scatter) -> tuple[list[Line], Frame]:
    """The lines and points of a figure, and the frame around them, for every renderer."""
    points: Sequence[Series] = figure.groups if isinstance(figure, Scatter) else ()
    lines = [_line(one, index, joined=False) for index, one in enumerate(points)]
    lines += [_line(one, index, joined=True) for index, one in enumerate(figure.lines, len(points))]
    frame = Frame(
        figure.title,
        figure.x_label,
        figure.y_label,
        figure.log_x,
        figure.log_y,
        margin_x=_MARGIN_OF_POINTS if points else 0.0,
    )
    return lines, frame


def _line(series: Series, colour: int, *, joined: bool) -> Line:
    import numpy as np  # noqa: PLC0415

    x = np.array(series.x, dtype=np.float64)
    return Line(series.name, x, np.array(series.y, dtype=np.float64), colour, joined)
