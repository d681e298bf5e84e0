"""The named pipes between a crew and its workers: which run is next, and that one has ended."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import shutil
import weakref
from pathlib import Path

BELL = "bell"
READ_BYTES = 65_536

_open: weakref.WeakSet[Inbox] = weakref.WeakSet()


class Inbox:
    """A worker's end: opened before its first run, so that the crew sees the worker's death.

    A forked child (a DataLoader's worker) does not inherit it: else it would outlive its worker.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._read = b""
        _open.add(self)

    def ring(self) -> None:
        """Tell the crew that a run has ended; it may be gone."""
        with contextlib.suppress(OSError):
            bell = os.open(self._path.with_name(BELL), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                os.write(bell, b"!")
            finally:
                os.close(bell)

    def next(self) -> Path | None:
        """Wait for the folder of the next run; None when the crew has no more, or died."""
        while b"\n" not in self._read:
            select.select([self._file], [], [])
            block = os.read(self._file, READ_BYTES)
            if not block:
                return None
            self._read += block
        line, _, self._read = self._read.partition(b"\n")
        return Path(os.fsdecode(line))

    def close(self) -> None:
        """Let go; nothing happens where that was done before."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

    def leave(self) -> None:
        """Close it, so that nothing more is sent here; and remove what a crew that died left behind."""
        self.close()
        clear_away(self._path.parent)


def clear_away(folder: Path) -> None:
    """Remove the pipes of a crew, unless it lives: then it has its bell open."""
    try:
        os.close(os.open(folder / BELL, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except FileNotFoundError:  # it is about to be made, or removed by somebody else
        return
    except OSError as fault:
        if fault.errno == errno.ENXIO:
            shutil.rmtree(folder, ignore_errors=True)


class Outbox:
    """The crew's end of one worker's pipe."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path, 0o600)
        # Reads too, so that the pipe stays open until the worker has opened it.
        self._file = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._was_opened = False

    def send(self, folder: Path) -> bool:
        """Hand a run to a worker that has the pipe open; false where it is gone."""
        self._has_been_opened()
        try:
            os.write(self._file, os.fsencode(folder) + b"\n")
        except BrokenPipeError:
            return False
        return True

    def is_broken(self) -> bool:
        """Whether the worker is gone; before it was sent anything that is not known."""
        if not self._was_opened:
            return False
        state = select.poll()
        state.register(self._file, 0)
        return any(events & select.POLLERR for _, events in state.poll(0))

    def close(self) -> None:
        """The worker leaves after its run."""
        os.close(self._file)
        self.path.unlink(missing_ok=True)

    def _has_been_opened(self) -> None:
        if not self._was_opened:
            writing = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.close(self._file)  # from now on the worker alone reads
            self._file, self._was_opened = writing, True


class Bell:
    """What workers ring when a run has ended."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / BELL
        os.mkfifo(self._path, 0o600)
        self._file = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def wait(self, timeout_s: float) -> None:
        """Until it rings, or the time is over."""
        if select.select([self._file], [], [], timeout_s)[0]:
            try:
                os.read(self._file, READ_BYTES)
            except OSError as fault:  # pragma: no cover - nobody else reads it
                if fault.errno != errno.EAGAIN:
                    raise

    def close(self) -> None:
        os.close(self._file)
        self._path.unlink(missing_ok=True)


def _forget_in_child() -> None:
    for inbox in list(_open):
        inbox.close()


os.register_at_fork(after_in_child=_forget_in_child)
