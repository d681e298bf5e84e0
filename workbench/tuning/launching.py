"""Starts studies: checks everything first, makes the folder, hands it to a driver. Knows no Optuna."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from workbench.catalog import RecipeInfo
from workbench.errors import UsageError, WorkbenchError, refuse, unknown
from workbench.runs import control
from workbench.runs import folder as folders
from workbench.runs.comparison import direction
from workbench.runs.folder import Manifest, RecipeReference, write_atomically
from workbench.schema import Schema
from workbench.tuning import methods, space
from workbench.tuning.address import without_secret
from workbench.tuning.study import CHANGEABLE, RECIPE_PREFIX, Objective, Plan, StudyFolder
from workbench.workers import devices
from workbench.workers.calling import start_worker
from workbench.workers.provenance import git_commit, versions

USUAL_TRIALS = 30  # where a call gives neither trials nor minutes
USUAL_PRUNER = "median"
_WAYS = ("min", "max")


@dataclass(frozen=True)
class Wish:
    """A study as a person asks for it.

    `metric` and `way` may list several, with commas, and are empty for the recipe's own; `pruner` is
    empty for the usual one. `storage` is the whole address, with its password.
    """

    recipe: RecipeInfo
    words: Mapping[str, str] = field(default_factory=dict)
    trials: int = 0
    minutes: float = 0.0
    jobs: int = 1
    sampler: str = "tpe"
    pruner: str = ""
    metric: str = ""
    way: str = ""
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
    objectives = _objectives(wish, schema, faults)
    pruner = wish.pruner or ("none" if len(objectives) > 1 else USUAL_PRUNER)
    faults += methods.faults(wish.sampler, pruner, found, len(objectives))
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
        objectives=objectives,
        sampler=wish.sampler,
        pruner=pruner,
        trials=_trials(wish, found),
        minutes=wish.minutes,
        jobs=wish.jobs,
        seed=wish.seed,
        device=wish.device,
        storage=without_secret(wish.storage),
        name=wish.name,
    )


def start(planned: Plan, checkpoints: Path, storage: str = "") -> StudyFolder:
    """Make the study's folder and start its driver, which is told the `storage` with its password.

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
    start_worker(run, None, storage=storage)
    return folder


def _objectives(wish: Wish, schema: Schema, faults: list[str]) -> tuple[Objective, ...]:
    """The metrics that count and which way each is better; what is not known is a fault."""
    metrics = _words(wish.metric or schema.monitor)
    if not metrics:
        faults.append(f"{wish.recipe.id} names no metric that counts: say which with --metric")
    faults += [f"metric {name} is named twice" for name in _twice(metrics)]
    ways = _words(wish.way)
    faults += [unknown("direction", way, _WAYS) for way in ways if way not in _WAYS]
    if ways and metrics and len(ways) != len(metrics):
        faults.append(
            f"there are {len(metrics)} metrics and {len(ways)} directions: give --direction one of "
            f"each, as in {','.join(_WAYS[: len(metrics)])}"
        )
        return ()
    known = ways or [direction(metric, schema.monitor, schema.monitor_mode) for metric in metrics]
    for metric, way in zip(metrics, known, strict=False):
        if not way:
            faults.append(
                f"whether {metric} is better low or high is not known: say --direction min or max"
            )
    return tuple(
        Objective(metric, "max" if way == "max" else "min")
        for metric, way in zip(metrics, known, strict=False)
    )


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _twice(names: list[str]) -> list[str]:
    return [name for index, name in enumerate(names) if name in names[:index]]


def _trials(wish: Wish, found: space.Space) -> int:
    if wish.sampler == "grid" and found.size is not None:
        return min(wish.trials or found.size, found.size)
    return wish.trials or (0 if wish.minutes else USUAL_TRIALS)


def _reference(info: RecipeInfo) -> RecipeReference:
    return RecipeReference(id=info.id, file=str(info.file), sha256=info.sha256())
