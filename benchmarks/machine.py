"""What the numbers were measured on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

import psutil
import pynvml

PACKAGES = (
    "torch", "torchvision", "textual", "plotext", "numpy", "msgspec", "tensorboard", "lightning",
    "skorch", "pexpect", "pyte",
)  # fmt: skip


def describe() -> dict[str, str]:
    """Processor, memory, system, versions, and how busy the machine is now."""
    packages = [f"{name} {version}" for name in PACKAGES if (version := _version(name))]
    return {
        "Processor": in_short(len(cores())),
        "Memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
        "System": platform.platform(),
        "Python": platform.python_version(),
        "Packages": ", ".join(packages),
        **_gpu(),
        "Load average before": ", ".join(f"{load:.2f}" for load in os.getloadavg()),
    }


def in_short(count: int, device: str = "cpu") -> str:
    """The processor and how many of its cores were used, or the graphics processor."""
    gpu = _gpu().get("GPU", "") if device.startswith("cuda") else ""
    return gpu or f"{_processor()}, {count} cores"


def cores() -> list[int]:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _gpu() -> dict[str, str]:
    """The CUDA device, where there is one; asked without importing torch."""
    try:
        pynvml.nvmlInit()
        name = pynvml.nvmlDeviceGetName(pynvml.nvmlDeviceGetHandleByIndex(0))
    except pynvml.NVMLError:
        return {}
    return {"GPU": name}


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
