"""Panels as lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import assert_never

import numpy as np

from workbench.figures import palette
from workbench.figures.axes import CELLS_A_TICK, LINES_A_TICK, ticks_of, x_axis, y_axis
from workbench.figures.bars import draw_bars
from workbench.figures.canvas import Stroke, rasterise
from workbench.figures.cells import Pen, clean, cut, fit, strip, to_ascii, width
from workbench.figures.chart import axes_of, draw_chart
from workbench.figures.data import Bars
from workbench.figures.header import header
from workbench.figures.lines import Frame, Line
from workbench.figures.palette import Colour
from workbench.figures.panels import LEVELS, Chart, Heat, Panel, Parallel, Spans
from workbench.figures.scale import Scale, short

_SHADES = "·░▒▓█"
_ASCII_SHADES = ".:-=+*%@"
_POINTS = "•×"  # and the last ones
_LANE_MARKS = "█▓▒░"
_ASCII_LANE_MARKS = "#=-."
_MOST_LANE_LINES = 3
_LEAST_GROUND = 4  # cells for each point, where a point takes the place of a level
_LEAST_WITH_AXES = (16, 6)

Cell = tuple[str, Colour | None, Colour | None]  # a character, its colour, that of its ground


def draw_panel(panel: Panel, size: tuple[int, int], pen: Pen) -> list[str]:
    """The panel within `size` = (cells, lines); nothing where there is no room at all."""
    if size[0] < 1 or size[1] < 1:
        return []
    match panel:
        case Chart():
            return draw_chart(panel.lines, panel.frame, size, pen)
        case Heat():
            drawn = _heat(panel, size, pen)
        case Spans():
            drawn = _spans(panel, size, pen)
        case Parallel():
            drawn = _parallel(panel, size, pen)
        case Bars():
            drawn = [pen.title(panel.title, size[0]), *draw_bars(panel, size[0], size[1] - 1, pen)]
        case _:
            assert_never(panel)
    return [line if pen.unicode else to_ascii(line) for line in drawn[: size[1]]]


def _heat(panel: Heat, size: tuple[int, int], pen: Pen) -> list[str]:
    columns, lines = size
    head = header((), panel.frame, columns, pen)
    if columns < _LEAST_WITH_AXES[0] or lines < _LEAST_WITH_AXES[1]:
        return [*head, *_paint(_heat_cells(panel, (columns, lines - len(head)), pen), pen)]
    scale = axes_of((), panel.frame)
    height = lines - len(head) - 3
    up = ticks_of(scale.y, panel.frame.y_ticks, height // LINES_A_TICK + 1)
    left = min(max((width(tick.label) for tick in up), default=0), columns // 3)
    inner = columns - left - 1
    cells = _paint(_heat_cells(panel, (inner, height), pen), pen)
    along = ticks_of(scale.x, panel.frame.x_ticks, inner // CELLS_A_TICK)
    rule, numbers = x_axis(along, panel.frame.x_label, left, inner)
    return [
        *head,
        *(side + row for side, row in zip(y_axis(up, left, height, pen), cells, strict=True)),
        pen.paint(" " * left + "└" + rule, palette.AXIS),
        pen.paint(numbers, palette.AXIS),
        _heat_key(panel, columns, pen),
    ]


def _heat_cells(panel: Heat, size: tuple[int, int], pen: Pen) -> list[list[Cell]]:
    """Rows from above, each cell the level of the value at its middle, points upon it."""
    columns, lines = size
    if lines < 1:
        return []
    levels = panel.levels()
    rows = ((np.arange(lines)[::-1] + 0.5) / lines * levels.shape[0]).astype(np.intp)
    across = ((np.arange(columns) + 0.5) / columns * levels.shape[1]).astype(np.intp)
    cells = [[_heat_cell(level, pen) for level in row] for row in levels[np.ix_(rows, across)].tolist()]
    scale = axes_of((), panel.frame)
    for index, points in enumerate(panel.points):
        char = _POINTS[index == len(panel.points) - 1]
        x, y = scale.x.places(points.x), scale.y.places(points.y)
        seen = (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)
        if not pen.colour and seen.sum() * _LEAST_GROUND > columns * lines:
            continue  # so many points would leave nothing to be seen of the levels
        for at, up in zip(x[seen].tolist(), y[seen].tolist(), strict=True):
            row, column = min(int((1 - up) * lines), lines - 1), min(int(at * columns), columns - 1)
            ground = cells[row][column][2]
            ink = palette.ink(ground) if ground else palette.series(points.colour)
            cells[row][column] = (char, ink, ground)
    return cells


def _heat_cell(level: int, pen: Pen) -> Cell:
    if level < 0:
        return " ", None, None
    if pen.colour:
        return " ", None, palette.heat(level / (LEVELS - 1))
    shades = _SHADES if pen.unicode else _ASCII_SHADES
    return shades[level * len(shades) // LEVELS], None, None


def _heat_key(panel: Heat, columns: int, pen: Pen) -> str:
    """What the colours mean: the name, the lowest value, all levels, the highest."""
    low, high = (short(one) if np.isfinite(one) else "–" for one in panel.limits)
    scale = _paint([[_heat_cell(level, pen) for level in range(LEVELS) for _ in range(2)]], pen)[0]
    marks = pen.paint(f"   {_POINTS[1]} the best", palette.AXIS)
    room = columns - 2 * LEVELS - len(low) - len(high) - 3
    key = f"{low} {scale} {high}"
    if room < 4:
        return fit(f"{low} … {high}", columns)
    name = cut(clean(panel.value), room)
    rest = room - width(name) - width(strip(marks))
    return f"{pen.paint(name, palette.AXIS)} {key}" + (
        marks if rest >= 0 and len(panel.points) > 1 else ""
    )


def _paint(rows: Sequence[Sequence[Cell]], pen: Pen) -> list[str]:
    """Rows of cells; neighbours in the same colours share their escapes."""
    return [
        "".join(
            pen.paint("".join(cell[0] for cell in run), colours[0], on=colours[1])
            for colours, run in groupby(row, key=lambda cell: cell[1:])
        )
        for row in rows
    ]


def _spans(panel: Spans, size: tuple[int, int], pen: Pen) -> list[str]:
    columns, lines = size
    named = [
        Line(name, np.empty(0), np.empty(0), colour, joined=False) for name, colour in panel.legend
    ]
    keys = [_lane_mark(index, pen) for index in range(len(named))]
    head = header(named, Frame(panel.title), columns, pen, keys)
    left = min(max((width(clean(name)) for name in panel.lanes), default=0), columns // 3)
    inner, room = columns - left - 1, lines - len(head) - 2
    if inner < 1 or room < 1:
        return head
    shown = panel.lanes if len(panel.lanes) <= room else panel.lanes[: room - 1]
    thick = min(max(room // max(len(shown), 1), 1), _MOST_LANE_LINES)
    drawn = []
    for lane, name in enumerate(shown):
        bar = _paint([_lane(panel, lane, inner, pen)], pen)[0]
        solid = thick if thick < _MOST_LANE_LINES else thick - 1
        for row in range(thick):
            side = fit(clean(name) if row == (solid - 1) // 2 else "", left, right=True)
            drawn.append(pen.paint(f"{side}│", palette.AXIS) + (bar if row < solid else ""))
    if len(shown) < len(panel.lanes):
        drawn.append(cut(f"… {len(panel.lanes) - len(shown)} more", columns))
    drawn += [pen.paint(" " * left + "│", palette.AXIS)] * (room - len(drawn))
    scale = Scale(0.0, panel.length or 1.0, unit="duration")
    rule, numbers = x_axis(scale.ticks(max(inner // CELLS_A_TICK, 2)), "", left, inner)
    return [
        *head,
        *drawn,
        pen.paint(" " * left + "└" + rule, palette.AXIS),
        pen.paint(numbers, palette.AXIS),
    ]


def _lane(panel: Spans, lane: int, inner: int, pen: Pen) -> list[Cell]:
    """One lane's cells: of each the span that began in it last, a gap where another one follows."""
    cells: list[Cell] = [(" ", None, None)] * inner
    length = panel.length or 1.0
    before = -1
    for span in panel.spans:
        if span.lane != lane:
            continue
        first = min(int(span.begin / length * inner), inner - 1)
        last = min(max(int(span.end / length * inner), first + 1), inner)
        mark = _lane_mark(span.colour, pen)
        colour = palette.series(panel.legend[span.colour][1])
        for column in range(first, last):
            cells[column] = (mark, colour, None)
        # Neighbours are told apart where both are wide enough to be seen.
        if first == before and last - first > 1:
            cells[first] = ("▐" if pen.colour and pen.unicode else " ", colour, None)
        before = last
    return cells


def _lane_mark(index: int, pen: Pen) -> str:
    """What a bar is made of; without colours something else for each entry of the legend."""
    marks = _LANE_MARKS if pen.unicode else _ASCII_LANE_MARKS
    return marks[0 if pen.colour else index % len(marks)]


def _parallel(panel: Parallel, size: tuple[int, int], pen: Pen) -> list[str]:
    """Names, upper ends, the lines, lower ends."""
    columns, lines = size
    head = header(panel.lines, Frame(panel.title), columns, pen)
    height = lines - len(head) - 3
    if height < 1 or not panel.axes:
        return head
    last = max(len(panel.axes) - 1, 1)
    cell = 1 / columns
    strokes = [
        Stroke(np.clip(line.x / last, cell / 2, 1 - cell / 2), line.y, line.colour, True, line.faint)
        for line in panel.lines
        if pen.colour or not line.faint
    ]
    places = [min(index / last, 1 - cell / 2) for index in range(len(panel.axes))]
    canvas = rasterise(strokes, places, (columns, height), pen)
    texts = [
        _beside_axes([getattr(axis, part) for axis in panel.axes], places, columns)
        for part in ("name", "high", "low")
    ]
    return [
        *head,
        pen.paint(texts[0], bold=True),
        pen.paint(texts[1], palette.AXIS),
        *canvas,
        pen.paint(texts[2], palette.AXIS),
    ]


def _beside_axes(texts: Sequence[str], places: Sequence[float], columns: int) -> str:
    """Each text centred at its axis, cut to its share of the room; the outer ones within the ends."""
    share = max(columns // max(len(texts), 1) - 1, 1)
    line = ""
    for text, place in zip(texts, places, strict=True):
        said = cut(clean(text), share)
        start = min(int(place * columns) - width(said) // 2, columns - width(said))
        start = max(start, width(line) + 1 if line else 0)
        line += " " * (start - width(line)) + said
    return cut(line, columns)
