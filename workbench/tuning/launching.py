"""Starts studies: checks everything first, makes the folder, hands it to a driver. Knows no Optuna."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from workbench.catalog import RecipeInfo
from workbench.errors import UsageError, WorkbenchError, refuse
from workbench.runs import control
from workbench.runs import folder as folders
from workbench.runs.comparison import direction
from workbench.runs.folder import Manifest, RecipeReference, write_atomically
from workbench.schema import Schema
from workbench.tuning import methods, space
from workbench.tuning.study import CHANGEABLE, RECIPE_PREFIX, Plan, StudyFolder
from workbench.workers import devices
from workbench.workers.calling import start_worker
from workbench.workers.provenance import git_commit, versions

USUAL_TRIALS = 30  # where a call gives neither trials nor minutes


@dataclass(frozen=True)
class Wish:
    """A study as a person asks for it; `metric` and `way` are empty for the recipe's own."""

    recipe: RecipeInfo
    words: Mapping[str, str] = field(default_factory=dict)
    trials: int = 0
    minutes: float = 0.0
    jobs: int = 1
    sampler: str = "tpe"
    pruner: str = "median"
    metric: str = ""
    way: Literal["min", "max", ""] = ""
    seed: int = 0
    device: str = "auto"
    storage: str = ""
    name: str = ""


def plan(wish: Wish, schema: Schema) -> Plan:
    """The study that is wished for, checked.

    Raises:
        UsageError: naming every fault at once; nothing was started.
        WorkbenchError: when a package is missing, with the command that installs it.
    """
    found, faults = space.check(schema.parameters, wish.words)
    if not found.searched and not faults:
        faults.append("there is nothing to search: name a range or a list, lr=1e-4..1e-1 width=8,16,32")
    faults += methods.faults(wish.sampler, wish.pruner, found)
    metric, way = _aim(wish, schema, faults)
    limits = {"trials": wish.trials, "minutes": wish.minutes, "jobs": wish.jobs}
    for parameter in CHANGEABLE:
        try:
            parameter.parse(limits[parameter.name])
        except ValueError as fault:
            faults.append(str(fault))
    try:
        devices.candidates(wish.device)
    except UsageError as fault:
        faults.append(f"{fault.title}; {fault.remedy}")
    if wish.name and not wish.storage:
        faults.append("--study names a study in a storage: give that with --storage")
    refuse(faults)
    methods.refuse_missing(wish.sampler)
    return Plan(
        recipe=_reference(wish.recipe),
        space=found,
        metric=metric,
        direction=way or "min",
        sampler=wish.sampler,
        pruner=wish.pruner,
        trials=_trials(wish, found),
        minutes=wish.minutes,
        jobs=wish.jobs,
        seed=wish.seed,
        device=wish.device,
        storage=wish.storage,
        name=wish.name,
    )


def start(planned: Plan, checkpoints: Path) -> StudyFolder:
    """Make the study's folder and start its driver.

    Raises:
        WorkbenchError: when nothing can be recorded, or no process started.
    """
    recipe = planned.recipe
    manifest = Manifest(
        name="",
        recipe=msgspec.structs.replace(recipe, id=f"{RECIPE_PREFIX}{recipe.id}"),
        parameters=planned.as_parameters(),
        seed=planned.seed,
        device=planned.device,
        versions=versions(),
        git_commit=git_commit(Path(recipe.file).parent),
    )
    text = msgspec.json.format(msgspec.json.encode(planned))
    run, _ = folders.create(manifest, checkpoints)
    folder = StudyFolder(run)
    try:
        write_atomically(folder.plan_file, text)
    except OSError as fault:
        shutil.rmtree(run.path, ignore_errors=True)
        raise WorkbenchError(f"{folder.plan_file} cannot be written: {fault.strerror}") from None
    control.ask(run.control_file, control.Launch(device=planned.device))
    start_worker(run, None)
    return folder


def _aim(wish: Wish, schema: Schema, faults: list[str]) -> tuple[str, Literal["min", "max", ""]]:
    """The metric that counts and which way it is better; what is not known is a fault."""
    metric = wish.metric or schema.monitor
    if not metric:
        faults.append(f"{wish.recipe.id} names no metric that counts: say which with --metric")
    way = wish.way or direction(metric, schema.monitor, schema.monitor_mode)
    if metric and not way:
        faults.append(
            f"whether {metric} is better low or high is not known: say --direction min or max"
        )
    return metric, way


def _trials(wish: Wish, found: space.Space) -> int:
    if wish.sampler == "grid" and found.size is not None:
        return min(wish.trials or found.size, found.size)
    return wish.trials or (0 if wish.minutes else USUAL_TRIALS)


def _reference(info: RecipeInfo) -> RecipeReference:
    return RecipeReference(id=info.id, file=str(info.file), sha256=info.sha256())
