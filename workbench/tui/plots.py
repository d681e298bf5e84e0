"""Which plots a run has, how they share the terminal, and their drawing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from textual.strip import Strip

from workbench.figures.plot import Line, Mark, draw_lines
from workbench.runs.series import Series
from workbench.tui.ansi import strip
from workbench.tui.run_facts import PlotView

LEAST_WIDTH = 34
LEAST_HEIGHT = 8
MOST_IN_A_ROW = 3
GAP = 2


@dataclass(frozen=True)
class Grid:
    """`columns` x `rows` plots a page, each `width` x `height` cells; `pages` in all."""

    columns: int
    rows: int
    width: int
    height: int
    pages: int

    @property
    def size(self) -> int:
        return self.columns * self.rows


def group(names: Iterable[str]) -> dict[str, list[str]]:
    """Metrics of one plot by its title: `train/loss` and `val/loss` share the plot `loss`."""
    plots: dict[str, list[str]] = {}
    for name in names:
        plots.setdefault(name.partition("/")[2] or name, []).append(name)
    return plots


def arrange(count: int, view: PlotView) -> Grid:
    """As many plots as can be read, in a grid as even as can be; the rest on further pages."""
    if view.zoomed:
        return Grid(1, 1, view.width, view.height, max(count, 1))
    most_columns = min(max((view.width + GAP) // (LEAST_WIDTH + GAP), 1), MOST_IN_A_ROW)
    most_rows = max(view.height // LEAST_HEIGHT, 1)
    shown = max(min(count, most_columns * most_rows), 1)
    fits = [columns for columns in range(1, most_columns + 1) if columns * most_rows >= shown]
    columns = min(fits, key=lambda columns: _stretch(columns, shown, view))
    rows = math.ceil(shown / columns)
    pages = max(math.ceil(count / (columns * rows)), 1)
    width = (view.width - GAP * (columns - 1)) // columns
    return Grid(columns, rows, width, view.height // rows, pages)


def _stretch(columns: int, count: int, view: PlotView) -> float:
    """How far a plot's shape is from about three cells wide to one high, which reads best."""
    rows = math.ceil(count / columns)
    shape = (view.width / columns) / max(view.height / rows, 1)
    empty = columns * rows - count
    return abs(math.log(max(shape, 0.1) / 3.0)) + 0.3 * empty


def draw_page(
    series: Mapping[str, Series], marks: Sequence[Mark], view: PlotView
) -> tuple[tuple[Strip, ...], int]:
    """The strips of the page that `view` asks for, and how many pages there are."""
    plots = group(series)
    if not plots or view.width < 1 or view.height < 1:
        return (), 1
    grid = arrange(len(plots), view)
    page = min(view.place, grid.pages - 1)
    titles = list(plots)[page * grid.size : (page + 1) * grid.size]
    colours = _colours(series)
    shown = [_plot(title, [series[n] for n in plots[title]], grid.width, colours) for title in titles]
    drawn = [_draw(plot, marks, view, grid) for plot in shown]
    rows = [drawn[start : start + grid.columns] for start in range(0, len(drawn), grid.columns)]
    return tuple(line for row in rows for line in _beside(row, grid)), grid.pages


def _beside(plots: Sequence[Sequence[Strip]], grid: Grid) -> list[Strip]:
    """The lines of a row of plots, each plot in its own columns."""
    gap = Strip.blank(GAP)
    rows = []
    for cells in zip_longest(*plots, fillvalue=Strip.blank(0)):
        fitted = [cell.adjust_cell_length(grid.width) for cell in cells]
        rows.append(Strip.join([part for cell in fitted for part in (cell, gap)][:-1]))
    blank = Strip.blank(0)
    return [*rows, *(blank for _ in range(grid.height - len(rows)))]


@dataclass(frozen=True)
class _Plot:
    title: str
    lines: list[Line]


def _plot(title: str, several: Sequence[Series], width: int, colours: Mapping[str, int]) -> _Plot:
    """A plot's lines; alone in its plot, a metric keeps its whole name."""
    if len(several) == 1:
        title = several[0].name
    lines = [
        Line(_kind(one.name) or title, *one.points(width), colours[_kind(one.name)]) for one in several
    ]
    return _Plot(title, lines)


def _draw(plot: _Plot, marks: Sequence[Mark], view: PlotView, grid: Grid) -> list[Strip]:
    drawn = draw_lines(
        plot.lines,
        grid.width,
        grid.height - 1,  # a blank line below keeps the plots apart
        title=plot.title,
        log_x=view.log_x,
        log_y=view.log_y,
        marks=marks,
    )
    return [strip(line) for line in drawn]


def _kind(name: str) -> str:
    """What stands before the slash: `train`, `val`; it decides the colour in every plot."""
    before, slash, _ = name.partition("/")
    return before if slash else ""


def _colours(names: Iterable[str]) -> dict[str, int]:
    kinds = dict.fromkeys(kind for name in names if (kind := _kind(name)))
    return {"": 0, **{kind: index for index, kind in enumerate(kinds)}}
