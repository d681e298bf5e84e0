"""Means over the batches of a log interval or a split, kept on the device until they are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from workbench.errors import WorkbenchError


class Averages:
    """Means of named values, weighted by the samples of each batch.

    Sums stay on the device, so that adding to them never waits for it.
    """

    def __init__(self) -> None:
        self._sums: dict[str, Any] = {}
        self._weights: dict[str, Any] = {}

    def add(self, values: Mapping[str, Any], samples: int, counts: Tensor | bool = True) -> None:
        """Add a batch's values: tensors of one element, or numbers; nothing where it does not count.

        Raises:
            WorkbenchError: naming the value that is neither.
        """
        if counts is False:
            return
        for name, value in values.items():
            number, weight = _number(name, value), samples * counts
            if isinstance(counts, Tensor):  # told on the device, which is not waited for
                number = torch.where(counts, number, 0.0)
            self._sums[name] = self._sums.get(name, 0.0) + number * samples
            self._weights[name] = self._weights.get(name, 0) + weight

    def take(self) -> dict[str, float]:
        """The means so far; counting starts anew. What nothing was counted for is left out."""
        weights = {name: float(weight) for name, weight in self._weights.items()}
        means = {
            name: float(total) / weights[name] for name, total in self._sums.items() if weights[name]
        }
        self._sums, self._weights = {}, {}
        return means

    def state_dict(self) -> dict[str, Any]:
        return {"sums": dict(self._sums), "weights": dict(self._weights)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._sums = dict(state["sums"])
        self._weights = dict(state["weights"])


def _number(name: str, value: Any) -> Tensor | float:
    if isinstance(value, Tensor):
        if value.numel() == 1:
            return value.detach().reshape(())  # [1] of a checkpoint and [1] on a device do not add
        what = f"a tensor of the shape {tuple(value.shape)}"
    else:
        try:
            return float(value)
        except (TypeError, ValueError):
            what = type(value).__name__
    raise WorkbenchError(
        f"{name!r}, which a step returned, is no number but {what}",
        "reduce it to one number, as with .mean(), or leave it out",
    )
