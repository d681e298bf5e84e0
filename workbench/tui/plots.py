"""Which plots a run has, how they share the terminal, and their drawing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np
from textual.strip import Strip

from workbench import units
from workbench.figures import palette
from workbench.figures.cells import clean, width
from workbench.figures.chart import draw_chart
from workbench.figures.lines import Frame, Line, Mark
from workbench.figures.scale import scale_of
from workbench.runs.axis import Floats
from workbench.runs.series import Series, Stretch
from workbench.tui import look
from workbench.tui.ansi import strip
from workbench.tui.run_facts import PlotView
from workbench.tui.x_axis import XAxis, chosen
from workbench.tui.x_window import seen

LEAST_WIDTH = 34
LEAST_HEIGHT = 8
MOST_IN_A_ROW = 3
MOST_IN_A_PLOT = 7  # as many as there are colours
GAP = 2

STEPS = XAxis()


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
    """Metrics of one plot by its title: `train/loss` and `val/loss` share the plot `loss`.

    More than can be told apart are parted: `norm`, `norm (2)`, ….
    """
    plots: dict[str, list[str]] = {}
    counts: Counter[str] = Counter()
    for name in names:
        title = name.partition("/")[2] or name
        number = counts[title] // MOST_IN_A_PLOT + 1
        counts[title] += 1
        plots.setdefault(title if number == 1 else f"{title} ({number})", []).append(name)
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
    series: Mapping[str, Series], marks: Sequence[Mark], view: PlotView, axis: XAxis = STEPS
) -> tuple[tuple[Strip, ...], int]:
    """The strips of the page that `view` asks for, and how many pages there are."""
    colours = _colours(series)
    series = chosen(series, view)
    plots = group(series)
    if not plots or view.width < 1 or view.height < 1:
        return (), 1
    room = view if view.crosshair is None else replace(view, height=max(view.height - 1, 1))
    grid = arrange(len(plots), room)
    page = min(view.place, grid.pages - 1)
    titles = list(plots)[page * grid.size : (page + 1) * grid.size]
    pencil = _Pencil(view, axis, seen(view, axis.reach(series.values())), grid, colours)
    drawn = [pencil.draw(title, [series[name] for name in plots[title]], marks) for title in titles]
    rows = [drawn[start : start + grid.columns] for start in range(0, len(drawn), grid.columns)]
    lines = tuple(line for row in rows for line in beside(row, grid))
    if view.crosshair is not None:
        read = [series[name] for title in titles for name in plots[title]]
        lines = (strip(pencil.readout(read, marks, view.crosshair)), *lines)[: view.height]
    return lines, grid.pages


def beside(plots: Sequence[Sequence[Strip]], grid: Grid) -> list[Strip]:
    """The lines of a row of plots, each plot in its own columns."""
    gap = Strip.blank(GAP)
    rows = []
    for cells in zip_longest(*plots, fillvalue=Strip.blank(0)):
        fitted = [cell.adjust_cell_length(grid.width) for cell in cells]
        rows.append(Strip.join([part for cell in fitted for part in (cell, gap)][:-1]))
    blank = Strip.blank(0)
    return [*rows, *(blank for _ in range(grid.height - len(rows)))]


@dataclass(frozen=True, eq=False)
class _Pencil:
    """Draws the plots of one page, all on the same part of the x axis."""

    view: PlotView
    axis: XAxis
    seen: tuple[float, float]
    grid: Grid
    colours: Mapping[str, int]

    def draw(self, title: str, several: Sequence[Series], marks: Sequence[Mark]) -> list[Strip]:
        """A plot; alone in it, a metric keeps its whole name."""
        if len(several) == 1:
            title = several[0].name
        edges = self.axis.edges(*self.seen, self.grid.width)
        recorded = [self._recorded(one, title, edges) for one in several]
        lines = [replace(line, faint=bool(self.view.smoothing)) for line in recorded]
        if self.view.smoothing:
            lines += [self._smoothed(one, title, edges) for one in several]
        frame = Frame(
            title,
            "" if self.axis.by_time else self.axis.axis,  # times tell themselves
            log_x=self.axis.log,
            log_y=self.view.log_y,
            marks=marks,
            x_unit=self.axis.unit,
            x_limits=self.seen,
            faults=[fault for line in recorded for fault in _faults(line)],
            cursor=self.view.crosshair,
        )
        # A blank line below keeps the plots apart; low ones need it for the names of their marks.
        low = self.grid.height < LEAST_HEIGHT + 2
        size = self.grid.width, self.grid.height - (0 if marks and low else 1)
        return [
            strip(line)
            for line in draw_chart([self._cut(line) for line in lines], frame, size, look.pen())
        ]

    def readout(self, several: Sequence[Series], marks: Sequence[Mark], x: float) -> str:
        """The crosshair's x, what happened there, and the values, as many as one line has room for."""
        key = float(self.axis.keys(np.array([x]))[0])
        line, used = look.pen().paint(self.axis.text(x), bold=True), width(self.axis.text(x))
        parts = [(f"▾{clean(label)}", palette.MARK) for label in self._marked(marks, x)]
        for one in several:
            colour = palette.series(self.colours[_kind(one.name)])
            parts.append((f"{clean(one.name)} {self._values(one, key)}", colour))
        for left, (text, colour) in zip(range(len(parts), 0, -1), parts, strict=True):
            rest = len(f"  +{left - 1}") if left > 1 else 0
            if used + 2 + width(text) + rest > self.view.width:
                more = f"  +{left}"
                return line + more if used + len(more) <= self.view.width else line
            line += "  " + look.pen().paint(text, colour)
            used += 2 + width(text)
        return line

    def _values(self, one: Series, key: float) -> str:
        """What was recorded at a step or time and, where curves are smoothed, what their line shows."""
        by_time = self.axis.by_time
        value = one.nearest(key, by_time=by_time)
        if value is None or not self.view.smoothing:
            return units.number(value)
        part = one.smoothed(self.view.smoothing, self.axis.keys(np.array(self.seen)), by_time=by_time)
        smooth = float(np.interp(key, part.times if by_time else part.steps, part.values))
        return f"{units.number(value)} ~{units.number(smooth)}"

    def _marked(self, marks: Sequence[Mark], x: float) -> list[str]:
        """The labels of the marks that stand less than a column from `x`."""
        scale = scale_of([np.array(self.seen)], log=self.axis.log, margin=0.0)
        places = scale.places(np.array([x, *(mark.x for mark in marks)], np.float64)).tolist()
        near = 1 / self.grid.width
        return [
            mark.label
            for mark, place in zip(marks, places[1:], strict=True)
            if abs(place - places[0]) <= near
        ]

    def _recorded(self, one: Series, title: str, edges: Floats) -> Line:
        return self._line(one, title, one.stretch(edges, by_time=self.axis.by_time))

    def _smoothed(self, one: Series, title: str, edges: Floats) -> Line:
        weight = self.view.smoothing
        return self._line(one, title, one.smoothed(weight, edges, by_time=self.axis.by_time))

    def _line(self, one: Series, title: str, part: Stretch) -> Line:
        kind = _kind(one.name)
        x = self.axis.of(part.steps, part.times)
        return Line(kind or title, x, part.values, self.colours[kind])

    def _cut(self, line: Line) -> Line:
        """The line within what is seen; it begins and ends at the edge where it leads beyond it."""
        x, y = line.x, line.y
        low, high = self.seen
        first, end = int(np.searchsorted(x, low)), int(np.searchsorted(x, high, side="right"))
        before = slice(first - 1, first + 1) if 0 < first < len(x) else slice(0)
        after = slice(end - 1, end + 1) if 0 < end < len(x) else slice(0)
        head, tail = _crossing(x[before], y[before], low), _crossing(x[after], y[after], high)
        return replace(
            line,
            x=np.concatenate([[low] * len(head), x[first:end], [high] * len(tail)]),
            y=np.concatenate([head, y[first:end], tail]),
        )


def _crossing(x: Floats, y: Floats, edge: float) -> list[float]:
    """The y of a line of two points at an edge between them."""
    if len(x) < 2 or x[1] <= x[0]:
        return []
    return [float(y[0] + (y[1] - y[0]) * ((edge - x[0]) / (x[1] - x[0])))]


def _faults(line: Line) -> list[Mark]:
    """Where values were recorded that are not finite."""
    places = np.flatnonzero(~np.isfinite(line.y))
    return [
        Mark(x, f"{y:g}") for x, y in zip(line.x[places].tolist(), line.y[places].tolist(), strict=True)
    ]


def _kind(name: str) -> str:
    """What stands before the slash: `train`, `val`; it decides the colour in every plot."""
    before, slash, _ = name.partition("/")
    return before if slash else ""


def _colours(names: Iterable[str]) -> dict[str, int]:
    kinds = dict.fromkeys(kind for name in names if (kind := _kind(name)))
    return {"": 0, **{kind: index for index, kind in enumerate(kinds)}}
