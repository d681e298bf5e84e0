"""What the driver tells of graphics processors: how busy they are, and who uses them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pynvml

from workbench.workers.devices import visible_handles


@dataclass(frozen=True)
class Usage:
    """One graphics processor at work.

    Attributes:
        utilisation: 0 to 1; None where the driver does not tell.
        memory: by process number, bytes; None where the driver does not tell.
    """

    utilisation: float | None
    memory: dict[int, int | None]


def usage() -> dict[str, Usage]:
    """By the key of each visible graphics processor; empty where there is no driver."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return {}
    try:
        return {str(pynvml.nvmlDeviceGetUUID(handle)): _usage(handle) for handle in visible_handles()}
    except pynvml.NVMLError:
        return {}  # one has fallen off the bus
    finally:
        pynvml.nvmlShutdown()


def _usage(handle: object) -> Usage:
    utilisation = None
    with contextlib.suppress(pynvml.NVMLError):
        utilisation = float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu) / 100
    memory: dict[int, int | None] = {}
    for list_processes in (
        pynvml.nvmlDeviceGetGraphicsRunningProcesses,
        pynvml.nvmlDeviceGetComputeRunningProcesses,
    ):
        memory.update(_memory(list_processes, handle))
    return Usage(utilisation, memory)


def _memory(
    list_processes: Callable[[object], Any], handle: object
) -> Iterator[tuple[int, int | None]]:
    with contextlib.suppress(pynvml.NVMLError):  # not every card and driver has both kinds
        for process in list_processes(handle):
            used = process.usedGpuMemory
            yield int(process.pid), None if used is None else int(used)
