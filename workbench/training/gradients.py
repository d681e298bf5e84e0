"""From a loss to an update: backward, accumulation, scaling, clipping, the watch, the optimizer."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import torch
from torch import Tensor, nn

from workbench.errors import WorkbenchError
from workbench.training.guard import Guard
from workbench.training.optimizers import Closure, Optimizers, unfuse
from workbench.training.precision import Precision

Looks = Callable[[Tensor, torch.optim.Optimizer], None]

CLIP_EPSILON = 1e-6  # as torch.nn.utils.clip_grad_norm_ has it


class Minimizer:
    """What `minimize` does, in the loop's own step and in one that calls it itself.

    Attributes:
        minimized: the optimizers that were used in the batch at hand.
    """

    def __init__(
        self, optimizers: Optimizers, precision: Precision, guard: Guard, clip_norm: float
    ) -> None:
        self.minimized: list[str] = []
        self._looks: Looks | None = None  # instead of an update
        self._optimizers = optimizers
        self._precision = precision
        self._guard = guard
        self._clip_norm = clip_norm
        self._share = 1.0
        self._is_first = self._is_last = True
        self._batches_of: Counter[str] = Counter()
        self._unscaled: set[int] = set()  # optimizers whose gradients are, since the scale was set

    def begin(self, share: float = 1.0, *, is_first: bool = True, is_last: bool = True) -> None:
        """A batch begins that holds `share` of the step's samples; gradients gather up to the last."""
        self.minimized = []
        self._share, self._is_first, self._is_last = share, is_first, is_last
        if is_first:
            self._batches_of.clear()

    def finish(self, batches: int) -> None:
        """A step of so many batches ends.

        Raises:
            WorkbenchError: when an optimizer had some of them only.
        """
        if self._unscaled:
            self._unscaled.clear()
            self._precision.scaler.update()
        partly = [name for name, had in self._batches_of.items() if batches > 1 and had != batches]
        if partly:
            raise WorkbenchError(
                f"the step minimizes {partly[0] or 'its loss'} in some batches only, which cannot be "
                "accumulated",
                "set accumulate=1",
            )

    @contextmanager
    def only_looking(self, looks: Looks | None = None) -> Iterator[None]:
        """Within it nothing is updated: each loss goes to `looks`, with the optimizer it is for."""
        self._looks = looks or _not_at_all
        try:
            yield
        finally:
            self._looks = None

    def minimize(self, loss: Tensor | Closure, name: str = "") -> Tensor:
        """Step the named optimizer down the loss; the loss, detached.

        Raises:
            KeyError: naming the optimizers there are.
            NonFiniteError: where the loss or a gradient is no finite number.
        """
        if not torch.is_grad_enabled():
            raise WorkbenchError(
                "minimize was called while the network is only evaluated",
                "write a validation_step of your own: the default one calls training_step",
            )
        optimizer = self._optimizers.named(name)
        again = name in self.minimized
        self.minimized.append(name)
        if self._looks is not None:
            value = loss if isinstance(loss, Tensor) else loss()
            self._looks(value, optimizer)
            return value.detach()
        if not isinstance(loss, Tensor):
            return self._by_closure(optimizer, loss)
        if again and not (self._is_first and self._is_last):
            raise WorkbenchError(
                f"the step minimizes {name or 'its loss'} twice a batch, which cannot be accumulated",
                "set accumulate=1",
            )
        if again or not self._batches_of[name]:
            clear(optimizer)
        self._batches_of[name] += 1
        self.backward(loss, optimizer)
        if self._is_last:
            self.update(optimizer, self.prepare(optimizer, loss))
        else:
            self._guard.allows(loss, [])
        return loss.detach()

    def backward(self, loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
        """Gradients of this optimizer's weights alone, so that another network's stay as they are."""
        scaled = self._precision.scaler.scale(loss if self._share == 1 else loss * self._share)
        alone = len(self._optimizers.by_name) == 1
        with self._precision.outside():
            trained = [weight for weight in _weights(optimizer) if weight.requires_grad]
            torch.autograd.backward(scaled, inputs=None if alone else trained)

    def prepare(self, optimizer: torch.optim.Optimizer, loss: Tensor) -> bool:
        """Unscale, judge and clip the gradients; whether the update may be made."""
        scaler = self._precision.scaler
        if scaler.is_enabled():
            if id(optimizer) in self._unscaled:  # it makes a second step before the scale may change
                self.finish(1)
            self._unscaled.add(id(optimizer))
            scaler.unscale_(optimizer)
        gradients = _gradients(optimizer)
        allowed = self._guard.allows(loss, gradients)
        if self._clip_norm:
            clip(gradients, self._clip_norm)
        return allowed

    def update(self, optimizer: torch.optim.Optimizer, allowed: bool = True) -> None:
        """Step the optimizer over the gradients that are there."""
        if not allowed:
            return
        if self._precision.scaler.is_enabled():
            self._precision.scaler.step(optimizer)
            return
        found_inf = self._guard.found_inf
        if found_inf is not None and self._is_held(optimizer, found_inf):
            return
        optimizer.step()

    def _is_held(self, optimizer: torch.optim.Optimizer, found_inf: Tensor) -> bool:
        """Tell a fused update on the device; any other has to wait for the answer when skipping.

        When stopping, the weights only have to stay good until somebody asks: gradients of zero do.
        """
        if getattr(optimizer, "_step_supports_amp_scaling", False):
            optimizer.found_inf = found_inf  # type: ignore[attr-defined]
            return False
        if self._guard.mode == "skip":
            return bool(found_inf)
        for gradient in _gradients(optimizer):
            gradient.copy_(torch.where(found_inf > 0, 0.0, gradient))
        return False

    def _is_bad_closure(self) -> bool:
        """Whether a device noted something bad; an optimizer with closures waits for each loss anyway.

        Raises:
            NonFiniteError: in the mode stop.
        """
        self._guard.check()
        return self._guard.found_inf is not None and bool(self._guard.found_inf)

    def _by_closure(self, optimizer: torch.optim.Optimizer, closure: Closure) -> Tensor:
        if self._precision.scaler.is_enabled():
            raise WorkbenchError(
                f"{type(optimizer).__name__} evaluates the loss many times a step, which fp16 "
                "cannot scale",
                "use precision=bf16 or float32",
            )
        if not (self._is_first and self._is_last):
            raise WorkbenchError(
                f"{type(optimizer).__name__} cannot step over several batches", "set accumulate=1"
            )

        def evaluate() -> Tensor:
            clear(optimizer)
            value = closure()
            self.backward(value, optimizer)
            if not self.prepare(optimizer, value) or self._is_bad_closure():
                raise _SkippedError
            return value

        weights = _weights(optimizer)
        skips = self._guard.mode == "skip"
        before = [weight.detach().clone() for weight in weights] if skips else []
        state = copy.deepcopy(optimizer.state_dict()) if skips else {}
        try:
            return torch.as_tensor(optimizer.step(cast("Callable[[], float]", evaluate))).detach()
        except _SkippedError:
            with torch.no_grad():
                for weight, kept in zip(weights, before, strict=True):
                    weight.copy_(kept)
            optimizer.load_state_dict(state)
            return torch.tensor(float("nan"))


def _not_at_all(_loss: Tensor, _optimizer: torch.optim.Optimizer) -> None:
    """What is of no interest."""


class _SkippedError(Exception):
    """A closure's loss or gradient was not finite, and such a step is to be left out."""


def clip(gradients: Sequence[Tensor], largest_norm: float) -> None:
    """Scale the gradients so that their common norm is at most `largest_norm`.

    As torch.nn.utils.clip_grad_norm_ does (R. Pascanu et al., 2013).
    """
    if not gradients:
        return
    norms = torch._foreach_norm(list(gradients))
    norm = torch.linalg.vector_norm(torch.stack(norms))
    scale = (largest_norm / (norm + CLIP_EPSILON)).clamp(max=1.0)
    torch._foreach_mul_(list(gradients), scale)


def clear(optimizer: torch.optim.Optimizer) -> None:
    """Forget the gradients; without the bookkeeping of `zero_grad`, which small networks feel."""
    for weight in _weights(optimizer):
        weight.grad = None


def _weights(optimizer: torch.optim.Optimizer) -> list[nn.Parameter]:
    return [weight for group in optimizer.param_groups for weight in group["params"]]


def _gradients(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    """Those there are; of a sparse one its values, which hold all that can be wrong."""
    found = []
    for weight in _weights(optimizer):
        gradient = weight.grad
        if gradient is not None and gradient.is_sparse:
            unfuse(optimizer)
            weight.grad = gradient.coalesce()
            gradient = weight.grad.values()
        if gradient is not None:
            found.append(gradient)
    return found
