"""A training's first batch: table of shapes, sizes, memory, time a step and of the whole."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from workbench import units
from workbench.params import Value
from workbench.training.loop import Loop
from workbench.training.trials import seconds

TIMED_STEPS = 3
SAFE_SHARE = 0.9  # of the free memory: pieces of it cannot be used


def rehearse(loop: Loop) -> str:
    """Make a few steps and one evaluation, and say what they showed."""
    shapes: dict[str, str] = {}
    group = next(loop.groups())
    loop.run.meter.step = 1  # steps count from 1, for who is told of one
    with _recorded_shapes(loop.recipe.net, shapes):
        began = time.perf_counter()
        loop.train_step(group)
        first_s = time.perf_counter() - began
    step_s = seconds(lambda: loop.train_step(group), TIMED_STEPS, loop.device)
    loop.check_guard()
    loop.rehearse_evaluation()
    total = loop.total_steps
    lines = [
        *_table(loop.recipe.net, shapes),
        "",
        f"device        {loop.device}",
        f"batch         {_batch(group)}",
        f"first step    {units.duration(first_s)}, then {step_s * 1e3:.1f} ms a step",
        f"whole run     {total:,} steps, about {units.duration(total * step_s)} beside evaluation",
        f"peak memory   {units.size(_peak_memory(loop.device))}",
        *_largest_batch(loop),
    ]
    return "\n".join(lines)


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


def _largest_batch(loop: Loop) -> Iterator[str]:
    """On a CUDA device, the batch that fills it, from what one and half a batch take."""
    if loop.device.type != "cuda":
        return
    size = int(loop.recipe.params.batch_size)
    whole, half = (_peak_of(loop, batch_size) for batch_size in (size, max(size // 2, 1)))
    free, _all = torch.cuda.mem_get_info(loop.device)
    a_sample = (whole - half) / max(size - size // 2, 1)
    if whole and a_sample > 0:
        room = free + torch.cuda.memory_reserved(loop.device) - whole
        yield f"fits          a batch of about {size + int(SAFE_SHARE * room / a_sample):,}"


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


def _table(net: nn.Module, shapes: dict[str, str]) -> Iterator[str]:
    modules = dict(net.named_modules())
    yield f"{'layer':<24}{'type':<20}{'output':<24}{'parameters':>12}"
    for name, shape in shapes.items():
        module = modules.get(name, net)
        count = sum(weight.numel() for weight in module.parameters())
        kind = type(module).__name__
        yield f"{name[:23]:<24}{kind[:19]:<20}{shape[:23]:<24}{count:>12,}"
    total = sum(weight.numel() for weight in net.parameters())
    yield f"{'total':<68}{total:>12,}"


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
