"""How far a run is, in one line, and what became of it, in a few."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench import units
from workbench.cli import output
from workbench.cli.main import DONE, FAILED, INTERRUPTED, PREEMPTED
from workbench.runs import events
from workbench.runs.history import History
from workbench.runs.state import Status
from workbench.runs.states import State

METRICS_IN_LINE = 4
_BAR_CELLS = 20
_BROKEN = {State.FAILED, State.LOST}

EXIT_STATUS = {
    State.FINISHED: DONE,
    State.FAILED: FAILED,
    State.LOST: FAILED,
    State.STOPPED: INTERRUPTED,
    State.PREEMPTED: PREEMPTED,
    State.RECORDED: DONE,
}
_WORST_FIRST = (FAILED, PREEMPTED, INTERRUPTED, DONE)


def worst(*exit_statuses: int) -> int:
    """The one of several runs that most needs to be looked at."""
    return min(exit_statuses, key=_WORST_FIRST.index)


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
    """What became of a run, as `--json` tells it.

    `kind` is that of a failure (`out_of_memory`, `not_finite`, …),
    `faults` are damaged lines of its record.
    """

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
    kind: str
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
        kind=status.kind,
        faults=history.faults,
    )


def say_outcome(history: History, status: Status) -> None:
    """State and results on standard output, what went wrong on standard error."""
    told = outcome(history, status)
    _say_head(told.name, status)
    if told.results:
        rows = [[name, output.number(value)] for name, value in told.results.items()]
        output.write_table(["result", "value"], rows, right=[1])
    if told.best is not None:
        best = told.best
        value = units.number(best.value)
        output.say(f"best {units.plain(best.metric)} {value} at step {best.step:,}")
    say_faults(history)
    if isinstance(history.ended, events.Failed) and _is_unexplained(history.ended):
        output.say_aside(units.plain(history.ended.traceback.rstrip(), keep_newlines=True))
    _say_why(status)
    if status.state in _BROKEN:
        output.say_aside(f"its output: {units.plain(str(history.folder.output_file))}")


def _is_unexplained(failed: events.Failed) -> bool:
    """Whether a traceback tells more than the words: of a full disk or memory it only hides them."""
    return failed.kind == "error" and bool(failed.traceback)


def say_end(name: str, status: Status) -> None:
    """How a run ended, in a line; why, on standard error."""
    _say_head(name, status)
    _say_why(status)


def _say_head(name: str, status: Status) -> None:
    head = output.of_state(status.state.value, f"{units.plain(name)} {status.state}")
    output.say("  ".join(filter(None, [head, place(status), times(status)])))


def _say_why(status: Status) -> None:
    """What went wrong or came between; that a run was stopped is no surprise."""
    if status.state in {*_BROKEN, State.PREEMPTED}:
        for text in filter(None, (status.reason, status.remedy)):
            output.say_aside(units.plain(text, keep_newlines=True))


def say_faults(history: History) -> None:
    """Lines of the record that could not be read, on standard error."""
    for fault in history.faults:
        output.say_aside(units.plain(f"{history.folder.name}: {fault}"))
