"""What became of a study's trials: `trials.jsonl`, appended by its driver, read by everyone."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from workbench import paths
from workbench.errors import NotFoundError
from workbench.params import Value
from workbench.runs.folder import RunFolder
from workbench.runs.jsonl import DAMAGED, LineReader
from workbench.tuning.study import Plan, StudyFolder

TrialState = Literal["running", "complete", "pruned", "failed", "again"]
ENDED = frozenset({"complete", "pruned", "failed"})  # what counts as one of the trials asked for


class TrialRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One trial as it stands; a later record of the same number takes the place of an earlier one.

    `run` is the name of its run in the study's folder of trials, or in that of the other `study` whose
    driver ran it; where that was no driver, it is empty. `again` is the state of one that was cut short
    and is tried again under another number, which counts in its place. `value` is that of the first
    metric that counts, `values` those of all where there are several. In a study with folds it is their
    mean, and `folds` are those that have ended. `worker` counts the processes that run the study's
    trials, from 1; 0 is an unknown one. Times are seconds since 1970.
    """

    number: int
    state: TrialState
    run: str
    study: str = ""
    parameters: dict[str, Value] = {}
    value: float | None = None
    values: tuple[float, ...] = ()
    folds: tuple[float | None, ...] = ()
    began: float = 0.0
    ended: float = 0.0
    reason: str = ""
    worker: int = 0
    pid: int = 0
    device: str = ""

    @property
    def full_name(self) -> str:
        """The name of its run, with that of another study before it; of no run its number."""
        if not self.run:
            return f"trial {self.number}"
        return f"{self.study}/{self.run}" if self.study else self.run

    @property
    def spread(self) -> float | None:
        """The standard deviation over the folds, as scikit-learn has it; None without all numbers."""
        known = [value for value in self.folds if value is not None]
        return statistics.pstdev(known) if known and len(known) == len(self.folds) else None


class TrialReader:
    """Reads the trials of a study as they come.

    Attributes:
        records: how many were read so far; it grows with all that is new.
    """

    def __init__(self, folder: StudyFolder) -> None:
        self._lines = LineReader(folder.trials_file)
        self.trials: dict[int, TrialRecord] = {}
        self.records = 0

    def read(self) -> dict[int, TrialRecord]:
        """All trials by number, as they stand now; a damaged line is passed over."""
        for _, line in self._lines.read_lines():
            try:
                record = msgspec.json.decode(line, type=TrialRecord)
            except DAMAGED:
                continue
            self.trials[record.number] = record
            self.records += 1
        return self.trials


def run_of(study: StudyFolder, trial: TrialRecord) -> RunFolder:
    """The trial's run; a name from a file never leads out of the folder that the study is in.

    Raises:
        NotFoundError: when it is not there.
    """
    place = study
    try:
        if trial.study:
            place = StudyFolder(RunFolder(paths.inside(study.run.path.parent, trial.study)))
        run = RunFolder(paths.inside(place.trials_dir, trial.run))
    except ValueError:
        run = None
    if run is None or not run.manifest_file.is_file():
        raise NotFoundError(f"the run of trial {trial.number} is not there")
    return run


def best(trials: Iterable[TrialRecord], direction: str) -> TrialRecord | None:
    """The complete trial with the best value; the earlier of two that are as good."""
    complete = [trial for trial in trials if trial.state == "complete" and trial.value is not None]
    if not complete:
        return None
    sign = 1.0 if direction == "min" else -1.0
    return min(complete, key=lambda trial: (sign * (trial.value or 0.0), trial.number))


def winner(trials: Iterable[TrialRecord], plan: Plan) -> TrialRecord | None:
    """The best trial of a study with one metric; in halving only those of the last round compare."""
    known = list(trials)
    if plan.search == "halving":
        longest = max((int(trial.parameters.get("epochs", 0)) for trial in known), default=0)
        known = [trial for trial in known if trial.parameters.get("epochs") == longest]
    return best(known, plan.direction)


def pareto(trials: Iterable[TrialRecord], directions: Sequence[str]) -> list[TrialRecord]:
    """The complete trials that no other one beats in every metric, the first metric's best first."""
    signs = [1.0 if direction == "min" else -1.0 for direction in directions]
    complete = [trial for trial in trials if trial.state == "complete" and trial.values]

    def costs(trial: TrialRecord) -> tuple[float, ...]:
        return tuple(sign * value for sign, value in zip(signs, trial.values, strict=True))

    front: list[TrialRecord] = []
    for trial in sorted(complete, key=lambda t: (costs(t), t.number)):
        # Sorted, so that whatever beats it is in the front already.
        if not any(_is_beaten(costs(trial), costs(better)) for better in front):
            front.append(trial)
    return front


def _is_beaten(costs: Sequence[float], by: Sequence[float]) -> bool:
    return tuple(costs) != tuple(by) and all(b <= a for a, b in zip(costs, by, strict=True))


def counts(trials: Sequence[TrialRecord]) -> dict[str, int]:
    """How many trials are in each state that any is in."""
    found: dict[str, int] = {}
    for trial in trials:
        found[trial.state] = found.get(trial.state, 0) + 1
    return found
