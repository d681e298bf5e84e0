"""The axes of charts as lines of text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.figures import palette
from workbench.figures.cells import Pen, clean, cut, fit, width
from workbench.figures.scale import Scale, Tick

CELLS_A_TICK = 10
LINES_A_TICK = 4
_LONGEST_NAME = 18


def ticks_of(scale: Scale, named: Sequence[tuple[float, str]], most: int) -> list[Tick]:
    """The ticks that have names, or about `most` round ones (two at least) where none has."""
    if not named:
        return scale.ticks(max(most, 2))
    places = scale.places(np.array([value for value, _ in named], np.float64)).tolist()
    return [
        Tick(place, cut(clean(name), _LONGEST_NAME))
        for place, (_, name) in zip(places, named, strict=True)
        if 0 <= place <= 1
    ]


def y_axis(ticks: Sequence[Tick], left: int, height: int, pen: Pen) -> list[str]:
    """`height` lines of `left` + 1 cells: the labels at their places, and the axis."""
    labels = {height - 1 - min(int(t.place * height), height - 1): t.label for t in ticks}
    return [
        pen.paint(
            fit(labels.get(row, ""), left, right=True) + ("┤" if row in labels else "│"),
            palette.AXIS,
        )
        for row in range(height)
    ]


def x_axis(ticks: Sequence[Tick], label: str, left: int, inner: int) -> tuple[str, str]:
    """The line with the ticks, without its corner, and that with their numbers and the axis' name.

    The name stands at the end; where it would take the place of a number, before the last one.
    """
    rule = ["─"] * inner
    columns = [min(int(tick.place * inner), inner - 1) for tick in ticks]
    for column in columns:
        rule[column] = "┬"
    name = cut(clean(label), inner // 3)
    placed = [(left + 1 + column, tick.label) for column, tick in zip(columns, ticks, strict=True)]
    end = left + 1 + inner
    numbers = _numbers(placed, end - (width(name) + 2 if name else 0))
    whole = _numbers(placed, end)
    if len(whole) > len(numbers):
        *before, (last, text) = whole
        start = last - 2 - width(name)
        if start >= (before[-1][0] + width(before[-1][1]) + 2 if before else 0):
            return "".join(rule), _written([*before, (start, name), (last, text)], end)
    return "".join(rule), _written([*numbers, (end - width(name), name)], end)


def _numbers(placed: Sequence[tuple[int, str]], room: int) -> list[tuple[int, str]]:
    """Where the numbers begin that stand under their ticks and before `room`, a cell apart."""
    numbers: list[tuple[int, str]] = []
    free = 0
    for centre, text in placed:
        cells = width(text)
        start = max(min(centre - cells // 2, room - cells), 0)
        if start <= centre < start + cells and (start > free or not numbers):
            numbers.append((start, text))
            free = start + cells
    return numbers


def _written(texts: Sequence[tuple[int, str]], cells: int) -> str:
    """A line with the texts where they begin."""
    line = ""
    for start, text in texts:
        line += " " * (start - width(line)) + text
    return line + " " * (cells - width(line))
