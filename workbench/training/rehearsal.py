"""A training's first batch: shapes of its layers, sizes, memory, time a step and of the whole."""

from __future__ import annotations

import resource
import sys
import time
from typing import Any

import torch

from workbench.params import Value
from workbench.rehearsal import Layer, Rehearsal
from workbench.training.loop import Loop
from workbench.training.trees import shape_text
from workbench.training.trials import typical_seconds

TIMING_S = 1.0
SAFE_SHARE = 0.9  # of the free memory: pieces of it cannot be used


def rehearse(loop: Loop) -> Rehearsal:
    """Make a few steps and one evaluation, and tell what they showed."""
    group = next(loop.groups())
    loop.run.meter.step = 1  # steps count from 1, for who is told of one
    began = time.perf_counter()
    loop.train_step(group)
    first_s = time.perf_counter() - began
    step_s = typical_seconds(lambda: loop.train_step(group), loop.device, TIMING_S)
    loop.check_guard()
    loop.rehearse_evaluation()
    peak_bytes = _peak_memory(loop.device)  # before the layers: looking at them takes some itself
    return Rehearsal(
        layers=_layers(loop, group[0]),
        weights=sum(weight.numel() for weight in loop.recipe.net.parameters()),
        device=str(loop.device),
        batch=_batch(group),
        first_step_s=first_s,
        step_s=step_s,
        steps=loop.total_steps,
        peak_memory_bytes=peak_bytes,
        fitting_batch=_largest_batch(loop),
    )


def _layers(loop: Loop, batch: Any) -> tuple[Layer, ...]:
    """What one batch shows; its step is not made where the recipe leaves that to the loop."""
    from workbench.debugging.layers import recorded_layers  # noqa: PLC0415 - which builds upon training

    loop.recipe.net.train()
    with recorded_layers(loop.recipe.net) as layers:
        if loop.stepper.minimizes_itself:
            loop.train_step([batch])
        else:
            loop.stepper.forward(batch)
    return tuple(layers)


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


def _batch(group: list[Any]) -> str:
    """Shapes of a step's batch, and how many of them it has where they are several."""
    one = shape_text(group[0])
    return one if len(group) == 1 else f"{len(group)} times {one}"


def _peak_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
