"""A recipe's runs on its page: the best first where it is known which way is better."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from workbench import units
from workbench.schema import Schema
from workbench.tui.text import MUTED, STRONG, WARNING, content, joined, stacked, state_sign, state_style

if TYPE_CHECKING:
    from workbench.runs.events import Best
    from workbench.runs.listing import RunSummary

MOST_RUNS = 8


def past_runs(runs: Iterable[RunSummary], schema: Schema | None) -> Content:
    """A line a run with its best value, age and state; empty where there is none."""
    monitor = schema.monitor if schema is not None else ""
    mode = schema.monitor_mode if schema is not None else ""
    ordered = ranked(list(runs), monitor, mode)
    if not ordered:
        return Content("")
    shown = ordered[:MOST_RUNS]
    names, scores = (max(map(len, column)) for column in zip(*map(_texts, shown), strict=True))
    winner = ordered[0] if _value(ordered[0], monitor) is not None and mode else None
    lines = [_line(run, run is winner, names, scores) for run in shown]
    more = len(ordered) - MOST_RUNS
    rest = [Content.styled(f"and {more} more", MUTED)] if more > 0 else []
    return stacked(_heading(len(ordered), monitor if winner else ""), *lines, *rest)


def ranked(runs: Sequence[RunSummary], monitor: str, mode: str) -> list[RunSummary]:
    """By their best value of the monitored metric; those without one follow, the newest first."""
    if not monitor or not mode:
        return list(runs)
    sign = -1.0 if mode == "max" else 1.0

    def key(run: RunSummary) -> tuple[bool, float]:
        value = _value(run, monitor)
        return value is None, 0.0 if value is None else sign * value

    return sorted(runs, key=key)


def _value(run: RunSummary, monitor: str) -> float | None:
    best = run.status.best
    if best is None or best.metric != monitor or not math.isfinite(best.value):
        return None
    return best.value


def _heading(count: int, monitor: str) -> Content:
    ordered = f"  by their best {monitor}" if monitor and count > 1 else ""
    return joined(Content.styled("Runs", STRONG), content(f"  {count}{ordered}", MUTED))


def _texts(run: RunSummary) -> tuple[str, str]:
    return units.plain(run.name), _score(run.status.best)


def _score(best: Best | None) -> str:
    return "" if best is None else f"{units.plain(best.metric)} {units.number(best.value)}"


def _line(run: RunSummary, is_best: bool, names: int, scores: int) -> Content:
    name, score = _texts(run)
    state = run.status.state
    return joined(
        Content.styled("★ " if is_best else "  ", WARNING),
        Content.styled(f"{state_sign(state)} ", state_style(state)),
        content(f"{name:<{names}}"),
        content(f"  {score:<{scores}}" if scores else "", STRONG if is_best else ""),
        Content.styled(f"  {units.age(time.time() - run.manifest.created)}", MUTED),
        Content.styled(f"  {state}", state_style(state)),
    )
