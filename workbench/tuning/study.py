"""A study's folder: a run's folder whose runs are its trials, and `study.json`, written once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from workbench.errors import UsageError, WorkbenchError
from workbench.params import Parameter, Value
from workbench.runs import folder as folders
from workbench.runs.folder import RecipeReference, RunFolder
from workbench.tuning.space import Space

FORMAT = 1
RECIPE_PREFIX = "tune/"  # of the recipe in a study's run.json, so that nobody takes it for a training

# What another attempt of a study may change: a resumption, from wherever it comes, gives these.
TRIALS = Parameter(name="trials", kind="int", default=0, low=0, help="how many; 0: no limit")
MINUTES = Parameter(
    name="minutes", kind="float", default=0.0, low=0, help="after them no trial begins; 0: no limit"
)
JOBS = Parameter(name="jobs", kind="int", default=1, low=1, high=256, help="trials at the same time")
CHANGEABLE = (TRIALS, MINUTES, JOBS)


class Objective(msgspec.Struct, frozen=True):
    """A metric that counts, and which way it is better."""

    metric: str
    direction: Literal["min", "max"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What `study.json` says: all that was decided before the study began.

    `storage` is Optuna's address of one, without its password, and empty for the study's own journal;
    `name` is the study's name in it. `trials` and `minutes` are 0 where there is no limit. `folds` is
    0 where a trial trains once; `search` is the one of scikit-learn's that chooses the trials, and is
    empty where Optuna's `sampler` does; `candidates` is how many it begins with.
    """

    format: int = FORMAT
    recipe: RecipeReference
    space: Space
    objectives: tuple[Objective, ...]
    sampler: str = "tpe"
    pruner: str = "median"
    search: str = ""
    folds: int = 0
    candidates: int = 0
    trials: int = 0
    minutes: float = 0.0
    jobs: int = 1
    seed: int = 0
    device: str = "auto"
    storage: str = ""
    name: str = ""

    @property
    def metric(self) -> str:
        """The first metric that counts: of a study with one, the only one."""
        return self.objectives[0].metric

    @property
    def direction(self) -> Literal["min", "max"]:
        """Which way the first metric is better."""
        return self.objectives[0].direction

    @property
    def has_several(self) -> bool:
        """Whether several metrics count, so that there is no best trial but a Pareto front."""
        return len(self.objectives) > 1

    def _method(self) -> dict[str, Value]:
        chosen: dict[str, Value] = (
            {"search": self.search} if self.search else {"sampler": self.sampler, "pruner": self.pruner}
        )
        return {**chosen, "folds": self.folds} if self.folds else chosen

    def as_parameters(self) -> dict[str, Value]:
        """As the parameters of a run, for whoever lists or compares studies."""
        return {
            **{dimension.name: dimension.words() for dimension in self.space.searched},
            **self.space.fixed,
            "metric": ", ".join(f"{one.metric} ({one.direction})" for one in self.objectives),
            **self._method(),
            "trials": self.trials,
            "minutes": self.minutes,
            "jobs": self.jobs,
        }


@dataclass(frozen=True)
class StudyFolder:
    """The paths inside a study's folder, beside those that every run has."""

    run: RunFolder

    @property
    def name(self) -> str:
        return self.run.name

    @property
    def plan_file(self) -> Path:
        return self.run.path / "study.json"

    @property
    def journal_file(self) -> Path:
        """Optuna's record of the study, where no other storage was given."""
        return self.run.path / "optuna.journal"

    @property
    def trials_file(self) -> Path:
        """What became of each trial, for readers that do without Optuna."""
        return self.run.path / "trials.jsonl"

    @property
    def trials_dir(self) -> Path:
        """The runs of the trials: a folder of runs like `checkpoints`."""
        return self.run.path / folders.TRIALS

    def trial(self, number: int) -> RunFolder:
        """The run of the trial that has this number in Optuna's record."""
        return RunFolder(self.trials_dir / f"trial-{number:0{folders.NUMBER_DIGITS}d}")

    def plan(self) -> Plan:
        """What `study.json` says.

        Raises:
            WorkbenchError: when it is damaged or of a newer format.
        """
        try:
            plan = msgspec.json.decode(self.plan_file.read_bytes(), type=Plan)
        except (OSError, ValueError) as fault:
            raise WorkbenchError(f"{self.plan_file} cannot be read: {fault}") from None
        if plan.format > FORMAT:
            raise WorkbenchError(
                f"{self.name} was written by a newer workbench (format {plan.format})",
                "update the workbench to open it",
            )
        return plan


def is_study(folder: RunFolder) -> bool:
    """Whether the run is a study, so that its worker is a driver."""
    return StudyFolder(folder).plan_file.is_file()


def find(name: str, checkpoints: Path) -> StudyFolder:
    """The study of that name.

    Raises:
        UsageError: when there is none, or the run is no study.
    """
    folder = folders.find(name, checkpoints)
    if not is_study(folder):
        raise UsageError(f"{folder.name} is no study but a run", "`workbench runs tune` lists studies")
    return StudyFolder(folder)
