"""Workers that stay: each is handed one run after the other, without a fork and an import for each."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from workbench.runs.folder import RunFolder
from workbench.workers.calling import start_worker
from workbench.workers.pipes import Bell, Outbox, clear_away
from workbench.workers.standby import Standby

FOLDER_PREFIX = "workbench-crew-"


@dataclass
class _Seat:
    """A worker with its pipe, and the run that it was given; None while it has none."""

    outbox: Outbox
    number: int
    run: Path | None = None


class Crew:
    """Starts runs in workers that have ended one before, and in new ones where none is free.

    A worker whose run failed leaves, and so does one that was sent a signal; a dead one is replaced.
    All leave when the crew closes or its process dies, after the run they are at. Where the system has
    no named pipes, every run has a worker of its own.
    """

    def __init__(self, standby: Standby, made: int = 0) -> None:
        """`made` is how many workers earlier crews had: those of this one are counted on."""
        self._standby = standby
        self._seats: list[_Seat] = []
        self._made = made
        self._worker_of: dict[Path, int] = {}
        for left in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
            clear_away(left)  # of crews that were killed with all of their workers
        self._folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
        self._bell: Bell | None = None
        with contextlib.suppress(OSError, AttributeError):
            self._bell = Bell(self._folder)

    def start(self, folder: RunFolder) -> None:
        """Let a worker begin with the run.

        Raises:
            WorkbenchError: when no process could be started.
        """
        for seat in [seat for seat in self._seats if seat.run is None]:
            seat.run = folder.path
            self._worker_of[folder.path] = seat.number
            if seat.outbox.send(folder.path.resolve()):
                return
            self._give_up(seat)
        standby = self._standby if self._standby.ready else None
        self._made += 1
        self._worker_of[folder.path] = self._made
        if self._bell is None:
            start_worker(folder, standby)
            return
        outbox = Outbox(self._folder / f"worker-{self._made}")
        seat = _Seat(outbox, self._made, folder.path)
        try:
            start_worker(folder, standby, jobs=seat.outbox.path)
        except BaseException:
            seat.outbox.close()
            raise
        self._seats.append(seat)

    def worker_of(self, folder: RunFolder) -> int:
        """Which worker has the run, counted from 1; 0 for a run that has none of them."""
        return self._worker_of.get(folder.path, 0)

    def ended(self, folder: RunFolder, *, stays: bool) -> None:
        """The run has ended; its worker is free for the next one, or leaves."""
        self._worker_of.pop(folder.path, None)
        for seat in [seat for seat in self._seats if seat.run == folder.path]:
            seat.run = None
            if not stays:
                self._give_up(seat)

    def has_lost(self, folder: RunFolder) -> bool:
        """Whether the run was handed to a worker that has died since; it has no worker now."""
        for seat in [seat for seat in self._seats if seat.run == folder.path]:
            if seat.outbox.is_broken():
                self._give_up(seat)
                return True
        return False

    def wait(self, timeout_s: float) -> None:
        """Until a run has ended, or the time is over."""
        if self._bell is None:
            time.sleep(timeout_s)
        else:
            self._bell.wait(timeout_s)

    def close(self) -> None:
        """Let all leave."""
        for seat in list(self._seats):
            self._give_up(seat)
        if self._bell is not None:
            self._bell.close()
            self._bell = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _give_up(self, seat: _Seat) -> None:
        self._seats.remove(seat)
        seat.outbox.close()
