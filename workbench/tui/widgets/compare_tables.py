"""The parameters and the results of several runs side by side, as texts with a column a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from textual.content import Content

from workbench import units
from workbench.runs.comparison import (
    Direction,
    Outcome,
    Reading,
    differing,
    direction,
    in_order,
    leaders,
)
from workbench.tui.compare_facts import Compared
from workbench.tui.text import GOOD, MUTED, STRONG, content, cut_middle, joined, stacked
from workbench.tui.widgets.recipe_page import value_text

_LONGEST_NAME = 28
_LONGEST_VALUE = 24
_GAP = "  "


class _Cell(NamedTuple):
    text: str
    style: str = ""


class _Row(NamedTuple):
    name: _Cell
    cells: Sequence[_Cell]


def parameters_table(runs: Sequence[Compared], *, every: bool) -> Content:
    """The parameters that differ, or `every` one; those that differ stand out."""
    differ = differing([run.values for run in runs])
    names = in_order(run.values for run in runs) if every else differ
    if not names:
        said = "no parameter differs; e shows all of them" if not every else "no parameters"
        return Content.styled(said, MUTED)
    rows = [
        _Row(
            _Cell(name, STRONG if every and name in differ else ""),
            [_value(run, name, "" if name in differ else MUTED) for run in runs],
        )
        for name in names
    ]
    return _table(runs, rows)


def _value(run: Compared, name: str, style: str) -> _Cell:
    return _Cell(value_text(run.values[name]), style) if name in run.values else _Cell("–", MUTED)


def results_table(runs: Sequence[Compared], outcomes: Sequence[Mapping[str, Outcome]]) -> Content:
    """Last and best value of each metric, the better ones emphasised.

    Where it is not known which way is better, the lowest and the highest.
    """
    metrics = in_order(outcomes)
    if not metrics:
        return Content.styled("no metrics yet", MUTED)
    trained = [_Cell(units.duration(run.status.elapsed_s), MUTED) for run in runs]
    rows = [_Row(_Cell("trained", MUTED), trained)]
    for metric in metrics:
        rows += _metric(metric, [of_run.get(metric) for of_run in outcomes], _direction(metric, runs))
    return _table(runs, rows)


def _direction(metric: str, runs: Sequence[Compared]) -> Direction:
    """Which way is better; unknown where the runs' recipes do not agree."""
    found = {way for run in runs if (way := direction(metric, run.monitor, run.mode))}
    return found.pop() if len(found) == 1 else ""


def _metric(metric: str, outcomes: Sequence[Outcome | None], better: Direction) -> list[_Row]:
    finals = [None if one is None else one.final.value for one in outcomes]
    ahead = leaders(finals, better)
    final = [
        _Cell("–" if value is None else units.number(value), _ahead(index in ahead))
        for index, value in enumerate(finals)
    ]
    rows = [_Row(_Cell(metric, STRONG), final)]
    if better:
        return [
            *rows,
            _readings("  best", [one.best(better) if one else None for one in outcomes], better),
        ]
    return [
        *rows,
        _readings("  lowest", [one.lowest if one else None for one in outcomes], ""),
        _readings("  highest", [one.highest if one else None for one in outcomes], ""),
    ]


def _readings(name: str, readings: Sequence[Reading | None], better: Direction) -> _Row:
    ahead = leaders([None if one is None else one.value for one in readings], better)
    cells = [
        _Cell(
            "–" if one is None else f"{units.number(one.value)} @ {one.step:,}",
            _ahead(index in ahead) or MUTED,
        )
        for index, one in enumerate(readings)
    ]
    return _Row(_Cell(name, MUTED), cells)


def _ahead(is_ahead: bool) -> str:
    return f"{STRONG} {GOOD}" if is_ahead else ""


def _table(runs: Sequence[Compared], rows: Sequence[_Row]) -> Content:
    """Columns as wide as they need to be, headed by the letters of the runs."""
    named = min(max(len(row.name.text) for row in rows), _LONGEST_NAME)
    widths = [
        min(max(8, *(len(row.cells[index].text) for row in rows)), _LONGEST_VALUE)
        for index in range(len(runs))
    ]
    letters = [_Cell(run.letter, f"{STRONG} {run.style}") for run in runs]
    head = _line(_Row(_Cell(""), letters), named, widths)
    return stacked(head, *(_line(row, named, widths) for row in rows))


def _line(row: _Row, named: int, widths: Sequence[int]) -> Content:
    cells = [
        content(f"{_GAP}{cut_middle(cell.text, width):>{width}}", cell.style)
        for cell, width in zip(row.cells, widths, strict=True)
    ]
    return joined(content(f"{cut_middle(row.name.text, named):<{named}}", row.name.style), *cells)
