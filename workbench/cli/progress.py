"""How far a run is, in one line, and what became of it, in a few."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench import units
from workbench.cli import output
from workbench.runs import events
from workbench.runs.history import History
from workbench.runs.state import State, Status

METRICS_IN_LINE = 4
_BAR_CELLS = 20

EXIT_STATUS = {State.FINISHED: 0, State.FAILED: 1, State.LOST: 1, State.STOPPED: 130}


def line(history: History, status: Status) -> str:
    """State, place, newest metrics and time, without colours: `running  step 120/400  loss 0.31`."""
    parts = [status.state.value, place(status), *_metrics(history), times(status), status.phase]
    if status.state is State.QUEUED and status.reason:
        parts.append(status.reason)
    return units.plain("  ".join(filter(None, parts)))


def place(status: Status) -> str:
    """Epoch and step, as far as they are known; empty before the first step."""
    epoch = f"epoch {status.epoch}/{status.epochs}  " if status.epochs else ""
    if not status.total:
        return f"{epoch}step {status.step:,}" if status.step else epoch.strip()
    return f"{epoch}step {status.step:,}/{status.total:,}"


def times(status: Status) -> str:
    """Time so far and to go: `12s, 30s left`."""
    if not status.elapsed_s:
        return ""
    left = "" if status.eta_s is None else f", {units.duration(status.eta_s)} left"
    return f"{units.duration(status.elapsed_s)}{left}"


def bar(status: Status) -> str:
    """The share that is done as a bar; empty where the total is not known."""
    if status.fraction is None:
        return ""
    done = round(status.fraction * _BAR_CELLS)
    full, rest = ("█", "░") if output.unicode() else ("#", ".")
    return f"{full * done}{rest * (_BAR_CELLS - done)} {status.fraction:4.0%}"


def _metrics(history: History) -> list[str]:
    newest = list(history.series.items())[:METRICS_IN_LINE]
    return [f"{name} {units.number(series.last)}" for name, series in newest if len(series)]


@dataclass(frozen=True)
class Outcome:
    """What became of a run, as `--json` tells it; `faults` are damaged lines of its record."""

    name: str
    path: str
    state: str
    step: int
    total: int
    elapsed_s: float
    results: Mapping[str, float | str]
    best: events.Best | None
    reason: str
    remedy: str
    faults: list[str]


def outcome(history: History, status: Status) -> Outcome:
    """What is known of a run's end, or of where it is."""
    ended = history.ended
    last = {name: series.last for name, series in history.series.items() if len(series)}
    return Outcome(
        name=history.folder.name,
        path=str(history.folder.path),
        state=status.state.value,
        step=status.step,
        total=status.total,
        elapsed_s=status.elapsed_s,
        results=ended.results if isinstance(ended, events.Finished) else last,
        best=status.best,
        reason=status.reason,
        remedy=status.remedy,
        faults=history.faults,
    )


def say_outcome(history: History, status: Status) -> None:
    """State and results on standard output, what went wrong on standard error."""
    told = outcome(history, status)
    head = output.of_state(told.state, f"{told.name} {told.state}")
    output.say("  ".join(filter(None, [head, place(status), times(status)])))
    if told.results:
        rows = [[name, output.number(value)] for name, value in told.results.items()]
        output.write_table(["result", "value"], rows, right=[1])
    if told.best is not None:
        best = told.best
        value = units.number(best.value)
        output.say(f"best {units.plain(best.metric)} {value} at step {best.step:,}")
    say_faults(history)
    if status.state in {State.FAILED, State.LOST}:
        _say_why(history, status)


def say_faults(history: History) -> None:
    """Lines of the record that could not be read, on standard error."""
    for fault in history.faults:
        output.say_aside(units.plain(f"{history.folder.name}: {fault}"))


def _say_why(history: History, status: Status) -> None:
    if isinstance(history.ended, events.Failed) and history.ended.traceback:
        output.say_aside(units.plain(history.ended.traceback.rstrip(), keep_newlines=True))
    for text in filter(None, (status.reason, status.remedy)):
        output.say_aside(units.plain(text, keep_newlines=True))
    output.say_aside(f"its output: {units.plain(str(history.folder.output_file))}")
