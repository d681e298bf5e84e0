"""Tables in aligned columns, and plain text wrapped to the screen."""

from __future__ import annotations

from collections.abc import Sequence

from workbench import units
from workbench.figures import palette
from workbench.figures.cells import Pen, clean, cut, end_of, fit, width
from workbench.figures.data import Cell, Table, Text

_GAP = 2
_LEAST_COLUMN = 3


def draw_table(figure: Table, columns: int, lines: int, pen: Pen) -> list[str]:
    """Names, a rule, and as many rows as there is room for; the last line counts the others."""
    head = 2 if lines > 3 else 1 if lines > 1 else 0
    count = len(figure.rows)
    shown = count if count <= lines - head else max(lines - head - 1, 0)
    names = [clean(name) for name in figure.columns]
    texts = [[_text(cell) for cell in row] for row in figure.rows[:shown]]
    wanted = [max(map(width, column)) for column in zip(names, *texts, strict=True)]
    widths = _widths(wanted, columns)
    right = [
        all(isinstance(row[index], int | float | None) for row in figure.rows)
        for index in range(len(widths))
    ]
    drawn = [pen.paint(_row(names, widths, right), bold=True)] if head else []
    if head == 2:
        rule = (" " * _GAP).join("─" * room for room in widths)
        drawn.append(pen.paint(rule, palette.AXIS))
    drawn += [_row(row, widths, right) for row in texts]
    return drawn if shown == count else [*drawn, cut(f"… {count - shown} rows more", columns)]


def _text(cell: Cell) -> str:
    if isinstance(cell, int):
        return units.number(cell) if abs(cell) >= 10_000 else str(cell)
    return clean(cell) if isinstance(cell, str) else units.number(cell)


def _widths(wanted: list[int], room: int) -> list[int]:
    """Widths whose sum with gaps fits `room`: the widest columns yield first, then the last go."""
    widths = [max(cells, 1) for cells in wanted]
    while sum(widths) + _GAP * (len(widths) - 1) > room:
        widest = max(range(len(widths)), key=widths.__getitem__)
        if widths[widest] > _LEAST_COLUMN:
            widths[widest] -= 1
        elif len(widths) > 1:
            widths.pop()
        else:
            return [room]
    return widths


def _row(texts: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    parts = [
        fit(text, room, right=aside) for text, room, aside in zip(texts, widths, right, strict=False)
    ]
    return (" " * _GAP).join(parts)


def draw_text(figure: Text, columns: int, lines: int) -> list[str]:
    """The text, wrapped; the last line counts what had no room."""
    wrapped: list[str] = []
    for line in figure.text.splitlines():
        wrapped += _wrapped(clean(line), columns)
    if len(wrapped) <= lines:
        return wrapped
    return [*wrapped[: lines - 1], cut(f"… {len(wrapped) - lines + 1} lines more", columns)]


def _wrapped(text: str, room: int) -> list[str]:
    """Lines of at most `room` cells, broken at spaces where there are any."""
    lines: list[str] = []
    start = 0
    while True:
        end = end_of(text, room, start)
        if end == len(text):
            return [*lines, cut(text[start:], room)]
        space = text.rfind(" ", start, end + 1)
        end = space if space > start else end
        lines.append(cut(text[start:end], room))
        start = end + (text[end] == " ")
