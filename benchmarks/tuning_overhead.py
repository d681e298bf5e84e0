"""What a study costs beyond its trials: time a trial, and trials a second beside bare Optuna."""

from __future__ import annotations

import contextlib
import io
import statistics
import time
from itertools import count, pairwise
from pathlib import Path

import msgspec
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from benchmarks import measuring
from benchmarks.measuring import AtLeast, AtMost, Measured, Result
from benchmarks.warm import warm_standby
from workbench.catalog import RecipeInfo, read_recipe
from workbench.runs import control, events
from workbench.runs.folder import Manifest, RunFolder, all_runs, create, write_atomically
from workbench.runs.history import History
from workbench.schema import Schema
from workbench.tuning import launching
from workbench.tuning.driver import Driver
from workbench.tuning.study import StudyFolder
from workbench.workers.launch import schema_of
from workbench.workers.standby import Standby

MOST_MS = 50.0
LEAST_SHARE = 0.9
TRIALS = 200
TIMED_TRIALS = 40
JOBS = 2
NAME = "nothing"
# What most recipes are searched for, and nothing to do with it.
NOTHING = '''
"""Does nothing, with as many parameters as most recipes are searched for."""
import torch  # as every training has

from workbench import Recipe, choice, number


class Nothing(Recipe):
    monitor = "val/loss"
    monitor_mode = "min"

    class Params(Recipe.Params):
        lr: float = number(1e-3, low=1e-5, high=1.0, log=True)
        weight_decay: float = number(1e-4, low=1e-6, high=1e-2, log=True)
        dropout: float = number(0.1, low=0.0, high=0.9)
        width: int = number(16, low=1, high=256, log=True)
        depth: int = number(2, low=1, high=8)
        batch_size: int = number(64, low=8, high=512, log=True)
        activation: str = choice("relu", "tanh", "gelu", "silu")
        optimizer: str = choice("adamw", "sgd", "rmsprop")

    def run(self, run):
        run.log({"val/loss": self.params.lr + self.params.dropout}, step=1)
'''
WORDS = {
    "lr": "1e-5..1",
    "weight_decay": "1e-6..1e-2",
    "dropout": "0..0.9",
    "width": "1..256",
    "depth": "1..8",
    "batch_size": "8..512",
    "activation": "relu,tanh,gelu,silu",
    "optimizer": "adamw,sgd,rmsprop",
}


def measure(repetitions: int = 5, trials: int = TRIALS, timed_trials: int = TIMED_TRIALS) -> Result:
    """Time single trials one after the other, then whole studies in turns with bare Optuna."""
    with measuring.own_folders() as checkpoints, warm_standby() as standby:
        info = _recipe(checkpoints.parent)
        schema = schema_of(info, standby)

        def drive(number: int, jobs: int, seed: int) -> StudyFolder:
            return _driven(
                _study(info, schema, checkpoints, trials=number, jobs=jobs, seed=seed), standby
            )

        beyond = [1e3 * s for s in seconds_beyond(drive(timed_trials, 1, 0))]
        # Where the search leads decides what the sampler costs: both take the same seeds.
        our_seeds, bare_seeds = count(1), count(1)
        ours, bare = measuring.interleave(
            repetitions,
            lambda: trials / _seconds(drive(trials, JOBS, next(our_seeds))),
            lambda: trials / _bare_seconds(checkpoints, trials, next(bare_seeds)),
        )
    return _result(
        Measured("beyond the training, a trial", tuple(beyond), "ms"),
        Measured("workbench", ours, "trials/s"),
        Measured("bare Optuna", bare, "trials/s"),
        trials,
    )


def _result(beyond: Measured, ours: Measured, bare: Measured, trials: int) -> Result:
    share = statistics.median(a / b for a, b in zip(ours.values, bare.values, strict=True))
    return Result(
        name="tuning_overhead",
        title="Tuning: time beyond the training",
        what="A recipe that does nothing, with the eight parameters most recipes are searched for, "
        "sampler TPE and a journal file, as by default, and no pruner. Beyond the training, a trial: "
        "with one job, the time from the end of a trial's training to the start of the next one's, by "
        "the records of both runs, which holds the worker's last word, what Optuna does, a new folder, "
        f"and the worker's start; without the first {_WARMING} trials, for which a worker is forked. "
        f"Trials a second: {trials} trials with {JOBS} jobs, from the study's first record to its "
        "last, in turns with `study.optimize` of one process, whose objective suggests, reports and "
        "returns as much. Ours makes a run of each trial, with its folder, records and log.",
        target=f"at most {MOST_MS:g} ms a trial beyond the training; at least {LEAST_SHARE:g} of the "
        "trials a second of bare Optuna",
        measured=(beyond, ours, bare),
        checks=(
            AtMost("beyond the training", beyond.median, MOST_MS, "ms"),
            AtLeast("share of bare Optuna's trials a second", share, LEAST_SHARE),
        ),
        notes=(
            f"a trial takes {measuring.amount(1e3 / ours.median)} ms here and "
            f"{measuring.amount(1e3 / bare.median)} ms there",
        ),
    )


_WARMING = 2


def seconds_beyond(study: StudyFolder) -> list[float]:
    """From the last metric of each trial to the `started` record of the next one.

    Raises:
        RuntimeError: when a trial of the study did not end well.
    """
    runs = sorted(all_runs(study.trials_dir), key=lambda run: run.name)
    spans = [_span(run) for run in runs]
    return [began - ended for (_, ended), (began, _) in pairwise(spans[_WARMING:])]


def _span(run: RunFolder) -> tuple[float, float]:
    history = History(run).read_all()
    if not isinstance(history.ended, events.Finished):
        raise RuntimeError(f"{run.name} did not finish")
    return history.started[0].time, float(history.series["val/loss"].times[-1])


def _seconds(study: StudyFolder) -> float:
    """From the first record of a study to its last; every trial has to have counted."""
    history = History(study.run).read_all()
    ended = history.ended
    if not isinstance(ended, events.Finished) or ended.step != study.plan().trials:
        raise RuntimeError(f"{study.name} did not finish all of its trials")
    return ended.time - history.started[0].time


def _driven(study: StudyFolder, standby: Standby) -> StudyFolder:
    with contextlib.redirect_stdout(io.StringIO()):
        Driver(study, standby).run()
    return study


def _study(
    info: RecipeInfo, schema: Schema, checkpoints: Path, *, trials: int, jobs: int, seed: int
) -> StudyFolder:
    wish = launching.Wish(info, WORDS, pruner="none", device="cpu", trials=trials, jobs=jobs, seed=seed)
    planned = launching.plan(wish, schema)
    reference = msgspec.structs.replace(planned.recipe, id=f"tune/{planned.recipe.id}")
    run, _ = create(Manifest(name="", recipe=reference), checkpoints)
    folder = StudyFolder(run)
    write_atomically(folder.plan_file, msgspec.json.encode(planned))
    control.ask(run.control_file, control.Launch())
    return folder


def _bare_seconds(checkpoints: Path, trials: int, seed: int) -> float:
    """The same search by Optuna alone: sampler, storage, what is suggested and reported."""

    def objective(trial: optuna.Trial) -> float:
        lr = trial.suggest_float("lr", 1e-5, 1.0, log=True)
        trial.suggest_float("weight_decay", 1e-6, 1e-2, log=True)
        dropout = trial.suggest_float("dropout", 0.0, 0.9)
        trial.suggest_int("width", 1, 256, log=True)
        trial.suggest_int("depth", 1, 8)
        trial.suggest_int("batch_size", 8, 512, log=True)
        trial.suggest_categorical("activation", ["relu", "tanh", "gelu", "silu"])
        trial.suggest_categorical("optimizer", ["adamw", "sgd", "rmsprop"])
        trial.report(lr + dropout, 1)
        return lr + dropout

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    checkpoints.mkdir(exist_ok=True)
    file = checkpoints / f"bare-{time.time_ns()}.journal"
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(file))),
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.NopPruner(),
    )
    began = time.perf_counter()
    study.optimize(objective, n_trials=trials)
    return time.perf_counter() - began


def _recipe(place: Path) -> RecipeInfo:
    root = place / "recipes"
    file = root / "demo" / f"{NAME}.py"
    file.parent.mkdir(parents=True)
    file.write_text(NOTHING)
    return read_recipe(file, root)
