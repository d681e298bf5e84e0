"""Which numbers there are, each measured in a process of its own."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context

from benchmarks.measuring import Result

NAMES = (
    "listing",
    "tui_start",
    "first_step",
    "recording",
    "opening",
    "key_to_paint",
    "live_page",
    "many_runs",
    "study_page",
    "long_run",
    "step_overhead",
    "checkpoint_stall",
    "training_speed",
    "busy_machine",
    "tuning_overhead",
)
INSIDE_NAMES = ("probe_overhead", "inspect_moves", "inspect_painting")  # of looking into a network
LONG_NAMES = ("tuning_gain",)  # of many minutes
GPU_NAMES = ("gpu_small_nets", "gpu_resnet")
ALL = (*NAMES, *INSIDE_NAMES, *LONG_NAMES, *GPU_NAMES)


def measure_apart(name: str) -> Result:
    """The result of a benchmark, in a fresh process: it meets nothing that another one has imported."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_measure, name).result()


def _measure(name: str) -> Result:
    result: Result = import_module(f"benchmarks.{name}").measure()
    return result
