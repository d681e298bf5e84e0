"""What happened in the course of a run that its curves are marked with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from workbench import units
from workbench.params import Value
from workbench.runs.folder import step_in
from workbench.runs.forks import Child
from workbench.runs.history import History

MOST_NAMED = 2  # of the forks of one step; a curve has no room for more


@dataclass(frozen=True)
class Moment:
    """One of them; `time` is in seconds since 1970, `short` is for where there is little room."""

    step: float
    time: float
    label: str
    short: str = ""


def moments(history: History, children: Iterable[Child]) -> list[Moment]:
    """Named checkpoints, parameters that were set, resumptions, and where forks left the run."""
    return [
        *_checkpoints(history),
        *(Moment(c.step, c.time, f"{c.name}={_text(c.value)}") for c in history.parameters_set),
        *(Moment(s.step, s.time, "resumed") for s in history.started[1:]),
        *_forks(history, children),
    ]


def _checkpoints(history: History) -> Iterator[Moment]:
    # Those that are kept under their step would hide the curves.
    named = [c for c in history.checkpoints if step_in(c.file) is None]
    newest = {c.file: c for c in named}  # what an asked one held may be overwritten by now
    for checkpoint in newest.values():
        if checkpoint.reason != "last":
            yield Moment(checkpoint.step, checkpoint.time, Path(checkpoint.file).stem)


def _forks(history: History, children: Iterable[Child]) -> Iterator[Moment]:
    for step, some in groupby(children, key=lambda child: child.step):
        names = [child.name for child in some]
        # The number alone is enough for the command line too.
        short = [name.rpartition("-")[2] for name in names]
        yield Moment(step, _time_at(step, history), _listed(names), _listed(short))


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"fork{'s' if len(names) > 1 else ''} {', '.join(names[:MOST_NAMED])}{more}"


def _time_at(step: int, history: History) -> float:
    """When the run was at that step."""
    saved = [c.time for c in history.checkpoints if c.step == step]
    if saved or not history.series:
        return min(saved, default=0.0)
    return max(history.series.values(), key=len).time_at(step) or 0.0


def _text(value: Value) -> str:
    """A parameter's value as a label."""
    return units.number(value) if isinstance(value, float) else str(value)
