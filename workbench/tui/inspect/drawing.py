"""Draws what an inspecting worker answered: a figure, two beside one another, or a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from textual.strip import Strip

from workbench.debugging.protocol import SampleView, View
from workbench.figures.cells import clean, cut
from workbench.figures.data import Figure, ImageGrid
from workbench.tui import look
from workbench.tui.ansi import strips
from workbench.tui.figure_drawing import DrawnFigure, draw_in, one_of
from workbench.tui.inspect.facts import Place, Shot
from workbench.tui.pictures import TerminalPicture

GAP = 3  # cells between two figures
LEAST_BESIDE = 50  # cells: with fewer, two figures stand below one another
LEAST_HEIGHT = 2


def draw(answer: View | SampleView, place: Place) -> Shot:
    """The answer in the room of the place."""
    if isinstance(answer, SampleView):
        drawn = _sample(answer, place.width, place.height)
    else:
        drawn = _view(answer, place)
    return Shot(place, answer, drawn.strips, drawn.pictures)


def _view(view: View, place: Place) -> DrawnFigure:
    figure = view.figure
    if place.number >= 0 and isinstance(figure, ImageGrid) and view.request == "mistakes":
        figure = one_of(figure, min(place.number - view.first, len(figure.images) - 1))
    if view.beside is None:
        return draw_in(figure, place.width, place.height)
    return _two(view.beside, figure, place.width, place.height)


def _two(first: Figure, second: Figure, width: int, height: int) -> DrawnFigure:
    """Both figures with the same room, side by side or, in a narrow one, one below the other."""
    if width >= LEAST_BESIDE:
        half = (width - GAP) // 2
        return beside(draw_in(first, half, height), draw_in(second, half, height), half + GAP)
    half = max((height - 1) // 2, LEAST_HEIGHT)
    return below(draw_in(first, width, half), draw_in(second, width, half), half + 1)


def _sample(view: SampleView, width: int, height: int) -> DrawnFigure:
    """The input, and beside or below it what the network makes of it."""
    said = _said(view)
    if width >= LEAST_BESIDE:
        half = (width - GAP) // 2
        return beside(draw_in(view.figure, half, height), _judged(view, said, half, height), half + GAP)
    rest = min(max(height // 2, len(said)), height - LEAST_HEIGHT)
    upper = max(height - rest - 1, LEAST_HEIGHT)
    return below(draw_in(view.figure, width, upper), _judged(view, said, width, rest), upper + 1)


def _said(view: SampleView) -> list[str]:
    """Truth and prediction; the sign says whether they agree, beside the colour."""
    told = [f"true       {view.true}"] if view.true else []
    if view.predicted:
        sure = "" if view.sure is None else f"   {view.sure:.1%} sure"
        right = not view.true or view.true == view.predicted
        sign = "" if not view.true else ("  ✓" if right else "  ✗ wrong")
        told.append(f"predicted  {view.predicted}{sure}{sign}")
    return [*told, *view.notes]


def _judged(view: SampleView, said: Sequence[str], width: int, height: int) -> DrawnFigure:
    pen = look.pen()
    lines = [pen.paint(cut(clean(line), width), bold=number < 2) for number, line in enumerate(said)]
    words = strips(lines[:height])
    room = height - len(words) - 1
    if view.probabilities is None or room < LEAST_HEIGHT:
        return DrawnFigure(words)
    return below(DrawnFigure(words), draw_in(view.probabilities, width, room), len(words) + 1)


def beside(left: DrawnFigure, right: DrawnFigure, column: int) -> DrawnFigure:
    """The right one begins at that column."""
    rows = zip_longest(left.strips, right.strips, fillvalue=Strip.blank(0))
    joined = tuple(Strip.join([one.adjust_cell_length(column), other]) for one, other in rows)
    moved = _moved(right.pictures, columns=column)
    return DrawnFigure(joined, left.images + right.images, (*left.pictures, *moved))


def below(upper: DrawnFigure, lower: DrawnFigure, line: int) -> DrawnFigure:
    """The lower one begins at that line, or right behind a longer upper one."""
    line = max(line, len(upper.strips))
    blank = [Strip.blank(0)] * (line - len(upper.strips))
    moved = _moved(lower.pictures, lines=line)
    every = (*upper.strips, *blank, *lower.strips)
    return DrawnFigure(every, upper.images + lower.images, (*upper.pictures, *moved))


def _moved(
    pictures: Sequence[TerminalPicture], columns: int = 0, lines: int = 0
) -> tuple[TerminalPicture, ...]:
    return tuple(replace(one, column=one.column + columns, line=one.line + lines) for one in pictures)
