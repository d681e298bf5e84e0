"""`workbench tune`: many trials of a recipe, in search of better parameters."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys

from workbench import schema as schemas
from workbench import units
from workbench.catalog import discover
from workbench.cli import following, launching, output, progress, tuning_trials
from workbench.cli.arguments import assignments
from workbench.cli.main import DONE, INTERRUPTED
from workbench.cli.waiting import Termination
from workbench.cli.warming import warm
from workbench.errors import UsageError, WorkbenchError
from workbench.runs import marks
from workbench.runs.history import History
from workbench.runs.state import status_of
from workbench.schema import Schema
from workbench.tuning import comparing, methods, study
from workbench.tuning import launching as studies
from workbench.tuning.address import HIDDEN, STORAGE_VARIABLE, complete, without_secret
from workbench.tuning.standing import Standing, after, standing
from workbench.tuning.study import Plan, StudyFolder
from workbench.tuning.trials import TrialReader, TrialRecord, counts, pareto, run_of, winner
from workbench.workers import launch

TRIALS_SHOWN = 15
_CHANGES = ("trials", "minutes", "jobs")
_FOR_NEW = ("sampler", "pruner", "search", "folds", "metric", "direction", "seed", "device", "study")


def tune(args: argparse.Namespace) -> int:
    """Start a study and follow it to its end; or go on with one, show one, or change its trials."""
    if tuning_trials.is_meant(args):
        return tuning_trials.change(args)
    if args.resume or args.show:
        _refuse_what_is_for_new(args)
        found = study.find(args.resume or args.show, args.checkpoints)
        return _resume(found, args) if args.resume else _show(found, as_json=args.json)
    if not args.words:
        raise UsageError("which recipe?", "workbench tune RECIPE [name=low..high …]")
    storage = _new_storage(args)
    planned, schema = _plan(args, storage)
    if not args.json:
        _say_plan(planned)
    if caution := comparing.caution(planned, schema):
        output.say_aside(units.plain(caution))
    folder = studies.start(planned, args.checkpoints, storage)
    return _follow(folder, args)


def _new_storage(args: argparse.Namespace) -> str:
    """The whole address of a new study's storage; its password may stand in the environment."""
    asked = args.storage or ""
    given = asked if HIDDEN not in asked else os.environ.get(STORAGE_VARIABLE, "")
    return complete(without_secret(asked), given)


def _plan(args: argparse.Namespace, storage: str) -> tuple[Plan, Schema]:
    """What is asked for, checked, and the recipe's parameters."""
    recipe, *words = args.words
    info = discover(args.recipes).find(recipe)
    if not info.error and schemas.cached(info) is None and output.is_terminal(sys.stderr):
        output.say_aside(f"reading the parameters of {info.id} for the first time …")
    with warm([info]) as standby:
        schema = launch.schema_of(info, standby)
    wish = studies.Wish(
        recipe=info,
        words=assignments(words),
        trials=args.trials or 0,
        minutes=args.minutes or 0.0,
        jobs=1 if args.jobs is None else args.jobs,
        sampler=args.sampler or "",
        pruner=args.pruner or "",
        search=args.search or "",
        folds=0 if args.folds is None else args.folds,
        metric=args.metric or "",
        way=args.direction or "",
        seed=args.seed or 0,
        device=args.device or "auto",
        storage=storage,
        name=args.study or "",
    )
    return studies.plan(wish, schema), schema


def _resume(folder: StudyFolder, args: argparse.Namespace) -> int:
    """Another attempt of the study, with other limits if the call says so."""
    given = {name: getattr(args, name) for name in _CHANGES if getattr(args, name) is not None}
    if folder.plan().search and args.trials is not None:
        raise UsageError(
            f"{folder.name} is a search of scikit-learn's, which chose all of its trials at the start",
            "leave out --trials, or start another one",
        )
    given_address = args.storage or os.environ.get(STORAGE_VARIABLE, "")
    storage = complete(folder.plan().storage, given_address, explicit=bool(args.storage))
    launch.resume(folder.run, values=given, storage=storage)
    return _follow(folder, args)


def _refuse_what_is_for_new(args: argparse.Namespace) -> None:
    option = "--resume" if args.resume else "--show"
    if args.resume and args.show:
        raise UsageError("a study is resumed or shown, one at a time")
    given = [f"--{name}" for name in _FOR_NEW if getattr(args, name) is not None]
    given += ["--storage"] if args.show and args.storage is not None else []
    given += [f"--{name}" for name in _CHANGES if args.show and getattr(args, name) is not None]
    given += args.words
    if given:
        changes = (
            "it takes --trials, --minutes, --jobs and --storage" if args.resume else "it takes --json"
        )
        raise UsageError(
            f"{option} has the study as it is: {', '.join(given)} cannot be given", changes
        )


def _follow(folder: StudyFolder, args: argparse.Namespace) -> int:
    if args.detach:
        launching.say_name(folder.run, as_json=args.json)
        return DONE
    if not args.json:
        output.say(f"{folder.name}: Ctrl-C stops it, twice leaves it to itself")
    view = launching.view_for(as_json=args.json)
    with following.Interrupts() as interrupts, Termination() as termination:
        history, status = following.follow(
            folder.run, view, interrupts, launching.Interrupted(folder.run), termination
        )
    if not status.state.ended:
        output.say_aside(f"{folder.name} goes on; come back with: workbench watch {folder.name}")
        return INTERRUPTED
    if args.json:
        output.write_json(_data(folder, history))
    else:
        following.say_curves(history)
        progress.say_outcome(history, status)
        _say_next(folder)
    return progress.EXIT_STATUS[status.state]


def _show(folder: StudyFolder, *, as_json: bool) -> int:
    history = History(folder.run).read_all()
    if as_json:
        output.write_json(_data(folder, history))
        return DONE
    progress.say_end(folder.name, history.status())
    planned = folder.plan()
    _say_plan(planned, standing(folder, planned, history))
    _say_trials(folder)
    _say_next(folder)
    progress.say_faults(history)
    return DONE


def _say_plan(planned: Plan, held: Standing | None = None) -> None:
    """What is searched and how far: before it starts, or as it was `held` since."""
    ways = {"min": "lowest", "max": "highest"}
    aims = " and ".join(f"the {ways[one.direction]} {one.metric}" for one in planned.objectives)
    size = planned.space.size if planned.sampler == "grid" else None
    points = "" if size is None else f", a grid of {size:,} points"
    now = held or after(planned, {})
    bounds = [f"{now.trials:,} trials"] if now.trials else []
    bounds += [f"{now.minutes:g} minutes"] if now.minutes else []
    output.say(
        units.plain(
            f"{planned.recipe.id}: {aims} of {' or '.join(bounds) or 'any number of trials'}{points}, "
            f"{now.jobs} at a time, {_method(planned)}"
        )
    )
    rows = [
        [d.name, output.number(now.words(d.name)), "frozen" if d.name in now.frozen else "searched"]
        for d in now.searched
    ]
    rows += [[name, output.number(value), "fixed"] for name, value in planned.space.fixed.items()]
    output.write_table(["parameter", "values", ""], rows)


def _method(planned: Plan) -> str:
    """How trials are chosen and compared, in words."""
    folds = f", {planned.folds} folds each" if planned.folds else ""
    if not planned.search:
        return f"sampler {planned.sampler}, pruner {planned.pruner}{folds}"
    if planned.search != "halving":
        return f"search {planned.search}{folds}"
    rounds = methods.rounds(planned.candidates, int(planned.space.fixed[methods.RESOURCE]))
    listed = ", ".join(f"{tried:,} with {epochs:,}" for tried, epochs in rounds)
    return f"search {planned.search}{folds}; candidates and epochs of its rounds: {listed}"


def _say_trials(folder: StudyFolder) -> None:
    """The best trials, each with its searched values; of several metrics the Pareto front first."""
    planned, trials = folder.plan(), list(TrialReader(folder).read().values())
    if not trials:
        output.say("\nno trial has begun")
        return
    names = [dimension.name for dimension in planned.space.searched]
    names += [methods.RESOURCE] if planned.search == "halving" else []
    front = _front(planned, trials)
    ranked = [*front, *(trial for trial in _by_value(trials, planned.direction) if trial not in front)]
    shown = ranked[: max(TRIALS_SHOWN, len(front))]
    tally = counts(trials)
    cut_short = tally.pop("again", 0)
    again = f"; {cut_short} cut short and tried again" if cut_short else ""
    states = ", ".join(f"{count} {state}" for state, count in tally.items())
    output.say(f"\n{len(trials) - cut_short} trials: {states}{again}")
    if planned.has_several:
        output.say(f"{len(front)} on the Pareto front, where no trial is better in every metric")
    metrics = [one.metric for one in planned.objectives]
    output.write_table(
        ["trial", "state", *metrics, *(["spread"] if planned.folds else []), *names, "remark"],
        [
            [
                trial.full_name,
                trial.state,
                *_reached(trial, len(metrics)),
                *([units.number(trial.spread)] if planned.folds else []),
                *(output.number(trial.parameters.get(name)) for name in names),
                _remark(folder, trial, on_front=trial in front),
            ]
            for trial in shown
        ],
    )
    if len(trials) > len(shown):
        output.say_aside(
            f"the other {len(trials) - len(shown)} are in {units.plain(str(folder.trials_file))}"
        )


def _remark(folder: StudyFolder, trial: TrialRecord, *, on_front: bool) -> str:
    """What there is to say of a trial, a person's note included."""
    with contextlib.suppress(WorkbenchError):  # a run that is gone, or damaged marks, hide no trial
        note = marks.read(run_of(folder, trial)).note
        return "; ".join(filter(None, ("Pareto front" if on_front else trial.reason, note)))
    return trial.reason


def _front(planned: Plan, trials: list[TrialRecord]) -> list[TrialRecord]:
    """The Pareto front; empty where one metric counts."""
    return pareto(trials, [one.direction for one in planned.objectives]) if planned.has_several else []


def _reached(trial: TrialRecord, metrics: int) -> list[str]:
    reached: list[float | None] = [*trial.values] or [trial.value]
    return [units.number(value) for value in reached + [None] * (metrics - len(reached))]


def _by_value(trials: list[TrialRecord], direction: str) -> list[TrialRecord]:
    """Complete ones first, the best before all; the others as they came."""
    sign = 1.0 if direction == "min" else -1.0

    def rank(trial: TrialRecord) -> tuple[bool, float, int]:
        complete = trial.state == "complete" and trial.value is not None
        return not complete, sign * (trial.value or 0.0) if complete else 0.0, trial.number

    return sorted(trials, key=rank)


def _say_next(folder: StudyFolder) -> None:
    """What can be done with it."""
    planned = folder.plan()
    won = winner(TrialReader(folder).read().values(), planned)
    if won is not None and not planned.has_several:
        words = " ".join(
            f"{name}={output.word(value)}"
            for name, value in won.parameters.items()
            if name in _given(planned)
        )
        output.say_aside(units.plain(f"the best is {won.full_name}: {words}"))
        output.say_aside(f"run it again: workbench run --from {folder.name}")
        if "epochs" in won.parameters and not planned.folds:
            name = won.full_name if won.study else f"{folder.name}/{won.run}"
            output.say_aside(units.plain(f"train it on: workbench fork {name} epochs=N"))
    output.say_aside(units.plain(f"its trials: workbench --checkpoints {folder.trials_dir} runs"))
    if not planned.storage and not planned.search:
        output.say_aside(
            units.plain(
                f"in Python: optuna.load_study(study_name={folder.name!r}, storage="
                f"JournalStorage(JournalFileBackend({str(folder.journal_file)!r})))"
            )
        )


def _given(planned: Plan) -> set[str]:
    return {d.name for d in planned.space.searched} | set(planned.space.fixed)


def _data(folder: StudyFolder, history: History) -> dict[str, object]:
    """A study as `--json` tells it."""
    planned, trials = folder.plan(), list(TrialReader(folder).read().values())
    status = status_of(folder.run)
    return {
        **vars(progress.outcome(history, status)),
        "study": planned,
        "counts": counts(trials),
        "best_trial": None if planned.has_several else winner(trials, planned),
        "pareto_front": _front(planned, trials),
        "trials": trials,
    }
