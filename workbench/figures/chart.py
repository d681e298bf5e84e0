"""A chart of lines and points: header, axes with round numbers, marks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, groupby

import numpy as np

from workbench.figures import palette
from workbench.figures.axes import CELLS_A_TICK, LINES_A_TICK, ticks_of, x_axis, y_axis
from workbench.figures.canvas import Stroke, rasterise
from workbench.figures.cells import Pen, clean, cut, to_ascii, width
from workbench.figures.header import header
from workbench.figures.lines import Frame, Line, Mark
from workbench.figures.scale import Scale, scale_of

# Smaller than this, axes would leave no room to draw in.
_LEAST_WIDTH_WITH_AXES = 16
_LEAST_HEIGHT_WITH_AXES = 5
_LEAST_HEIGHT_WITH_HEADER = 4
_LEAST_HEIGHT_WITH_MARK_NAMES = 7
_MARGIN_Y = 0.03
_LAST_PLACE = 1 - 1e-9  # the right end belongs to the last column


@dataclass(frozen=True)
class Axes:
    """The scales of a chart."""

    x: Scale
    y: Scale
    cursor: float | None  # its place on the x axis


def draw_chart(lines: Sequence[Line], frame: Frame, size: tuple[int, int], pen: Pen) -> list[str]:
    """The chart within `size` = (cells, lines); nothing where there is no room at all."""
    columns, rows = size
    if columns < 1 or rows < 1:
        return []
    if not pen.colour:
        lines = [line for line in lines if not line.faint]
    head = header(lines, frame, columns, pen) if rows >= _LEAST_HEIGHT_WITH_HEADER else []
    room = rows - len(head)
    axes = axes_of(lines, frame)
    if room < _LEAST_HEIGHT_WITH_AXES or columns < _LEAST_WIDTH_WITH_AXES:
        drawn = head + _canvas(lines, axes, [], (columns, room), pen)
    else:
        drawn = head + _with_axes(lines, frame, axes, (columns, room), pen)
    return drawn if pen.unicode else [to_ascii(line) for line in drawn]


def axes_of(lines: Sequence[Line], frame: Frame) -> Axes:
    """Axes that hold the points with a place on both."""
    xs, ys = [], []
    for line in lines:
        drawn = np.isfinite(line.x) & np.isfinite(line.y)
        drawn &= (line.x > 0) | (not frame.log_x)
        drawn &= (line.y > 0) | (not frame.log_y)
        xs.append(line.x[drawn])
        ys.append(line.y[drawn])
    if frame.x_limits is not None:
        xs = [np.array(frame.x_limits, dtype=np.float64)]
    if frame.y_limits is not None:
        ys = [np.array(frame.y_limits, dtype=np.float64)]
    x = replace(scale_of(xs, log=frame.log_x, margin=frame.margin_x), unit=frame.x_unit)
    cursor = None if frame.cursor is None else float(x.places(np.array([frame.cursor]))[0])
    margin_y = _MARGIN_Y if frame.y_limits is None else 0.0
    return Axes(x, scale_of(ys, log=frame.log_y, margin=margin_y), cursor)


def _canvas(
    lines: Sequence[Line],
    axes: Axes,
    uprights: Sequence[float],
    size: tuple[int, int],
    pen: Pen,
) -> list[str]:
    strokes = [
        Stroke(axes.x.places(line.x), axes.y.places(line.y), line.colour, line.joined, line.faint)
        for line in lines
    ]
    return rasterise(strokes, uprights, size, pen, axes.cursor)


def _with_axes(
    lines: Sequence[Line], frame: Frame, axes: Axes, size: tuple[int, int], pen: Pen
) -> list[str]:
    columns, rows = size
    marks = _placed(frame.marks, axes.x)
    named = any(mark.label for mark in marks) and rows >= _LEAST_HEIGHT_WITH_MARK_NAMES
    height = rows - 2 - named
    ticks = ticks_of(axes.y, frame.y_ticks, height // LINES_A_TICK + 1)
    left = min(max((width(tick.label) for tick in ticks), default=0), columns // 3)
    inner = columns - left - 1
    canvas = _canvas(lines, axes, [mark.x for mark in marks], (inner, height), pen)
    sides = y_axis(ticks, left, height, pen)
    drawn = [side + line for side, line in zip(sides, canvas, strict=True)]
    if named:
        drawn.insert(0, _mark_names(marks, left + 1, inner, pen))
    rule, numbers = x_axis(
        ticks_of(axes.x, frame.x_ticks, inner // CELLS_A_TICK), frame.x_label, left, inner
    )
    marked = _with_faults(rule, _placed(frame.faults, axes.x), pen)
    return [
        *drawn,
        " " * left + pen.paint("└", palette.AXIS) + marked,
        pen.paint(numbers, palette.AXIS),
    ]


def _with_faults(rule: str, faults: Sequence[Mark], pen: Pen) -> str:
    """The axis' line with a cross where a value was not finite, and beside it what it was."""
    labels = {int(fault.x * len(rule)): fault.label for fault in faults}
    cells = list(rule)
    for column in labels:
        cells[column] = "×"
    taken = set(labels)
    for column, label in sorted(labels.items()):
        if labels.get(column - 1) == label:
            continue  # its row has the label already
        last = next(end for end in count(column) if labels.get(end + 1) != label)
        for start in (column - len(label), last + 1):
            room = range(start, start + len(label))
            if start >= 0 and room.stop <= len(rule) and taken.isdisjoint(room):
                cells[start : room.stop] = label
                taken.update(room)
                break
    return "".join(
        pen.paint("".join(run), palette.FAULT if fault else palette.AXIS)
        for fault, run in _runs(cells, taken)
    )


def _runs(cells: Sequence[str], taken: set[int]) -> Iterator[tuple[bool, list[str]]]:
    """Neighbouring cells that are alike in whether they are taken."""
    for fault, run in groupby(range(len(cells)), key=lambda column: column in taken):
        yield fault, [cells[column] for column in run]


def _placed(marks: Sequence[Mark], x: Scale) -> list[Mark]:
    """The marks on the axis, from left to right, at places from 0 to 1."""
    places = x.places(np.array([mark.x for mark in marks], dtype=np.float64)).tolist()
    placed = [
        Mark(min(place, _LAST_PLACE), mark.short or mark.label)
        for place, mark in zip(places, marks, strict=True)
        if 0 <= place <= 1
    ]
    return sorted(placed, key=lambda mark: mark.x)


def _mark_names(marks: Sequence[Mark], left: int, inner: int, pen: Pen) -> str:
    """A line with the names of the marks, each right of its mark where it has room before the next.

    Where it has none it stands left of its mark; else the names of neighbouring marks stand together
    after the last of them, in the marks' order. Only where nothing has room a name is cut.
    """
    labels: dict[int, list[str]] = {}
    for mark in marks:
        labels.setdefault(left + int(mark.x * inner), []).append(clean(mark.label))
    columns = [*labels, left + inner + 1]
    line, first = "", 0
    while first < len(labels):
        last, text = _named(columns, labels, first, width(line))
        line += " " * (columns[first] - width(line)) if text.startswith("▾") else ""
        line += text
        first = last + 1
    return pen.paint(line, palette.MARK)


def _named(
    columns: Sequence[int], labels: Mapping[int, list[str]], first: int, drawn: int
) -> tuple[int, str]:
    """The last of the marks that are named together from the first on, and the text for them."""
    name = _joined(labels, columns[first : first + 1])
    before = columns[first] - drawn - width(name)
    if columns[first + 1] - columns[first] < width(name) + 2 and before > 0:
        return first, " " * before + name + "▾"
    for last in range(first, len(labels)):
        together = _joined(labels, columns[first : last + 1])
        if columns[last + 1] - columns[last] >= width(together) + 2:
            gaps = [columns[at + 1] - columns[at] for at in range(first, last)]
            return last, "".join("▾".ljust(gap) for gap in gaps) + "▾" + together
    room = columns[first + 1] - columns[first] - 1
    return first, cut("▾" + name, room) if room > 2 else "▾"


def _joined(labels: Mapping[int, list[str]], columns: Sequence[int]) -> str:
    """The names at these columns, each once."""
    names = (label for column in columns for label in labels[column] if label)
    return ", ".join(dict.fromkeys(names))
