"""What a driver records of its study: the trials, and the study's own run with curves and progress."""

from __future__ import annotations

import time

import msgspec

from workbench import units
from workbench.params import Value
from workbench.runs import events
from workbench.runs.jsonl import Appender
from workbench.runs.progress import Goal, ProgressMeter
from workbench.runs.recorder import Recorder, now
from workbench.tuning.study import Plan, StudyFolder
from workbench.tuning.trials import ENDED, TrialReader, TrialRecord, best, counts

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
        goal = Goal(plan.metric, plan.direction)
        self.trials: dict[int, TrialRecord] = dict(TrialReader(folder).read())
        step = sum(trial.state in ENDED for trial in self.trials.values())
        self._meter = ProgressMeter(recorder, device="", attempt=attempt, step=step, goal=goal)
        self._meter.total = total

    @property
    def step(self) -> int:
        """How many trials have ended."""
        return self._meter.step

    def begin(self, step: int) -> None:
        """Go on where an earlier attempt ended: its best counts."""
        self._meter.step = step
        known = best(self.trials.values(), self._plan.direction)
        if known is not None and known.value is not None:
            self._meter.observe(step, {self._plan.metric: known.value})

    def write(self, record: TrialRecord) -> None:
        """How a trial stands now."""
        self._file.write(msgspec.json.encode(record))
        self.trials[record.number] = record

    def ended(self, record: TrialRecord, step: int) -> None:
        """A trial has ended and counts as the `step`-th: one more point of the curves."""
        self.write(record)
        quantity = self._plan.metric.partition("/")[2] or self._plan.metric
        if record.value is not None and record.state == "complete":
            self._meter.observe(step, {self._plan.metric: record.value})
            best_so_far = record.value if self._meter.best is None else self._meter.best.value
            values = {f"trial/{quantity}": record.value, f"best/{quantity}": best_so_far}
            self._recorder.metrics(step, {**values, "duration_s": record.ended - record.began})
        self._meter.advance(step)
        print(self.sentence(record), flush=True)

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
        won = best(trials, self._plan.direction)
        if won is None or won.value is None:
            return tally
        values = {name: won.parameters[name] for name in self._searched() if name in won.parameters}
        return {
            f"best {self._plan.metric}": won.value,
            "best trial": won.run,
            **{name: _result(value) for name, value in values.items()},
            **tally,
        }

    def sentence(self, record: TrialRecord) -> str:
        """A trial in one line, for the log: `trial-0003 complete  val/accuracy 0.971  lr 0.0021`."""
        value = "" if record.value is None else f"{self._plan.metric} {units.number(record.value)}"
        searched = (
            f"{n} {_word(record.parameters[n])}" for n in self._searched() if n in record.parameters
        )
        parts = (f"{record.run} {record.state}", value, *searched, record.reason)
        return units.plain("  ".join(filter(None, parts)))

    def message(self, text: str) -> None:
        """Tell the user a sentence, beside the curves."""
        self._recorder.record(events.Message(time=now(), text=text))

    def _searched(self) -> list[str]:
        return [dimension.name for dimension in self._plan.space.searched]


def _result(value: Value) -> float | str:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _word(value: Value) -> str:
    return units.number(value) if isinstance(value, int | float) else str(value)
