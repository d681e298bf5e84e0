"""The devices of this host, found without importing torch."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import psutil
import pynvml

from workbench.errors import UsageError

CPU_SLOTS_VARIABLE = "WORKBENCH_CPU_SLOTS"
# A host's free memory is never still: less than this share of all of it is no news.
MEMORY_NEWS_SHARE = 0.02


@dataclass(frozen=True)
class Device:
    """A place to train on.

    Attributes:
        name: as torch says it: `cpu`, `cuda:0`, `mps`.
        key: names the hardware, whatever this process calls it; leases are taken on it.
        slots: how many runs may hold it at once; 0 for any number.
        memory_total, memory_free: bytes; 0 where the driver does not tell.
    """

    name: str
    label: str
    key: str
    slots: int
    memory_total: int
    memory_free: int


def steadied(before: Device | None, now: Device) -> Device:
    """The device as it is now, with the free memory of before where that hardly changed."""
    if (
        before is None
        or abs(now.memory_free - before.memory_free) > MEMORY_NEWS_SHARE * now.memory_total
    ):
        return now
    return replace(now, memory_free=before.memory_free)


def devices() -> list[Device]:
    """What there is on this host, graphics processors first, the CPU last."""
    return [*_cuda(), *_mps(), _cpu()]


def candidates(asked: str) -> list[Device]:
    """The devices that would do for `auto`, `cuda` or the name of one, best first.

    Raises:
        UsageError: naming the devices there are.
    """
    there = devices()
    wanted = meant(asked, there)
    if not wanted:
        names = ", ".join(device.name for device in there)
        raise UsageError(f"there is no device {asked!r} on this host", f"there are: {names}, or auto")
    return wanted


def meant(asked: str, there: list[Device]) -> list[Device]:
    """Those of the devices `there` that would do, best first; empty where there is none of the name."""
    if asked == "auto":
        return [d for d in there if d.name.startswith("cuda")] or there[:1]
    return [d for d in there if asked in {d.name, d.name.partition(":")[0]}]


def cpu_slots() -> int:
    """How many runs may use the CPU at once: `$WORKBENCH_CPU_SLOTS`, 0 (any number) by default.

    Raises:
        UsageError: when the variable holds no whole number.
    """
    text = os.environ.get(CPU_SLOTS_VARIABLE, "0")
    if not re.fullmatch(r"\d+", text):
        raise UsageError(f"${CPU_SLOTS_VARIABLE} is {text!r}, which is no whole number")
    return int(text)


def _cpu() -> Device:
    memory = psutil.virtual_memory()
    label = f"{os.cpu_count()} cores"
    return Device("cpu", label, "cpu", cpu_slots(), memory.total, memory.available)


def _mps() -> Iterator[Device]:
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        memory = psutil.virtual_memory()
        yield Device("mps", "Apple graphics", "mps", 1, memory.total, memory.available)


def _cuda() -> Iterator[Device]:
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return  # no driver, so no CUDA device
    try:
        for index, handle in enumerate(visible_handles()):
            total, free = _memory(handle)
            yield Device(
                name=f"cuda:{index}",
                label=str(pynvml.nvmlDeviceGetName(handle)),
                key=str(pynvml.nvmlDeviceGetUUID(handle)),
                slots=1,
                memory_total=total,
                memory_free=free,
            )
    except pynvml.NVMLError:
        return  # a device that has no name any more has fallen off the bus, and CUDA stops there too
    finally:
        pynvml.nvmlShutdown()


def _memory(handle: object) -> tuple[int, int]:
    """All and the free memory; zeros where the driver does not tell (memory shared with the host)."""
    try:
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    except pynvml.NVMLError:
        return 0, 0
    return int(memory.total), int(memory.free)


def visible_handles() -> Iterator[object]:
    """Handles in the order in which CUDA numbers them: `$CUDA_VISIBLE_DEVICES` chooses and sorts."""
    count = pynvml.nvmlDeviceGetCount()
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    words = map(str, range(count)) if chosen is None else chosen.split(",")
    for word in (w.strip() for w in words):
        try:
            if word.isdigit():
                yield pynvml.nvmlDeviceGetHandleByIndex(int(word))
            else:
                yield pynvml.nvmlDeviceGetHandleByUUID(word)
        except pynvml.NVMLError:
            return  # as CUDA does: what follows an invalid entry is not visible
