"""Starts studies: checks everything first, makes the folder, hands it to a driver. Knows no Optuna."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from workbench.catalog import RecipeInfo
from workbench.errors import UsageError, WorkbenchError, refuse, unknown
from workbench.params import LARGEST_INT
from workbench.runs import control
from workbench.runs import folder as folders
from workbench.runs.comparison import direction
from workbench.runs.folder import Manifest, RecipeReference, write_atomically
from workbench.schema import Schema
from workbench.tuning import methods, space
from workbench.tuning.address import without_secret
from workbench.tuning.comparing import usual_metric
from workbench.tuning.study import CHANGEABLE, RECIPE_PREFIX, Objective, Plan, StudyFolder
from workbench.workers import devices
from workbench.workers.calling import start_worker
from workbench.workers.provenance import git_commit, versions

USUAL_TRIALS = 30  # where a call gives neither trials nor minutes
USUAL_SAMPLER = "tpe"
USUAL_PRUNER = "median"
USUAL_PRUNER_OF_FOLDS = "wilcoxon"
USUAL_FOLDS = 5  # of a search of scikit-learn's, as there
USUAL_SCORE = "score"  # the estimator's own: accuracy, or R² of a regressor
_WAYS = ("min", "max")


@dataclass(frozen=True)
class Wish:
    """A study as a person asks for it.

    `metric` and `way` may list several, with commas, and are empty for the recipe's own; `sampler` and
    `pruner` are empty for the usual ones. With `search`, one of scikit-learn's chooses the trials, and
    `metric` is a scorer of its. `folds` is 0 for none, or for the usual number of a search. `storage`
    is the whole address, with its password.
    """

    recipe: RecipeInfo
    words: Mapping[str, str] = field(default_factory=dict)
    trials: int = 0
    minutes: float = 0.0
    jobs: int = 1
    sampler: str = ""
    pruner: str = ""
    search: str = ""
    folds: int = 0
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
    method = (
        _searched(wish, schema, found, faults) if wish.search else _sampled(wish, schema, found, faults)
    )
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
    methods.refuse_missing(method.sampler, wish.search, method.folds)
    return Plan(
        recipe=_reference(wish.recipe),
        space=method.space,
        objectives=method.objectives,
        sampler=method.sampler,
        pruner=method.pruner,
        search=wish.search,
        folds=method.folds,
        candidates=method.candidates,
        trials=method.trials,
        minutes=wish.minutes,
        jobs=wish.jobs,
        seed=wish.seed,
        device=wish.device,
        storage=without_secret(wish.storage),
        name=wish.name,
    )


@dataclass(frozen=True)
class _Method:
    """How the trials are chosen and compared, as the plan has it."""

    space: space.Space
    objectives: tuple[Objective, ...]
    trials: int
    sampler: str = ""
    pruner: str = "none"
    folds: int = 0
    candidates: int = 0


def _sampled(wish: Wish, schema: Schema, found: space.Space, faults: list[str]) -> _Method:
    """By a sampler of Optuna's; what it cannot do is a fault."""
    objectives = _objectives(wish, schema, found, faults)
    sampler = wish.sampler or USUAL_SAMPLER
    usual = "none" if len(objectives) > 1 else USUAL_PRUNER_OF_FOLDS if wish.folds else USUAL_PRUNER
    pruner = wish.pruner or usual
    faults += methods.faults(sampler, pruner, found, len(objectives), wish.folds)
    trials = _trials(wish, found, sampler)
    if pruner == "hyperband":
        found = _with_usual_epochs(found, schema)
    return _Method(found, objectives, trials, sampler, pruner, wish.folds)


def _searched(wish: Wish, schema: Schema, found: space.Space, faults: list[str]) -> _Method:
    """By a search of scikit-learn's; what it cannot do is a fault."""
    for option, value in (
        ("sampler", wish.sampler),
        ("pruner", wish.pruner),
        ("storage", wish.storage),
    ):
        if value:
            faults.append(f"--{option} is for Optuna's studies: leave it out, or leave out --search")
    if wish.way not in {"", "max"}:
        faults.append("scores are better high: leave out --direction")
    folds = wish.folds or USUAL_FOLDS
    metrics = _words(wish.metric) or [USUAL_SCORE]
    faults += methods.search_faults(wish.search, found, len(metrics), folds)
    faults += _scorer_faults(metrics[0])
    objectives = (Objective(metrics[0], "max"),)
    if faults or wish.trials < 0:
        return _Method(found, objectives, 0)
    if wish.search == "grid":
        size = found.size or 0
        if wish.trials not in {0, size}:
            faults.append(f"search grid tries all {size:,} points: leave out --trials")
        return _Method(found, objectives, size, folds=folds, candidates=size)
    listed = found.size if all(d.kind == "choice" for d in found.searched) else None
    candidates = min(wish.trials or USUAL_TRIALS, listed or LARGEST_INT)
    trials = candidates
    if wish.search == "halving":
        found = _with_most_epochs(found, schema, faults)
        rounds = methods.rounds(candidates, int(found.fixed.get(methods.RESOURCE, 1)))
        trials = sum(tried for tried, _ in rounds)
    return _Method(found, objectives, trials, folds=folds, candidates=candidates)


def _with_usual_epochs(found: space.Space, schema: Schema) -> space.Space:
    """The space in which the recipe's own epochs are said, unless they are searched.

    Hyperband lays out its rounds by them; else it would prune nothing before a first trial has ended.
    """
    usual = {p.name: p.default for p in schema.parameters if p.name == methods.RESOURCE}
    named = {dimension.name for dimension in found.searched}
    missing = {name: value for name, value in usual.items() if name not in named}
    return space.Space(found.searched, {**missing, **found.fixed})


def _with_most_epochs(found: space.Space, schema: Schema, faults: list[str]) -> space.Space:
    """The space in which the epochs of the last round are said."""
    known = {parameter.name: parameter.default for parameter in schema.parameters}
    if methods.RESOURCE not in known:
        faults.append(
            f"halving gives the better ones more {methods.RESOURCE}, which the recipe has not"
        )
        return found
    most = found.fixed.get(methods.RESOURCE, known[methods.RESOURCE])
    return space.Space(found.searched, {**found.fixed, methods.RESOURCE: most})


def _scorer_faults(scorer: str) -> list[str]:
    if scorer == USUAL_SCORE:
        return []
    from sklearn.metrics import get_scorer_names  # noqa: PLC0415 - takes a second, for searches alone

    known = get_scorer_names()
    return [] if scorer in known else [unknown("scorer", scorer, [USUAL_SCORE, *known])]


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


def _objectives(
    wish: Wish, schema: Schema, found: space.Space, faults: list[str]
) -> tuple[Objective, ...]:
    """The metrics that count and which way each is better; what is not known is a fault."""
    metrics = _words(wish.metric or usual_metric(schema, found, wish.folds))
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


def _trials(wish: Wish, found: space.Space, sampler: str) -> int:
    if sampler == "grid" and found.size is not None:
        return min(wish.trials or found.size, found.size)
    return wish.trials or (0 if wish.minutes else USUAL_TRIALS)


def _reference(info: RecipeInfo) -> RecipeReference:
    return RecipeReference(id=info.id, file=str(info.file), sha256=info.sha256())
