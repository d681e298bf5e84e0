"""Bars that lie on their side, so that their labels can be read."""

from __future__ import annotations

from collections.abc import Sequence

from workbench import units
from workbench.figures import palette
from workbench.figures.cells import Pen, clean, fit, width
from workbench.figures.data import Bars, Number

_EIGHTHS = "▏▎▍▌▋▊▉"
_LEAST_BAR = 4


def draw_bars(figure: Bars, columns: int, lines: int, pen: Pen) -> list[str]:
    """One line a bar: label, bar from zero, value; the last line counts what had no room."""
    count = len(figure.values)
    shown = count if count <= lines else lines - 1
    values = figure.values[:shown]
    labels = [clean(label) for label in figure.labels[:shown]]
    numbers = [units.number(value) for value in values]
    left = min(max(map(width, labels), default=0), columns // 3)
    right = max(map(width, numbers), default=0)
    if columns - left - right - 2 < _LEAST_BAR:
        right = 0
    room = columns - left - 1 - (right + 1 if right else 0)
    drawn = [
        fit(label, left) + " " + bar + (" " + fit(number, right, right=True) if right else "")
        for label, number, bar in zip(labels, numbers, _bars(values, room, pen), strict=True)
    ]
    return drawn if shown == count else [*drawn, fit(f"… {count - shown} more", columns)]


def _bars(values: Sequence[Number], room: int, pen: Pen) -> list[str]:
    # Halves, for the distance of two very large values is no number.
    halves = [(value or 0.0) / 2 for value in values]
    low, high = min([0.0, *halves]), max([0.0, *halves])
    span = high - low or 1.0
    zero = min(round(-low / span * room), room)
    return [_bar(half / span, zero, room, pen) for half in halves]


def _bar(share: float, zero: int, room: int, pen: Pen) -> str:
    """A bar of `share` of the room, to the right of cell `zero` or, if negative, to its left."""
    if share < 0:
        cells = min(max(round(-share * room), 1), zero)
        text = " " * (zero - cells) + "█" * cells + " " * (room - zero)
    else:
        eighths = min(round(share * room * 8), (room - zero) * 8)
        eighths = max(eighths, 1) if share > 0 and zero < room else eighths
        whole, rest = divmod(eighths, 8)
        text = " " * zero + "█" * whole + (_EIGHTHS[rest - 1] if rest else "")
        text += " " * (room - width(text))
    return pen.paint(text, palette.PALETTE[0])
