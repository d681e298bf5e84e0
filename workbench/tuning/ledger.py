"""What a driver records of its study: the trials, and the study's own run with curves and progress."""

from __future__ import annotations

import time
from typing import Literal

import msgspec

from workbench import units
from workbench.params import Value
from workbench.runs import events
from workbench.runs.jsonl import Appender
from workbench.runs.progress import Goal, ProgressMeter
from workbench.runs.recorder import Recorder, now
from workbench.tuning.running import DURATION
from workbench.tuning.study import Plan, StudyFolder
from workbench.tuning.trials import ENDED, TrialReader, TrialRecord, best, counts, pareto, winner

PROGRESS_INTERVAL_S = 5.0


class Ledger:
    """Writes `trials.jsonl`, and the study's curves and progress; its steps are trials that ended."""

    def __init__(
        self, folder: StudyFolder, recorder: Recorder, plan: Plan, *, attempt: int, total: int
    ) -> None:
        self._file = Appender(folder.trials_file)
        self._recorder = recorder
        self._plan = plan
        self._due = 0.0
        # Of several metrics no trial is the best.
        goal = None if plan.has_several else Goal(plan.metric, plan.direction)
        self.trials: dict[int, TrialRecord] = dict(TrialReader(folder).read())
        self._ended = {number for number, trial in self.trials.items() if trial.state in ENDED}
        self._meter = ProgressMeter(
            recorder, device="", attempt=attempt, step=len(self._ended), goal=goal
        )
        self._meter.total = total

    @property
    def step(self) -> int:
        """How many trials have ended."""
        return self._meter.step

    @property
    def workers(self) -> int:
        """How many workers the study has had."""
        return max((trial.worker for trial in self.trials.values()), default=0)

    def begin(self) -> None:
        """Go on where an earlier attempt ended: its best counts."""
        self._meter.step = len(self._ended)
        known = best(self.trials.values(), self._plan.direction)
        if known is not None and known.value is not None and not self._plan.has_several:
            before = [t for t in self.trials.values() if t.state in ENDED and t.ended <= known.ended]
            self._meter.observe(len(before), {self._plan.metric: known.value})

    def total(self, trials: int) -> None:
        """So many trials are to be made; 0 for no limit."""
        self._meter.total = trials
        self._due = 0.0

    def write(self, record: TrialRecord) -> None:
        """How a trial stands now."""
        self._file.write(msgspec.json.encode(record))
        self.trials[record.number] = record
        if record.state in ENDED:
            self._ended.add(record.number)
        else:
            self._ended.discard(record.number)

    def fold_ended(self, record: TrialRecord) -> None:
        """A fold of a trial at work has ended."""
        self.write(record)
        reached = units.number(record.folds[-1])  # a dash for none
        fold = f"{record.run} fold {len(record.folds)} of {self._plan.folds}"
        print(units.plain(f"{fold}  {self._plan.metric} {reached}"), flush=True)

    def ended(self, record: TrialRecord) -> None:
        """A trial has ended and counts: one more point of the curves."""
        self.write(record)
        step = len(self._ended)
        if record.value is not None and record.state == "complete":
            self._recorder.metrics(step, self._curves(record, step))
        self._meter.advance(step)
        print(self.sentence(record), flush=True)

    def _curves(self, record: TrialRecord, step: int) -> dict[str, float]:
        """What a complete trial adds to the curves: its values, and the best so far of one metric."""
        objectives = self._plan.objectives
        reached = record.values or (record.value or 0.0,)
        names = [one.metric.partition("/")[2] or one.metric for one in objectives]
        values = {f"trial/{name}": value for name, value in zip(names, reached, strict=True)}
        if DURATION not in names:
            values[DURATION] = record.ended - record.began
        if not self._plan.has_several:
            self._meter.observe(step, {self._plan.metric: reached[0]})
            best_so_far = reached[0] if self._meter.best is None else self._meter.best.value
            values[f"best/{names[0]}"] = best_so_far
        if record.spread is not None:
            values[f"spread/{names[0]}"] = record.spread
        return values

    def progress(self, at_work: int, *, stopping: bool = False, news: bool = False) -> None:
        """Record where the study is, where there is news or the last record is old."""
        if not news and time.monotonic() < self._due:
            return
        self._due = time.monotonic() + PROGRESS_INTERVAL_S
        self._meter.stopping = stopping
        noun = "trial" if at_work == 1 else "trials"
        self._meter.phase = f"{at_work} {noun} at work" if at_work else ""
        self._meter.record()

    def results(self) -> dict[str, float | str]:
        """The best trial and its values, and what became of all."""
        trials = list(self.trials.values())
        tally: dict[str, float | str] = {
            f"trials {state}": count for state, count in counts(trials).items()
        }
        if self._plan.has_several:
            front = pareto(trials, [one.direction for one in self._plan.objectives])
            return {"Pareto front": ", ".join(trial.full_name for trial in front) or "empty", **tally}
        won = winner(trials, self._plan)
        if won is None or won.value is None:
            return tally
        values = {name: won.parameters[name] for name in self._searched() if name in won.parameters}
        spread = {} if won.spread is None else {"spread over the folds": won.spread}
        return {
            f"best {self._plan.metric}": won.value,
            **spread,
            "best trial": won.full_name,
            **{name: _result(value) for name, value in values.items()},
            **tally,
        }

    def sentence(self, record: TrialRecord) -> str:
        """A trial in one line, for the log: `trial-0003 complete  val/accuracy 0.971  lr 0.0021`."""
        reached = record.values or (() if record.value is None else (record.value,))
        value = "  ".join(
            f"{one.metric} {units.number(value)}"
            for one, value in zip(self._plan.objectives, reached, strict=False)
        )
        if record.spread is not None:
            value += f" ± {units.number(record.spread)}"
        searched = (
            f"{n} {_word(record.parameters[n])}" for n in self._searched() if n in record.parameters
        )
        parts = (f"{record.full_name} {record.state}", value, *searched, record.reason)
        return units.plain("  ".join(filter(None, parts)))

    def message(self, text: str, *, warning: bool = False) -> None:
        """Tell the user a sentence, beside the curves and in the log."""
        level: Literal["info", "warning"] = "warning" if warning else "info"
        self._recorder.record(events.Message(time=now(), text=text, level=level))
        print(units.plain(text), flush=True)

    def _searched(self) -> list[str]:
        return [dimension.name for dimension in self._plan.space.searched]


def _result(value: Value) -> float | str:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _word(value: Value) -> str:
    return units.number(value) if isinstance(value, int | float) else str(value)
