"""A whole split looked at without gradients: means of the step's values, and metrics over all of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from workbench.runs.run import Run
from workbench.training.averages import Averages
from workbench.training.data import Split, batch_length
from workbench.training.precision import Precision
from workbench.training.values import named

if TYPE_CHECKING:
    from workbench.training.recipe import Training


class Evaluation:
    """Evaluates a recipe's splits, one at a time."""

    def __init__(self, recipe: Training, run: Run, precision: Precision, device: torch.device) -> None:
        self._recipe = recipe
        self._run = run
        self._precision = precision
        self._device = device
        self._metrics: dict[str, Any] = {}

    def measure(self, predictions: Tensor, targets: Tensor) -> None:
        """Feed a batch to the metrics of the split at hand; nothing happens while training."""
        for metric in self._metrics.values():
            metric.update(predictions, targets)

    def evaluate(self, name: str, split: Split, most_batches: int | None = None) -> None:
        """Record `NAME/…` for every mean and metric that is one number, and hand all to the recipe."""
        recipe, step = self._recipe, self._step(name)
        averages = Averages()
        self._metrics = {key: m.to(self._device) for key, m in recipe.metrics().items()}
        recipe.net.eval()
        with torch.no_grad(), self._precision.autocast():
            for batch in islice(split.batches(epoch=0), most_batches):
                averages.add(named(step(batch)), batch_length(batch))
        results = flattened({key: metric.compute() for key, metric in self._metrics.items()})
        self._metrics = {}
        values: dict[str, Any] = {
            **averages.take(),
            **{k: float(v) for k, v in results.items() if v.numel() == 1},
        }
        bad = [f"{name}/{key}" for key, value in values.items() if not math.isfinite(value)]
        if bad:
            self._run.message(f"no finite numbers: {', '.join(bad)}", "warning")
        self._run.log({f"{name}/{key}": value for key, value in values.items()})
        with torch.no_grad():
            recipe.on_evaluation_end(self._run, name, results)

    def make_step_of(self, name: str, batch: Any) -> None:
        """The step of one batch, to see whether it fits; nothing comes of it."""
        self._recipe.net.eval()
        with torch.no_grad(), self._precision.autocast():
            self._step(name)(batch)

    def _step(self, name: str) -> Callable[[Any], Any]:
        return self._recipe.validation_step if name == "val" else self._recipe.test_step


def flattened(results: Mapping[str, Any]) -> dict[str, Tensor]:
    """Metrics by name; one that gives several by name (mean average precision) becomes several."""
    flat: dict[str, Tensor] = {}
    for name, value in results.items():
        several = value.items() if isinstance(value, Mapping) else [("", value)]
        flat |= {f"{name}/{key}" if key else name: torch.as_tensor(one) for key, one in several}
    return flat
