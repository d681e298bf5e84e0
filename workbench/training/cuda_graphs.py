"""CUDA graphs: the kernels of a step recorded once and started again in one call.

A small network's step takes the host longer to start than the device to compute. Recorded are the
recipe's step, its gradients and their checks; the optimizer's update, which is one kernel, follows
outside, so that learning rate and weight decay stay free.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from workbench.training import gradients
from workbench.training.trees import leaves, mapped, tensors_in
from workbench.training.trials import seconds, undone
from workbench.training.values import loss_of

if TYPE_CHECKING:
    from workbench.training.stepping import Stepper

WARM_UP_STEPS = 3  # libraries choose and allocate in the first steps, which cannot be recorded
TIMED_STEPS = 20
LONGEST_STEP_S = 0.02  # above it the host is far ahead of the device anyway
LEAST_GAIN = 1.05
LOSS_TOLERANCE = 0.2  # means over the timed steps; a step that depends on Python's state is far off


class GraphedBatch:
    """A step on batches of one shape, recorded with its own copy of the batch."""

    def __init__(self, stepper: Stepper, batch: Any) -> None:
        self._stepper = stepper
        self._optimizer = stepper.optimizers.named("")
        self._batch = mapped(batch, _own)
        self._shapes = _shapes(batch)
        self._graph = torch.cuda.CUDAGraph()
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP_STEPS):
                self._work()
        torch.cuda.current_stream().wait_stream(stream)
        gradients.clear(self._optimizer)
        # Other threads, which pin memory and write checkpoints, may use CUDA meanwhile.
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            self._values = self._work()
        self._found_inf = stepper.guard.found_inf
        weights = [w for group in self._optimizer.param_groups for w in group["params"]]
        self._gradients = [(w, w.grad) for w in weights if w.grad is not None]

    def fits(self, batch: Any) -> bool:
        """Whether `batch` has the shapes that were recorded; the last of an epoch often has not."""
        return _shapes(batch) == self._shapes

    def replay(self, batch: Any) -> Mapping[str, Tensor]:
        """One step; its values are overwritten by the next."""
        for recorded, fresh in zip(tensors_in(self._batch), tensors_in(batch), strict=True):
            recorded.copy_(fresh, non_blocking=True)
        self._graph.replay()
        for weight, gradient in self._gradients:
            weight.grad = gradient
        stepper = self._stepper
        stepper.guard.found_inf = self._found_inf
        allowed = True
        if stepper.precision.scaler.is_enabled():
            allowed = stepper.minimizer.prepare(self._optimizer, self._values["loss"])
        stepper.minimizer.update(self._optimizer, allowed)
        return self._values

    def _work(self) -> dict[str, Any]:
        stepper = self._stepper
        stepper.guard.found_inf = None  # what an earlier pass noted is no part of this one
        gradients.clear(self._optimizer)
        values = stepper.forward(self._batch)
        loss = loss_of(values)
        stepper.minimizer.backward(loss, self._optimizer)
        if not stepper.precision.scaler.is_enabled():
            stepper.minimizer.prepare(self._optimizer, loss)
        return {name: value.detach() for name, value in values.items()}


def choose(stepper: Stepper, batch: Any, say: Callable[[str], None]) -> None:
    """Give the stepper a recorded step if that is faster on this batch, and say what was found."""
    with undone(stepper):
        eager_s, eager_loss = _tried(stepper, batch)
        reason = _what_forbids(stepper, batch, eager_s)
    if reason:
        say(f"no CUDA graph: {reason}")
        return
    try:
        with undone(stepper), _same_stream():
            graph = GraphedBatch(stepper, batch)
        stepper.graph = graph
        with undone(stepper):
            graph_s, graph_loss = _tried(stepper, batch)
    except RuntimeError as fault:  # what a recording forbids, and memory that ran out, are of this kind
        stepper.graph = None
        say(f"no CUDA graph: {str(fault).partition(chr(10))[0]}")
        return
    if not abs(graph_loss - eager_loss) <= LOSS_TOLERANCE * max(abs(eager_loss), 1e-3):
        stepper.graph = None
        say(f"no CUDA graph: replayed, the step's loss is {graph_loss:.4g}, not {eager_loss:.4g}")
    elif eager_s < LEAST_GAIN * graph_s:
        stepper.graph = None
        say(f"no CUDA graph: {graph_s * 1e3:.2f} ms a step with it, {eager_s * 1e3:.2f} without")
    else:
        say(f"CUDA graph: {graph_s * 1e3:.2f} ms a step instead of {eager_s * 1e3:.2f}")


def _tried(stepper: Stepper, batch: Any) -> tuple[float, float]:
    """Seconds a step on one batch, and the mean loss of the timed steps; NaN where none counted."""
    number = 1
    for _ in range(WARM_UP_STEPS):
        stepper.step(number, [batch])
    stepper.averages.take()
    once_s = seconds(lambda: stepper.step(number, [batch]), 1, stepper.device)
    times = TIMED_STEPS if once_s < 2 * LONGEST_STEP_S else 1  # long ones need no mean
    step_s = seconds(lambda: stepper.step(number, [batch]), times, stepper.device)
    return step_s, stepper.averages.take().get("loss", math.nan)


@contextmanager
def _same_stream() -> Iterator[None]:
    """A recording that failed leaves its own stream behind, where nothing waits for what comes next."""
    stream = torch.cuda.current_stream()
    try:
        yield
    finally:
        torch.cuda.set_stream(stream)


def _what_forbids(stepper: Stepper, batch: Any, eager_s: float) -> str:
    if stepper.minimizes_itself:
        return "the step minimizes its losses itself"
    if stepper.optimizers.is_lbfgs:
        return "lbfgs evaluates the loss as often as it wants"
    if eager_s > LONGEST_STEP_S:
        return f"a step takes {eager_s * 1e3:.0f} ms, most of it on the device"
    others = [leaf for leaf in leaves(batch) if not _is_block(leaf)]
    if others:
        return f"the batch holds a {type(others[0]).__name__} that cannot be copied in place"
    if not all(map(_is_block, stepper.recipe.net.buffers())):
        return "the network holds sparse tensors"
    returned = stepper.last_values
    numbers = [name for name, value in returned.items() if not isinstance(value, Tensor)]
    return f"the step returns {numbers[0]!r} as a plain number" if numbers else ""


def _is_block(leaf: Any) -> bool:
    return leaf is None or (isinstance(leaf, Tensor) and leaf.layout == torch.strided)


def _own(leaf: Any) -> Any:
    return leaf.clone() if isinstance(leaf, Tensor) else leaf


def _shapes(batch: Any) -> list[tuple[torch.Size, torch.dtype]]:
    return [(tensor.shape, tensor.dtype) for tensor in tensors_in(batch)]
