"""Writes checkpoints in a thread of its own, so that a run's steps go on meanwhile."""

from __future__ import annotations

import errno
import os
import queue
import shutil
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from workbench.runs.folder import aside

NICENESS = 10  # of the thread that writes; 19 would be the most


class CheckpointFiles(Protocol):
    """Copies, writes and reads a checkpoint's state; the record of a run does not know how."""

    def reserve(self, state: Mapping[str, Any]) -> Callable[[], None]:
        """What makes the memory ready that a snapshot of such a state takes; any thread may call it."""

    def snapshot(self, state: Mapping[str, Any]) -> Mapping[str, Any]:
        """A copy of `state` that later steps do not change, if it can be kept in a checkpoint."""

    def write(self, path: Path, state: Mapping[str, Any]) -> None:
        """Write `state` to `path` and flush it to the disk."""

    def read(self, path: Path) -> dict[str, Any]:
        """The state of a checkpoint, weights only."""


@dataclass(frozen=True)
class Job:
    """A checkpoint to be written, and what is to be done when it is there.

    `names` are the files that become this checkpoint: all of them are one file on the disk, and the
    last one is put in place last.
    """

    folder: Path
    names: tuple[str, ...]
    state: Mapping[str, Any]
    done: Callable[[], None]


class CheckpointWriter:
    """One thread, begun with the first job; at most one job waits while another is written."""

    def __init__(self, files: CheckpointFiles) -> None:
        self._files = files
        self._jobs: queue.Queue[Callable[[], None]] = queue.Queue(maxsize=1)
        self._thread: threading.Thread | None = None
        self._fault: BaseException | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a checkpoint is being written or waits for it."""
        return self._jobs.unfinished_tasks > 0

    def submit(self, job: Job) -> None:
        """Have a job done soon; waits only where two others are not done yet.

        Raises:
            OSError: that met an earlier job, as when the disk is full.
        """
        self._do(lambda: put_in_place(self._files, job))

    def reserve(self, state: Mapping[str, Any]) -> None:
        """Have memory made ready for jobs of such a state, so that not even the first one stalls."""
        self._do(self._files.reserve(state))

    def wait(self) -> None:
        """Return when all checkpoints are on the disk.

        Raises:
            OSError: that met one of them.
        """
        self._jobs.join()
        self.raise_fault()

    def raise_fault(self) -> None:
        """Raise what met an earlier job, once."""
        fault, self._fault = self._fault, None
        if fault is not None:
            raise fault

    def _do(self, work: Callable[[], None]) -> None:
        self.raise_fault()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="checkpoints", daemon=True)
            self._thread.start()
        self._jobs.put(work)

    def _work(self) -> None:
        _give_way()
        while True:
            work = self._jobs.get()
            try:
                work()
            except BaseException as fault:  # noqa: BLE001 - the training's thread raises it
                self._fault = fault
            finally:
                self._jobs.task_done()


def _give_way() -> None:
    """Let the steps have the processor first; on Linux, where a thread has a priority of its own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def put_in_place(files: CheckpointFiles, job: Job) -> None:
    """Write a job's file aside and give it all its names; whatever fails, the earlier files stay."""
    first = aside(job.folder / job.names[-1])
    try:
        files.write(first, job.state)
        for name in job.names[:-1]:
            _link(first, job.folder / name)
        first.replace(job.folder / job.names[-1])
    except BaseException:
        first.unlink(missing_ok=True)
        raise
    job.done()


def _link(file: Path, name: Path) -> None:
    """Make `name` another name of `file`, or a copy where the file system knows no links."""
    beside = aside(name)
    beside.unlink(missing_ok=True)
    try:
        os.link(file, beside)
    except OSError as fault:
        if fault.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.EXDEV, errno.EMLINK}:
            raise
        shutil.copyfile(file, beside)
    beside.replace(name)
