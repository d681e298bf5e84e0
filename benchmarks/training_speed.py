"""How fast our loop trains: the same training by it, by plain loops, by Lightning and by skorch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import contenders, measuring
from benchmarks.contenders import Done, Task
from benchmarks.measuring import AtLeast, Check, Holds, Measured, Result
from recipes.fundamentals.mlp import DigitsMLP
from recipes.images.cnn import DigitsCNN

LEAST_RATIO = 1.0
SAMPLES = 3500  # of the training part of MNIST 5k
MOST_BELOW = 0.03  # of the plain loop's accuracy: who is faster because it learns less is no winner
LOOPS: dict[str, Callable[[Task], Done]] = {
    "workbench": contenders.ours,
    "plain, DataLoader": contenders.with_loader,
    "plain, indexing": contenders.with_indexing,
    "Lightning": contenders.with_lightning,
    "skorch": contenders.with_skorch,
}


def measure(repetitions: int = 7, mlp_epochs: int = 6, cnn_epochs: int = 2) -> Result:
    """Train both recipes with each loop in turn."""
    tasks = {
        "images/cnn": Task(DigitsCNN, cnn_epochs, "cpu"),
        "fundamentals/mlp": Task(DigitsMLP, mlp_epochs, "cpu"),
    }
    measured: list[Measured] = []
    checks: list[Check] = []
    notes: list[str] = []
    for name, task in tasks.items():
        rates, accuracies = _trained(task, repetitions)
        measured += [Measured(f"{name}: {loop}", rates[loop], "samples/s") for loop in LOOPS]
        ratios = {loop: _ratio(rates, loop) for loop in LOOPS}
        checks.append(AtLeast(f"{name}: workbench / plain loop", ratios["workbench"], LEAST_RATIO))
        gap = accuracies["plain, DataLoader"] - accuracies["workbench"]
        found = f"{name}: its accuracy is {gap:.1%} below the plain loop's"
        checks.append(Holds(found, gap <= MOST_BELOW))
        others = ", ".join(f"{loop} {ratios[loop]:.2f}" for loop in list(LOOPS)[2:])
        notes.append(f"{name}, beside the plain loop with a DataLoader: {others}")
    return Result(
        name="training_speed",
        title="Training on the CPU",
        what=f"Samples a second of images/cnn ({cnn_epochs} epochs) and fundamentals/mlp "
        f"({mlp_epochs} epochs) with default parameters, from the first batch to the last checkpoint: "
        "the same step, first weights and order of batches for each loop. Logging every tenth step, "
        "validation and a checkpoint after each epoch are part of all; ours draws its figures besides. "
        "The ratio is the median of the ratios of each round.",
        target=f"at least {LEAST_RATIO:g} times a plain loop with a DataLoader",
        measured=tuple(measured),
        checks=tuple(checks),
        notes=tuple(notes),
    )


def _trained(task: Task, repetitions: int) -> tuple[dict[str, tuple[float, ...]], dict[str, float]]:
    """Samples a second of every loop, in turns, and what accuracy it reached last."""
    accuracies: dict[str, float] = {}

    def rate(loop: str) -> Callable[[], float]:
        def once() -> float:
            done = LOOPS[loop](task)
            accuracies[loop] = done.accuracy
            return task.epochs * SAMPLES / done.seconds

        return once

    for train in LOOPS.values():
        train(task)  # imports, and what a library does only once
    values = measuring.interleave(repetitions, *map(rate, LOOPS))
    return dict(zip(LOOPS, values, strict=True)), accuracies


def _ratio(rates: dict[str, tuple[float, ...]], loop: str) -> float:
    def of_each_round() -> Iterator[float]:
        for one, plain in zip(rates[loop], rates["plain, DataLoader"], strict=True):
            yield one / plain

    return Measured("ratio", tuple(of_each_round())).median
