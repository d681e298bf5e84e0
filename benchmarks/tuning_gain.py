"""What a search with Hyperband finds in how much of the time, beside a random one of full trials."""

from __future__ import annotations

import math
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks import measuring
from benchmarks.measuring import AtMost, Holds, Measured, Result
from workbench.runs import events
from workbench.runs.folder import RunFolder, all_runs
from workbench.runs.history import History
from workbench.tuning.study import StudyFolder
from workbench.tuning.trials import TrialReader

MOST_BELOW = 0.3  # points of accuracy
MOST_TIME = 1 / 3
RECIPE, METRIC = "images/cnn", "val/accuracy"
TRIALS = 30
SEARCHED = ("lr=1e-4..1e-1", "width=4..32", "dropout=0..0.6", "activation=relu,leaky_relu,tanh,sigmoid")


@dataclass(frozen=True)
class Found:
    """What a search found: accuracies of its trials, in percent, and after how many seconds each came.

    `seconds` and `epochs` are those of the whole search.
    """

    accuracies: tuple[tuple[float, float], ...]
    seconds: float
    epochs: float

    def best(self, within_s: float = math.inf) -> float:
        """The best accuracy of a trial that had ended by then; 0 where none had."""
        return max((value for ended_s, value in self.accuracies if ended_s <= within_s), default=0.0)


def measure(seeds: int = 3) -> Result:
    """Search with each seed in both ways, beside one training with the recipe's own parameters."""
    known, hyperband, random = [], [], []
    for seed in range(seeds):
        with measuring.own_folders() as checkpoints:
            known.append(_known(checkpoints, seed))
            hyperband.append(_searched(checkpoints, seed, "tpe", "hyperband"))
            random.append(_searched(checkpoints, seed, "random", "none"))
    accuracies = _accuracies(known, hyperband, random)
    times = _of_both("s", [one.seconds for one in hyperband], [one.seconds for one in random])
    epochs = _of_both("epochs", [one.epochs for one in hyperband], [one.epochs for one in random])
    below = accuracies[0].median - accuracies[1].median
    return Result(
        name="tuning_gain",
        title="Tuning: what is found in how much of the time",
        what=f"{RECIPE}, {TRIALS} trials, one job on the CPU, {seeds} seeds: "
        "learning rate, width, dropout and activation are searched. The accuracy is that of the "
        "validation digits at the best epoch; best known are the recipe's defaults, trained as long. "
        "A third of the time is that of the random search, which trains every trial to its end. Epochs "
        "are the work that was done, whatever else the machine did meanwhile.",
        target=f"within {MOST_BELOW:g} points of the best known parameters in a third of the time that "
        "as many full trials take",
        measured=(*accuracies, *times, *epochs),
        checks=(
            Holds(
                f"{below:.2f} points below the best known after a third of the time, "
                f"at most {MOST_BELOW:g}",
                below <= MOST_BELOW,
            ),
            AtMost("time, the whole search / full", times[0].median / times[1].median, MOST_TIME),
            AtMost("epochs, the whole search / full", epochs[0].median / epochs[1].median, MOST_TIME),
        ),
    )


def _accuracies(known: list[float], hyperband: list[Found], random: list[Found]) -> list[Measured]:
    thirds = [MOST_TIME * full.seconds for full in random]
    found = {
        "best known parameters": known,
        "TPE and Hyperband, after a third of the time": _after(thirds, hyperband),
        "random full trials, after a third of the time": _after(thirds, random),
        "TPE and Hyperband, at the end": [one.best() for one in hyperband],
        "random full trials, at the end": [one.best() for one in random],
    }
    return [Measured(what, tuple(values), "%") for what, values in found.items()]


def _of_both(unit: str, hyperband: list[float], random: list[float]) -> list[Measured]:
    both = {"TPE and Hyperband": hyperband, "random full trials": random}
    return [Measured(what, tuple(values), unit) for what, values in both.items()]


def _after(limits_s: list[float], searches: list[Found]) -> list[float]:
    return [found.best(limit_s) for limit_s, found in zip(limits_s, searches, strict=True)]


def _known(checkpoints: Path, seed: int) -> float:
    words = ["run", RECIPE, "--seed", str(seed), "--device", "cpu"]
    run = _new_run(checkpoints, words)
    return 100 * max(History(run).read_all().series[METRIC].values)


def _searched(checkpoints: Path, seed: int, sampler: str, pruner: str) -> Found:
    ways = ["--sampler", sampler, "--pruner", pruner, "--trials", str(TRIALS), "--metric", METRIC]
    words = ["tune", RECIPE, *SEARCHED, *ways, "--seed", str(seed)]
    study = StudyFolder(_new_run(checkpoints, [*words, "--device", "cpu"]))
    history = History(study.run).read_all()
    if not isinstance(history.ended, events.Finished):
        raise RuntimeError(f"{study.name} did not finish")
    began = history.started[0].time
    accuracies = tuple(
        (trial.ended - began, 100 * trial.value)
        for trial in TrialReader(study).read().values()
        if trial.state == "complete" and trial.value is not None
    )
    return Found(accuracies, history.ended.time - began, _epochs(study))


def _epochs(study: StudyFolder) -> float:
    """Of all trials: one has a value of the metric after each of its epochs."""
    return sum(
        len(History(trial).read_all().series[METRIC].values) for trial in all_runs(study.trials_dir)
    )


def _new_run(checkpoints: Path, words: list[str]) -> RunFolder:
    """What a command of the workbench made, once it is done."""
    before = {run.path for run in all_runs(checkpoints)}
    command = [*measuring.workbench_command(), "--checkpoints", str(checkpoints), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)} left with {done.returncode}:\n{done.stderr}")
    return next(run for run in all_runs(checkpoints) if run.path not in before)
