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
from workbench.training.loop import Loop

TIMED_STEPS = 3


def rehearse(loop: Loop) -> str:
    """Make a few steps and one evaluation, and say what they showed."""
    shapes: dict[str, str] = {}
    batch = next(loop.batches())
    with _recorded_shapes(loop.recipe.net, shapes):
        began = time.perf_counter()
        loop.train_step(batch)
        first_s = time.perf_counter() - began
    step_s = _seconds_a_step(loop, batch)
    loop.rehearse_evaluation()
    total = loop.total_steps
    lines = [
        *_table(loop.recipe.net, shapes),
        "",
        f"device        {loop.device}",
        f"batch         {_shape(batch)}",
        f"first step    {units.duration(first_s)}, then {step_s * 1e3:.1f} ms a step",
        f"whole run     {total:,} steps, about {units.duration(total * step_s)} beside evaluation",
        f"peak memory   {units.size(_peak_memory(loop.device))}",
    ]
    return "\n".join(lines)


def _seconds_a_step(loop: Loop, batch: Any) -> float:
    began = time.perf_counter()
    for _ in range(TIMED_STEPS):
        loop.train_step(batch)
    if loop.device.type == "cuda":
        torch.cuda.synchronize(loop.device)
    return (time.perf_counter() - began) / TIMED_STEPS


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


def _shape(value: Any) -> str:
    if isinstance(value, Tensor):
        return "x".join(map(str, value.shape)) or "number"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_shape(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "(" + ", ".join(map(_shape, value)) + ")"
    return type(value).__name__


def _peak_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
