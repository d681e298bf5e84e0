"""One step of a training: the recipe's own step on each of its batches, then the update."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from workbench.training import diagnosis
from workbench.training.averages import Averages
from workbench.training.cuda_graphs import GraphedBatch
from workbench.training.data import batch_length
from workbench.training.gradients import Minimizer
from workbench.training.guard import Guard, NonFiniteError
from workbench.training.optimizers import Optimizers
from workbench.training.precision import Precision
from workbench.training.values import loss_of, named

if TYPE_CHECKING:
    from workbench.training.recipe import Training

LEAST_SCALE = 1.0  # torch begins with 65,536 and halves it at each overflow


class Stepper:
    """Makes a recipe's steps.

    Attributes:
        averages: of the values that steps returned since they were last taken.
        graph: the captured step, where one was found to be faster.
        minimizes_itself: the recipe's step calls `minimize`.
        last_values: what the last batch's step returned, by name.
    """

    def __init__(self, recipe: Training, optimizers: Optimizers, device: torch.device) -> None:
        params = recipe.params
        self.recipe = recipe
        self.device = device
        self.optimizers = optimizers
        self.precision = Precision(params.precision, device)
        scaled = self.precision.scaler.is_enabled()
        self.guard = Guard(params.on_nan, device, scaled=scaled, waits=device.type == "cpu")
        self.minimizer = Minimizer(optimizers, self.precision, self.guard, params.clip_norm)
        self.averages = Averages()
        self.graph: GraphedBatch | None = None
        self.minimizes_itself = False
        self.last_values: Mapping[str, Any] = {}

    def step(self, number: int, batches: Sequence[Any]) -> None:
        """Step `number` over its batches, whose gradients are weighted by their samples.

        Raises:
            NonFiniteError: naming the layer, where a loss or gradient is no finite number.
        """
        self.guard.begin(number)
        buffers = list(self.recipe.net.buffers()) if self.guard.mode == "skip" else []
        before = [buffer.clone() for buffer in buffers]
        sizes = [batch_length(batch) for batch in batches]
        for index, (batch, size) in enumerate(zip(batches, sizes, strict=True)):
            share = size / sum(sizes)
            self.minimizer.begin(share, is_first=index == 0, is_last=index == len(batches) - 1)
            try:
                values = self._values(batch)
            except NonFiniteError as fault:
                raise self.located(fault, batch) from None
            self.last_values = {name: _detached(value) for name, value in values.items()}
            self.averages.add(values, size, self.guard.counts())
        self.minimizer.finish(len(batches))
        _put_back(buffers, before, self.guard.counts())
        self.recipe.after_step()

    def check_scale(self, step: int) -> None:
        """Scaling hides a gradient that is bad whatever the scale; the scale then falls and falls.

        Raises:
            NonFiniteError: in the mode stop, when no scale is small enough.
        """
        scaler = self.precision.scaler
        if self.guard.mode == "stop" and scaler.is_enabled() and scaler.get_scale() < LEAST_SCALE:
            raise NonFiniteError(step, "gradient", "infinite or NaN at any scale of fp16")

    def located(self, fault: NonFiniteError, batch: Any) -> NonFiniteError:
        """The same fault with the layer in which it begins, found by looking at the step again."""
        place = diagnosis.first_bad_place(self, batch)
        return NonFiniteError(fault.step, fault.what, fault.value, place, self.optimizers.lr)

    def _values(self, batch: Any) -> Mapping[str, Any]:
        if self.graph is not None and self.graph.fits(batch):
            return self.graph.replay(batch)
        values = self.forward(batch)
        self.minimizes_itself = bool(self.minimizer.minimized)
        if not self.minimizes_itself:
            self._minimize_for(batch, loss_of(values))
        return values

    def forward(self, batch: Any) -> dict[str, Any]:
        """What the recipe's step returns, by name."""
        with self.precision.autocast():
            return named(self.recipe.training_step(batch))

    def _minimize_for(self, batch: Any, loss: Tensor) -> None:
        if not self.optimizers.is_lbfgs:
            self.minimizer.minimize(loss)
            return
        known: Iterator[Tensor] = iter([loss])

        def again() -> Tensor:
            first = next(known, None)
            return loss_of(self.forward(batch)) if first is None else first

        self.minimizer.minimize(again)


def _detached(value: Any) -> Any:
    """Without the graph behind it, which would outlive the step and keep its memory."""
    return value.detach() if isinstance(value, Tensor) else value


def _put_back(buffers: Sequence[Tensor], before: Sequence[Tensor], counts: Tensor | bool) -> None:
    """Running means and the like as they were, where the step does not count."""
    for buffer, kept in zip(buffers, before, strict=True):
        if isinstance(counts, Tensor):
            buffer.copy_(torch.where(counts, buffer, kept))
        elif not counts:
            buffer.copy_(kept)
