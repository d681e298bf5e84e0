"""A training's first batch: shapes of its layers, sizes, memory, time a step and of the whole."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from workbench.params import Value
from workbench.rehearsal import Layer, Rehearsal
from workbench.training.loop import Loop
from workbench.training.trials import typical_seconds

TIMING_S = 1.0
SAFE_SHARE = 0.9  # of the free memory: pieces of it cannot be used


def rehearse(loop: Loop) -> Rehearsal:
    """Make a few steps and one evaluation, and tell what they showed."""
    shapes: dict[str, str] = {}
    group = next(loop.groups())
    loop.run.meter.step = 1  # steps count from 1, for who is told of one
    with _recorded_shapes(loop.recipe.net, shapes):
        began = time.perf_counter()
        loop.train_step(group)
        first_s = time.perf_counter() - began
    step_s = typical_seconds(lambda: loop.train_step(group), loop.device, TIMING_S)
    loop.check_guard()
    loop.rehearse_evaluation()
    return Rehearsal(
        layers=tuple(_layers(loop.recipe.net, shapes)),
        weights=sum(weight.numel() for weight in loop.recipe.net.parameters()),
        device=str(loop.device),
        batch=_batch(group),
        first_step_s=first_s,
        step_s=step_s,
        steps=loop.total_steps,
        peak_memory_bytes=_peak_memory(loop.device),
        fitting_batch=_largest_batch(loop),
    )


def fitting_batch_size(loop: Loop) -> dict[str, Value]:
    """After memory ran out: half the batch, and half of that, until a step was made; empty if none."""
    size = int(loop.recipe.params.batch_size)
    while size > 1:
        size //= 2
        for weight in loop.recipe.net.parameters():
            weight.grad = None
        if loop.device.type == "cuda":
            torch.cuda.empty_cache()
        try:
            return {"batch_size": size} if loop.make_step_of(size) else {}
        except (RuntimeError, MemoryError):
            continue
    return {}


def _largest_batch(loop: Loop) -> int:
    """On a CUDA device, the batch that fills it, from what one and half a batch take; else 0."""
    if loop.device.type != "cuda":
        return 0
    size = int(loop.recipe.params.batch_size)
    whole, half = (_peak_of(loop, batch_size) for batch_size in (size, max(size // 2, 1)))
    free, _all = torch.cuda.mem_get_info(loop.device)
    a_sample = (whole - half) / max(size - size // 2, 1)
    if not whole or a_sample <= 0:
        return 0
    room = free + torch.cuda.memory_reserved(loop.device) - whole
    return size + int(SAFE_SHARE * room / a_sample)


def _peak_of(loop: Loop, batch_size: int) -> int:
    torch.cuda.reset_peak_memory_stats(loop.device)
    made = loop.make_step_of(batch_size)
    return torch.cuda.max_memory_allocated(loop.device) if made else 0


@contextmanager
def _recorded_shapes(net: nn.Module, shapes: dict[str, str]) -> Iterator[None]:
    """Forward hooks on every leaf module, removed at the end whatever happens."""

    def hook(name: str) -> Any:
        def record(_module: nn.Module, _inputs: Any, output: Any) -> None:
            shapes[name] = _shape(output)

        return record

    leaves = [(name, module) for name, module in net.named_modules() if not any(module.children())]
    handles = [module.register_forward_hook(hook(name or "net")) for name, module in leaves]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _layers(net: nn.Module, shapes: dict[str, str]) -> Iterator[Layer]:
    modules = dict(net.named_modules())
    for name, shape in shapes.items():
        module = modules.get(name, net)
        count = sum(weight.numel() for weight in module.parameters())
        yield Layer(name, type(module).__name__, shape, count)


def _batch(group: list[Any]) -> str:
    """Shapes of a step's batch, and how many of them it has where they are several."""
    one = _shape(group[0])
    return one if len(group) == 1 else f"{len(group)} times {one}"


def _shape(value: Any) -> str:
    if isinstance(value, Tensor):
        return "x".join(map(str, value.shape)) or "number"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_shape(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "(" + ", ".join(map(_shape, value)) + ")"
    return "none" if value is None else type(value).__name__


def _peak_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
