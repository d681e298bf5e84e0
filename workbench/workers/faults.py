"""Turns whatever ended a run into its last record: what happened, and what to change."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Mapping

from workbench.errors import FaultKind, WorkbenchError
from workbench.params import Value
from workbench.runs import events
from workbench.runs.recorder import now
from workbench.workers.loading import RecipeError

_OUT_OF_MEMORY_WORDS = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
)
_DEVICE_BUSY_WORDS = ("devices are busy or unavailable", "device-side busy")


def describe(
    fault: BaseException, step: int, run: str, parameters: Mapping[str, Value]
) -> events.Failed:
    """The record of a failure at `step`; the user's own faults come without a traceback.

    `run` is the run's name, and `parameters` those that hold now.
    """
    trace = "".join(traceback.format_exception(fault))
    if isinstance(fault, WorkbenchError):
        return events.Failed(
            time=now(),
            step=step,
            title=fault.title,
            remedy=fault.remedy,
            kind=fault.kind,
            exception=type(fault).__name__,
            traceback=fault.trace if isinstance(fault, RecipeError) else "",
        )
    kind, title, remedy = _told_apart(fault, run, parameters)
    return events.Failed(
        time=now(),
        step=step,
        title=title,
        remedy=remedy,
        kind=kind,
        exception=type(fault).__name__,
        traceback=trace,
    )


def is_out_of_memory(fault: BaseException) -> bool:
    """Whether a device's or the host's memory ran out; torch says it in several ways."""
    if isinstance(fault, MemoryError) or type(fault).__name__ == "OutOfMemoryError":
        return True
    return isinstance(fault, RuntimeError) and any(w in str(fault) for w in _OUT_OF_MEMORY_WORDS)


def _told_apart(
    fault: BaseException, run: str, parameters: Mapping[str, Value]
) -> tuple[FaultKind, str, str]:
    name, text = type(fault).__name__, str(fault).partition("\n")[0]
    if is_out_of_memory(fault):
        return (
            "out_of_memory",
            f"out of memory: {text or name}",
            smaller(f"workbench resume {run}", parameters),
        )
    if isinstance(fault, OSError) and fault.errno in {errno.ENOSPC, errno.EDQUOT}:
        where = f" ({fault.filename})" if fault.filename else ""
        return "disk_full", f"the disk is full{where}", f"make room, then: workbench resume {run}"
    if any(words in text for words in _DEVICE_BUSY_WORDS):
        return "error", f"another program has the device: {text}", "free it, or choose another --device"
    return "error", f"{name}: {text}" if text else name, "the traceback names the line"


def smaller(call: str, parameters: Mapping[str, Value]) -> str:
    """What to do where memory ran out and nobody knows what would fit; `call` takes parameters."""
    size = parameters.get("batch_size")
    if isinstance(size, int) and size > 1:
        return f"halve the batch: {call} batch_size={size // 2}"
    return "make the model or its input smaller, or free memory on the device"
