"""The trials of a study as lines of a table: columns, their order, and what stands in them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from textual.content import Content

from workbench import units
from workbench.tui.study.facts import StudyFacts
from workbench.tui.text import (
    ACCENT,
    BAD,
    GOOD,
    INTERRUPTED,
    MUTED,
    STRONG,
    WARNING,
    content,
    joined,
    stacked,
)
from workbench.tuning.methods import RESOURCE
from workbench.tuning.points import word
from workbench.tuning.study import Plan
from workbench.tuning.trials import TrialRecord, TrialState

_SIGNS: Mapping[TrialState, tuple[str, str]] = {
    "running": ("●", ACCENT),
    "complete": ("✓", GOOD),
    "pruned": ("■", MUTED),
    "failed": ("✗", BAD),
    "again": ("↻", INTERRUPTED),
}
_GUTTER = 2
_WIDEST = 22
_LEAST = 8
_WIDEST_REMARK = 120
NOTED = "≡"

Key = Callable[[TrialRecord], object]


@dataclass(frozen=True)
class Column:
    """One column: what it shows of a trial, and what it is sorted by; numbers stand at the right."""

    name: str
    text: Callable[[TrialRecord], str]
    value: Key
    width: int
    right: bool = True
    style: str = ""


@dataclass(frozen=True)
class TrialOrder:
    """By which column the trials stand, from its end where `falling`."""

    column: int = 0
    falling: bool = False


class TrialLines:
    """Draws the trials of one study; those that are `outstanding`, or have a note, get a mark."""

    def __init__(self, facts: StudyFacts, plan: Plan) -> None:
        remarks = {one.number: remark(one, facts.notes) for one in facts.trials.values()}
        self._columns = _columns(plan, remarks)
        self._outstanding = facts.outstanding
        self._notes = facts.notes
        self.length = _GUTTER + sum(column.width for column in self._columns) + 1

    @property
    def count(self) -> int:
        """How many columns the trials can be sorted by."""
        return len(self._columns)

    def sort(self, trials: Mapping[int, TrialRecord], order: TrialOrder) -> list[TrialRecord]:
        """The trials in that order; those without a value last, either way."""
        value = self._columns[order.column % len(self._columns)].value
        known = [one for one in trials.values() if _is_known(value(one))]
        rest = [one for one in trials.values() if not _is_known(value(one))]
        known.sort(key=lambda one: (_comparable(value(one)), one.number), reverse=order.falling)
        return [*known, *sorted(rest, key=lambda one: one.number)]

    def heading(self, order: TrialOrder) -> Content:
        """The names of the columns, and which of them the trials are sorted by."""
        cells = [Content(" " * _GUTTER)]
        for index, column in enumerate(self._columns):
            arrow = (" ▼" if order.falling else " ▲") if index == order.column else ""
            cells.append(
                _cell(f"{_cut(column.name, column.width - 2 - len(arrow))}{arrow}", column, "")
            )
        return joined(*cells)

    def line(self, trial: TrialRecord) -> Content:
        """All that the table tells of a trial."""
        sign, style = _SIGNS[trial.state]
        mark = joined(
            Content.styled("*" if trial.number in self._outstanding else " ", WARNING),
            Content.styled(NOTED if trial.number in self._notes else " ", ACCENT),
        )
        cells = [
            _cell(f"{sign} {_said(trial)}", column, style)
            if column.name == "state"
            else _cell(column.text(trial), column, column.style)
            for column in self._columns
        ]
        return joined(mark, *cells)


def trial_words(trial: TrialRecord, notes: Mapping[int, str]) -> Content:
    """What else is known of a trial: who ran it and its folds; below, the remark in full."""
    known = {
        "worker": str(trial.worker or ""),
        "on": trial.device,
        "pid": str(trial.pid or ""),
        "folds": " ".join(map(units.number, trial.folds)),
    }
    told = " ".join(f"{name} {value}" for name, value in known.items() if value)
    return stacked(
        joined(content(trial.full_name, STRONG), content(f"  {told}", MUTED)),
        content(remark(trial, notes)),
    )


def remark(trial: TrialRecord, notes: Mapping[int, str]) -> str:
    """Why it ended so, whose it is where another study's driver ran it, and what people noted."""
    elsewhere = f"in {trial.study}" if trial.study else "" if trial.run else "by another program"
    return "; ".join(filter(None, (trial.reason, elsewhere, notes.get(trial.number, ""))))


def _columns(plan: Plan, remarks: Mapping[int, str]) -> list[Column]:
    values = [
        Column(one.metric, _value_text(at), _value(at), max(min(len(one.metric) + 4, _WIDEST), 12))
        for at, one in enumerate(plan.objectives)
    ]
    parameters = [
        Column(
            dimension.name,
            _parameter_text(dimension.name),
            _parameter(dimension.name),
            max(min(len(dimension.name) + 4, _WIDEST), _LEAST + 2 + 4 * (dimension.kind == "choice")),
            right=dimension.kind != "choice",
        )
        for dimension in plan.space.searched
    ]
    if plan.search == "halving":  # whose rounds differ in them
        parameters.append(Column(RESOURCE, _parameter_text(RESOURCE), _parameter(RESOURCE), 10))
    return [
        Column("trial", lambda one: str(one.number), lambda one: one.number, 9),
        Column("state", lambda one: one.state, lambda one: one.state, 15, right=False),
        *values,
        *(_of_folds(plan.folds) if plan.folds else ()),
        Column("took", lambda one: units.duration(_took(one)), _took, 10, style=MUTED),
        *parameters,
        Column(
            "remark",
            lambda one: remarks.get(one.number, ""),
            lambda one: remarks.get(one.number) or None,
            min(max(map(len, remarks.values()), default=0), _WIDEST_REMARK) + _LEAST,
            right=False,
            style=MUTED,
        ),
    ]


def _of_folds(folds: int) -> list[Column]:
    """The spread of those that have ended, and how many that are."""
    return [
        Column(
            "spread",
            lambda one: "" if one.spread is None else f"± {units.number(one.spread)}",
            lambda one: one.spread,
            12,
            right=False,
        ),
        Column(
            "folds", lambda one: f"{len(one.folds)}/{folds}", lambda one: len(one.folds), 8, right=False
        ),
    ]


def _cell(text: str, column: Column, style: str) -> Content:
    """A text in the width of its column, which ends with two blanks."""
    room = column.width - 2
    shown = content(text, style).truncate(room, ellipsis=True)
    blank = Content(" " * max(room - shown.cell_length, 0))
    gap = Content("  ")
    return joined(blank, shown, gap) if column.right else joined(shown, blank, gap)


def _cut(text: str, room: int) -> str:
    plain = units.plain(text)
    return plain if len(plain) <= room else f"{plain[: max(room - 1, 0)]}…"


def _said(trial: TrialRecord) -> str:
    return "tried again" if trial.state == "again" else trial.state


def _value(at: int) -> Key:
    def value(trial: TrialRecord) -> float | None:
        several = trial.values or (() if trial.value is None else (trial.value,))
        return several[at] if at < len(several) else None

    return value


def _value_text(at: int) -> Callable[[TrialRecord], str]:
    found = _value(at)
    return lambda trial: word(found(trial))  # type: ignore[arg-type]  # a number, or none


def _parameter(name: str) -> Key:
    return lambda trial: trial.parameters.get(name)


def _parameter_text(name: str) -> Callable[[TrialRecord], str]:
    return lambda trial: word(trial.parameters.get(name))


def _took(trial: TrialRecord) -> float | None:
    return trial.ended - trial.began if trial.ended and trial.began else None


def _is_known(value: object) -> bool:
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def _comparable(value: object) -> tuple[bool, float, str]:
    """Numbers before words, so that any two values of a column have an order."""
    if isinstance(value, int | float):
        return False, float(value), ""
    return True, 0.0, str(value)
