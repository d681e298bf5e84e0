"""Steps that are made to learn something from them, and then have not happened."""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from workbench.training import random_state
from workbench.training.averages import Averages
from workbench.training.trees import mapped

if TYPE_CHECKING:
    from workbench.training.stepping import Stepper

LEAST_TIMES, MOST_TIMES = 3, 50  # of what is timed to find its typical time


@contextmanager
def undone(stepper: Stepper) -> Iterator[None]:
    """Put weights, buffers, optimizers, scaler, averages and random states back at the end.

    They are kept on the host: a device that the training fills has no room for them.
    """
    net, scaler = stepper.recipe.net, stepper.precision.scaler
    tensors = list(chain(net.parameters(), net.buffers()))
    kept = [_on_host(tensor) for tensor in tensors]
    optimizers = mapped(stepper.optimizers.state_dict(), _on_host)
    scale = copy.deepcopy(scaler.state_dict())
    averages, stepper.averages = stepper.averages, Averages()
    randomness = random_state.capture()
    try:
        yield
    finally:
        with torch.no_grad():
            for tensor, before in zip(tensors, kept, strict=True):
                tensor.copy_(before)
                tensor.grad = None
        stepper.optimizers.load_state_dict(optimizers)
        if scaler.is_enabled():
            scaler.load_state_dict(scale)
        stepper.averages = averages
        stepper.guard.forget()
        random_state.restore(randomness)


def _on_host(leaf: Any) -> Any:
    """A copy of it that later steps do not change."""
    if isinstance(leaf, Tensor):
        return leaf.detach().to("cpu", copy=True)
    return copy.deepcopy(leaf)


def seconds(work: Callable[[], object], times: int, device: torch.device) -> float:
    """The mean time of `work` until the device is done with it."""
    _wait_for(device)
    began = time.perf_counter()
    for _ in range(times):
        work()
    _wait_for(device)
    return (time.perf_counter() - began) / times


def typical_seconds(work: Callable[[], object], device: torch.device, budget_s: float) -> float:
    """The median time of `work` over a budget, without the first half of its times.

    The first steps of a process are up to ten times slower, for seconds where other work is about.
    """
    times: list[float] = []
    end = time.perf_counter() + budget_s
    while len(times) < LEAST_TIMES or (time.perf_counter() < end and len(times) < MOST_TIMES):
        times.append(seconds(work, 1, device))
    return statistics.median(times[len(times) // 2 :])


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
