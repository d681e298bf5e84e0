"""A lock on a file that the kernel releases at any death of its holder."""

from __future__ import annotations

import fcntl
import os
import time
import weakref
from pathlib import Path

GLANCE_S = 0.02
MOST_BYTES = 16_384  # of a text that is read

_held: weakref.WeakSet[FileLock] = weakref.WeakSet()


class LockHeldError(OSError):
    """Another process holds the lock."""


class FileLock:
    """An exclusive flock on `path`, whose text says who holds it.

    A forked child (a DataLoader's worker) does not inherit it: else it would outlive its holder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = -1

    @property
    def held(self) -> bool:
        return self._file >= 0

    def acquire(self, text: bytes = b"", patience_s: float = 0.0) -> None:
        """Take the lock and write `text` into the file.

        Raises:
            LockHeldError: when another process still has it after `patience_s` seconds.
        """
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        deadline = time.monotonic() + patience_s
        while not try_flock(file, fcntl.LOCK_EX):
            if time.monotonic() >= deadline:
                os.close(file)
                raise LockHeldError(f"{self.path} is held by another process")
            time.sleep(GLANCE_S)
        os.ftruncate(file, 0)
        os.pwrite(file, text, 0)
        self._file = file
        _held.add(self)

    def is_at(self, path: Path) -> bool:
        """Whether the file that is locked is to be found there now."""
        try:
            return self.held and os.path.samestat(os.fstat(self._file), path.stat())
        except OSError:
            return False

    def release(self) -> None:
        """Let go; nothing happens where nothing is held."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def try_flock(file: int, operation: int) -> bool:
    """Whether the lock could be had at once."""
    try:
        fcntl.flock(file, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_if_held(path: Path) -> bytes | None:
    """The text of a lock file that some process holds now; None where nobody does."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return None if try_flock(file, fcntl.LOCK_SH) else os.pread(file, MOST_BYTES, 0)
    finally:
        os.close(file)


def _forget_in_child() -> None:
    for lock in list(_held):
        lock.release()


os.register_at_fork(after_in_child=_forget_in_child)
