"""A run's metrics as charts: which belong together, and how many a screen has room for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from workbench.cli import output
from workbench.figures import cells
from workbench.figures.plot import Line, Mark, draw_lines
from workbench.runs.history import History
from workbench.runs.series import Series

LEAST_HEIGHT = 9
LEAST_WIDTH = 56
_GAP = 2

_SPLIT = re.compile(r"^(?:train|training|valid|val|validation|test|dev)[/_]")


def groups(names: Iterable[str]) -> dict[str, list[str]]:
    """Metrics of one quantity together: `train/loss`, `val/loss` and `loss` are all `loss`."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(_SPLIT.sub("", name) or name, []).append(name)
    return found


def moves(series: Series) -> bool:
    """Whether a series has at least two values that differ."""
    return len(series) > 1 and len(set(series.points(LEAST_WIDTH).y.tolist())) > 1


def marks(history: History) -> list[Mark]:
    """Where a parameter was changed or a new attempt began."""
    changed = [
        Mark(float(change.step), f"{change.name}={output.number(change.value)}")
        for change in history.parameters_set
    ]
    resumed = [Mark(float(again.step), f"attempt {again.attempt}") for again in history.started[1:]]
    return sorted([*changed, *resumed], key=lambda mark: mark.x)


def charts(history: History, width: int, height: int) -> tuple[list[str], int]:
    """At most `height` lines of at most `width` cells, and how many groups had no room.

    Two charts stand beside each other where the width allows it.
    """
    drawable = groups(name for name, series in history.series.items() if len(series) > 1)
    columns = min(max(width // LEAST_WIDTH, 1), 2, max(len(drawable), 1))
    rows_wanted = -(-len(drawable) // columns)
    rows = min(rows_wanted, max(height // LEAST_HEIGHT, 1))
    if not rows or height < 3:
        return [], len(drawable)
    shown = list(drawable.items())[: rows * columns]
    room = (width - _GAP * (columns - 1)) // columns, height // rows
    drawn = [chart(history, title, names, *room) for title, names in shown]
    lines = []
    for first in range(0, len(drawn), columns):
        lines += beside(drawn[first : first + columns], room[0])
    return lines, len(drawable) - len(shown)


def chart(history: History, title: str, names: Sequence[str], width: int, height: int) -> list[str]:
    """The curves of one group of metrics."""
    series = {name: history.series[name] for name in names}
    return overlay(series, title, width, height, marks(history))


def overlay(
    series: Mapping[str, Series],
    title: str,
    width: int,
    height: int,
    at: Sequence[Mark] = (),
) -> list[str]:
    """Curves on common axes, each under its own name."""
    lines = []
    for index, (name, one) in enumerate(series.items()):
        points = one.points(width)
        lines.append(Line(name, points.x, points.y, colour=index))
    shown = title if title not in series or len(series) > 1 else next(iter(series))
    return draw_lines(
        lines,
        width,
        height,
        title=shown,
        marks=at,
        colour=output.colours(),
        unicode=output.unicode(),
    )


def beside(blocks: Sequence[Sequence[str]], width: int) -> list[str]:
    """Blocks of lines next to each other, each padded to `width` cells, save the last."""
    lines = []
    for row in zip_longest(*blocks, fillvalue=""):
        padded = [text + " " * (width - cells.width(cells.strip(text))) for text in row[:-1]]
        lines.append((" " * _GAP).join([*padded, row[-1]]))
    return lines
