"""The samples that a network is most sure about, and wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from workbench.debugging.judging import labels_of, probabilities_of
from workbench.debugging.samples import Samples
from workbench.errors import WorkbenchError
from workbench.training.recipe import Training
from workbench.training.trees import tensors_in

MOST_SAMPLES = 20_000  # that are looked through
BATCH = 256
KEPT = 1_024


@dataclass(frozen=True)
class Mistake:
    """A sample whose class is `true`, taken for `predicted` with the probability `sure`."""

    index: int
    true: int
    predicted: int
    sure: float


@dataclass(frozen=True)
class Found:
    """The mistakes among the first `looked_at` samples, the most confident first."""

    mistakes: tuple[Mistake, ...]
    wrong: int
    looked_at: int


def most_confident(
    recipe: Training, samples: Samples, classes: int, still_wanted: Callable[[], None]
) -> Found:
    """Look through the samples; `still_wanted` is called between batches, and ends it by raising.

    Raises:
        WorkbenchError: when the network tells no classes apart, or the samples have no labels.
    """
    recipe.net.eval()
    found: list[Mistake] = []
    wrong = looked_at = 0
    size = min(BATCH, max(int(recipe.params.batch_size), 1))
    for first, batch in samples.batches(size):
        still_wanted()
        labels = labels_of(batch)
        with torch.no_grad():
            output = next(tensors_in(recipe.predict_step(batch)), None)
        shares = probabilities_of(output, labels, classes)
        if labels is None or shares is None or len(labels) != len(shares):
            raise WorkbenchError(
                "there are no mistakes to be seen: this network tells no classes apart",
                "mistakes are known where samples have a label and the answer a number for each class",
            )
        labels = labels.cpu()
        sure, guesses = shares.max(1)  # (N,), (N,)
        found += [
            Mistake(first + i, int(labels[i]), int(guesses[i]), float(sure[i]))
            for i in (guesses != labels).nonzero()[:, 0].tolist()
        ]
        wrong, looked_at = len(found), first + len(labels)
        if looked_at >= MOST_SAMPLES:
            break
    found.sort(key=lambda one: -one.sure)
    return Found(tuple(found[:KEPT]), wrong, looked_at)
