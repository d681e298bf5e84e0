"""The lines above a chart: its title, and which colour is which line."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.figures import palette
from workbench.figures.canvas import symbol
from workbench.figures.cells import Pen, clean, cut, width
from workbench.figures.lines import Frame, Line

_LONGEST_NAME = 24
_GAP = 2


def header(
    lines: Sequence[Line], frame: Frame, columns: int, pen: Pen, keys: Sequence[str] = ()
) -> list[str]:
    """Title and legend on one line where both fit, else on two; none where there is neither.

    `keys` stand before the names in the legend, where they are not those of a chart.
    """
    y_label = f"{frame.y_label} ↑" if frame.y_label else ""
    title = cut(" · ".join(clean(part) for part in (frame.title, y_label) if part), columns)
    painted = pen.paint(title, bold=True)
    named = [line for line in lines if not line.faint]
    legend, used = _legend(named, columns, pen, keys) if len(named) > 1 else ("", 0)
    free = columns - width(title) - used
    if title and legend and free >= _GAP:
        return [painted + " " * free + legend]
    return [line for line in (painted, legend) if line]


def _legend(lines: Sequence[Line], columns: int, pen: Pen, keys: Sequence[str]) -> tuple[str, int]:
    """As many entries as fit, then how many more there are; and the cells they take."""
    legend, used = "", 0
    for index, line in enumerate(lines):
        gap = _GAP if index else 0
        key = keys[index] if keys else _key(line, index, pen)
        name = cut(clean(line.name), max(min(_LONGEST_NAME, columns // 3), 1))
        cells = gap + width(key) + 1 + width(name)
        left = len(lines) - index
        if used + cells + (_GAP + len(f"+{left - 1}") if left > 1 else 0) > columns:
            more = " " * gap + f"+{left}"
            return (legend + more, used + len(more)) if used + len(more) <= columns else (legend, used)
        legend += " " * gap + pen.paint(key, palette.series(line.colour)) + " " + name
        used += cells
    return legend, used


def _key(line: Line, index: int, pen: Pen) -> str:
    if line.joined and pen.colour and pen.unicode:
        return "━━"
    return symbol(index, pen)
