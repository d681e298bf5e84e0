"""Ends a worker that does not leave by itself: SIGTERM, then SIGKILL, and the proof that it is gone."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from enum import StrEnum

import psutil

from workbench import units
from workbench.errors import WorkbenchError
from workbench.runs import lock
from workbench.runs.folder import RunFolder
from workbench.runs.saved import saved
from workbench.runs.state import Status
from workbench.tuning.study import is_study
from workbench.workers import devices, queue

PATIENCE_S = 10.0  # between two rungs: longer than most steps and most checkpoints take


class Rung(StrEnum):
    """What comes after a request to stop; each is harder than the one before."""

    TERMINATE = "SIGTERM"
    KILL = "SIGKILL"


@dataclass(frozen=True)
class Worker:
    """A process that no other can be taken for: its number and when it began (seconds since 1970)."""

    pid: int
    began: float


@dataclass(frozen=True)
class Offer:
    """A rung for one worker, and what it costs, in words."""

    worker: Worker
    rung: Rung
    cost: str


def offer(folder: RunFolder, rung: Rung) -> Offer:
    """What the rung would do to the run's worker as it is now.

    Raises:
        WorkbenchError: when no worker of the run lives on this host.
    """
    return Offer(worker_of(folder), rung, _cost(folder, rung))


def take(folder: RunFolder, offered: Offer) -> None:
    """Send the signal, to the very process that it was offered for and to no other.

    Raises:
        WorkbenchError: when that process is not the run's worker any more, or another user's.
    """
    if worker_of(folder) != offered.worker:
        raise WorkbenchError(
            f"another worker has {folder.name} now; nothing was sent",
            "look at what it does, and ask it to stop",
        )
    try:
        process = psutil.Process(offered.worker.pid)
        if process.create_time() != offered.worker.began:
            raise psutil.NoSuchProcess(offered.worker.pid)
        # psutil compares the time of its start once more, right before the signal.
        if offered.rung is Rung.KILL:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        raise _gone(folder) from None
    except psutil.AccessDenied:
        raise _foreign(folder, offered.worker.pid) from None


def worker_of(folder: RunFolder) -> Worker:
    """The process on this host that holds the run's lock.

    Raises:
        WorkbenchError: when there is none, it is on another host, or another user's.
    """
    holding = lock.holder(folder.lock_file)
    if holding is None:
        last = lock.last_holder(folder.lock_file)
        if last is not None and last.host != socket.gethostname():
            raise _elsewhere(folder, last)
        raise _gone(folder)
    if holding.host != socket.gethostname():
        raise _elsewhere(folder, holding)
    try:
        process = psutil.Process(holding.pid)
        worker = Worker(holding.pid, process.create_time())
        # In another container of this host the same number is another process.
        is_worker = any(_same(folder, file.path) for file in process.open_files())
    except (psutil.NoSuchProcess, ValueError):
        raise _gone(folder) from None
    except psutil.AccessDenied:
        raise _foreign(folder, holding.pid) from None
    if not is_worker:
        raise WorkbenchError(
            f"process {holding.pid} is not the worker of {folder.name}; nothing was sent",
            "the worker runs in a container of its own: end it from there",
        )
    return worker


def free_again(folder: RunFolder, status: Status) -> str:
    """Proof, after a run's end, that its device is free, in a sentence; empty where it is not yet."""
    if lock.holder(folder.lock_file) is not None:
        return ""
    device = next((one for one in devices.devices() if one.name == status.device), None)
    worker = f"worker {status.pid} is gone" if status.pid else "the worker is gone"
    if device is None:
        return f"{worker}; it held no device of this host"
    holders = queue.holders(device)
    if folder.name in holders:
        return ""
    if holders:
        return f"{worker}; {device.name} has gone on to {', '.join(holders)}"
    return f"{worker}; {device.name} is free again: nobody holds a lease on it"


def _cost(folder: RunFolder, rung: Rung) -> str:
    if is_study(folder):
        if rung is Rung.TERMINATE:
            return "Its trials at work stop with a checkpoint, and it leaves."
        return (
            "The driver ends at once; its trials at work train to their end without it. "
            "Nothing is lost: continued, the study takes them over."
        )
    if rung is Rung.TERMINATE:
        return "The worker finishes its step, writes a checkpoint and leaves."
    written = max((one.written for one in saved(folder, ())), default=None)
    if written is None:
        return "The worker ends at once. There is no checkpoint: all that it learned is lost."
    old = units.duration(max(time.time() - written, 0.0))
    return f"The worker ends at once. The last checkpoint is {old} old; what came after it is lost."


def _same(folder: RunFolder, path: str) -> bool:
    return path == str(folder.lock_file.resolve())


def _gone(folder: RunFolder) -> WorkbenchError:
    return WorkbenchError(f"{folder.name} has no worker any more; nothing was sent")


def _elsewhere(folder: RunFolder, holder: lock.Holder) -> WorkbenchError:
    return WorkbenchError(
        f"the worker of {folder.name} is on {holder.host}; no signal reaches it from here",
        f"there: workbench stop {folder.name} --kill",
    )


def _foreign(folder: RunFolder, pid: int) -> WorkbenchError:
    return WorkbenchError(
        f"process {pid}, the worker of {folder.name}, belongs to another user; nothing was sent",
        "ask its owner to stop it",
    )
