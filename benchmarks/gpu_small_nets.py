"""Small networks on a CUDA device: our loop beside a plain eager one."""

from __future__ import annotations

from benchmarks import contenders, measuring
from benchmarks.contenders import Task
from benchmarks.measuring import AtLeast, Measured, Result
from recipes.fundamentals.mlp import DigitsMLP
from recipes.images.cnn import DigitsCNN

LEAST_RATIO = 3.0
SAMPLES = 3500


def measure(repetitions: int = 5, epochs: int = 10) -> Result:
    """Train both recipes with our loop, and with an eager one over a DataLoader, in turns."""
    measured, checks = [], []
    for name, recipe in (("images/cnn", DigitsCNN), ("fundamentals/mlp", DigitsMLP)):
        task = Task(recipe, epochs, "cuda")
        for loop in (contenders.ours, contenders.with_loader):
            loop(task)  # what CUDA does only once
        ours, plain = (
            Measured(f"{name}: {loop}", tuple(epochs * SAMPLES / took for took in values), "samples/s")
            for loop, values in zip(
                ("workbench", "plain eager loop"),
                measuring.interleave(
                    repetitions,
                    lambda task=task: contenders.ours(task).seconds,
                    lambda task=task: contenders.with_loader(task).seconds,
                ),
                strict=True,
            )
        )
        measured += [ours, plain]
        checks.append(
            AtLeast(f"{name}: workbench / plain loop", ours.median / plain.median, LEAST_RATIO)
        )
    return Result(
        name="gpu_small_nets",
        title="Small networks on a GPU",
        what=f"Samples a second of {epochs} epochs of images/cnn and fundamentals/mlp, from the first "
        "batch to the last checkpoint, with the default parameters (CUDA graphs where a trial shows a "
        "gain), beside a plain eager loop over a DataLoader.",
        target=f"at least {LEAST_RATIO:g} times the plain eager loop",
        measured=tuple(measured),
        checks=tuple(checks),
    )
