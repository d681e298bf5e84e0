"""The lock that a living worker holds: how everyone else on this host knows that it lives."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from pathlib import Path

import msgspec

from workbench import filelock

HEARTBEAT_S = 5.0
ACQUIRE_PATIENCE_S = 1.0

LockHeldError = filelock.LockHeldError


class Holder(msgspec.Struct, frozen=True):
    """Who wrote the lock file last, and when it was last heard of (seconds since 1970)."""

    pid: int
    host: str
    seen: float = 0.0


class RunLock:
    """Held from `acquire` until `release` or the death of this process, however it comes.

    A thread touches the file every few seconds, so that hosts which cannot see the lock (a copy, a
    network drive) still see a heartbeat.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = filelock.FileLock(path)
        self._done = threading.Event()

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            LockHeldError: when another process keeps it for longer than a reader's glance.
        """
        text = msgspec.json.encode(Holder(pid=os.getpid(), host=socket.gethostname()))
        self._lock.acquire(text, ACQUIRE_PATIENCE_S)
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def release(self) -> None:
        self._done.set()
        self._lock.release()

    def _beat(self) -> None:
        while not self._done.wait(HEARTBEAT_S):
            with contextlib.suppress(OSError):  # the folder may be deleted under a living worker
                os.utime(self.path)


def holder(path: Path) -> Holder | None:
    """Who holds the lock now, or None when nobody on this host does."""
    text = filelock.read_if_held(path)
    if text is None:
        return None
    return _decode(text, 0.0) or Holder(pid=0, host=socket.gethostname())


def last_holder(path: Path) -> Holder | None:
    """Who held the lock last, with the time of its last heartbeat; None where nobody ever did."""
    try:
        return _decode(path.read_bytes(), path.stat().st_mtime)
    except OSError:
        return None


def _decode(text: bytes, seen: float) -> Holder | None:
    try:
        return msgspec.structs.replace(msgspec.json.decode(text, type=Holder), seen=seen)
    except ValueError:
        return None  # between truncation and writing
