"""Memory of this process, in megabytes (1e6 bytes)."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path

import psutil


def resident_mb() -> float:
    """What is resident now."""
    return float(psutil.Process().memory_info().rss) / 1e6


def peak_mb() -> float:
    """The most that was ever resident.

    Linux carries `getrusage`'s number over from the process that started this one, so its own is
    read where there is one.
    """
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    if found:
        return int(found[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
