"""Tickets of those who wait for a device: the names of their files are the order of the queue."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

import msgspec

from workbench import paths
from workbench.errors import UsageError, WorkbenchError
from workbench.filelock import FileLock, LockHeldError, read_if_held

MUTEX_PATIENCE_S = 30.0
# Whoever reads who holds a file locks it for a moment: it is nobody's all the same.
GLANCES_S = 1.0
_GAP = 1_000_000_000  # between two numbers, where there is a choice; a number is in ns since 1970
_READINGS = 3
_TICKET = re.compile(r"(?P<number>\d+)-(?P<pid>\d+)\.ticket")

Where = Literal["up", "down", "first"]
WAYS: tuple[Where, ...] = get_args(Where)


class Claim(msgspec.Struct, frozen=True):
    """The text of a lease or a ticket: which run, which process, which devices would do.

    Attributes:
        since: when the wait, or the lease, began (seconds since 1970).
        folder: where the run is recorded; empty where its worker did not tell.
    """

    run: str
    pid: int
    keys: tuple[str, ...]
    since: float = 0.0
    folder: str = ""


class Ticket:
    """A place in the queue until `drop` or the death of this process.

    `move` may give its file another name at any time, so that it is known by what it is and not by
    where it was. To be used under the mutex.
    """

    def __init__(self, claim: Claim) -> None:
        folder = leases_folder()
        _sweep(folder)
        number = max([time.time_ns(), *(_number(path) + 1 for path in _files(folder))])
        self._lock = FileLock(_named(folder, number, claim.pid))
        self._lock.acquire(msgspec.json.encode(claim), GLANCES_S)

    @property
    def held(self) -> bool:
        return self._lock.held

    def find(self) -> Path | None:
        """Its file as it is named now; None where somebody has removed it."""
        path = self._lock.path
        if not self._lock.is_at(path):
            found = next((one for one in _files(path.parent) if self._lock.is_at(one)), None)
            if found is None:
                return None
            self._lock.path = found
        return self._lock.path

    def drop(self) -> None:
        """Give the place up, whoever stands at the name that it once had."""
        path = self.find()
        if path is not None:
            path.unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        """Give the place up without the mutex: the file stays, and is nobody's."""
        self._lock.release()


def leases_folder() -> Path:
    """The folder of leases and tickets, made where it is missing.

    Raises:
        UsageError: when it cannot be made or used, or is another user's.
    """
    folder = paths.leases_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        owner = folder.stat().st_uid
    except OSError as fault:
        raise _unusable(folder, fault.strerror or str(fault)) from None
    if owner != os.getuid():
        raise UsageError(
            f"{folder} belongs to another user, so no device can be leased safely",
            f"give a folder of your own with ${paths.LEASES_VARIABLE}",
        )
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise _unusable(folder, "no permission to read and write there")
    return folder


@contextlib.contextmanager
def mutex() -> Iterator[Path]:
    """Nobody else takes a device, a ticket or another place meanwhile; gives the folder of leases.

    Raises:
        WorkbenchError: when somebody else has kept it for half a minute.
    """
    folder = leases_folder()
    lock = FileLock(folder / "mutex")
    try:
        lock.acquire(patience_s=MUTEX_PATIENCE_S)
    except LockHeldError:
        raise WorkbenchError(
            f"the queue for devices is locked by another process: {lock.path}",
            "a worker that was halted while it looked may hold it: let it go on, or end it",
        ) from None
    except OSError as fault:
        raise _unusable(folder, fault.strerror or str(fault)) from None
    try:
        yield folder
    finally:
        lock.release()


def before(ticket: Path) -> list[Claim]:
    """The living who are ahead of a ticket."""
    ahead = [path for path in _files(ticket.parent) if path.name < ticket.name]
    return [claim for path in ahead if (claim := claim_of(path))]


def waiting() -> list[Claim]:
    """Who waits, in the order of the queue."""
    folder = leases_folder()
    for _ in range(_READINGS):
        names = _files(folder)
        claims = [claim for path in names if (claim := claim_of(path))]
        if _files(folder) == names:  # else somebody was given another place while this was read
            break
    return claims


def move(claim: Claim, where: Where) -> int:
    """Give one who waits another place; the place that it has now, counted from 1.

    Raises:
        UsageError: when it does not wait any more.
        WorkbenchError: when the queue cannot be changed now.
    """
    with mutex() as folder:
        queue = [(path, found) for path in _files(folder) if (found := claim_of(path))]
        at = next((index for index, (_, found) in enumerate(queue) if found == claim), None)
        if at is None:
            raise UsageError(
                f"{claim.run} does not wait for a device any more, so it was not moved",
                "it has started or ended meanwhile",
            )
        to = {"up": max(at - 1, 0), "down": min(at + 1, len(queue) - 1), "first": 0}[where]
        if to != at:
            files = [path for path, _ in queue]
            try:
                _place(files.pop(at), files, to)
            except OSError as fault:
                raise _unusable(folder, fault.strerror or str(fault)) from None
    return to + 1


def claim_of(path: Path) -> Claim | None:
    """What a living process claims with this file; None where its process is gone."""
    text = read_if_held(path)
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=Claim)
    except msgspec.MsgspecError:
        return None  # being written


def _place(file: Path, others: list[Path], to: int) -> None:
    """Let `file` come right before the one that is at `to` among the others.

    A single rename in nearly all cases: who reads without the mutex never misses anybody.
    """
    low = _number(others[to - 1]) if to else _number(others[0]) - 2 * _GAP
    high = _number(others[to]) if to < len(others) else low + 2 * _GAP
    middle = (low + high) // 2
    if low < middle < high:
        _renumber(file, middle)
        return
    # No number is left between two neighbours. The last one first: the order holds at every moment.
    order = [*others[:to], file, *others[to:]]
    start = max(map(_number, order))
    for index, one in reversed(list(enumerate(order, 1))):
        _renumber(one, start + index * _GAP)


def _renumber(file: Path, number: int) -> None:
    file.rename(_named(file.parent, number, int(_part(file, "pid"))))


def _sweep(folder: Path) -> None:
    """Remove the tickets of the dead; under the mutex nobody is between making and locking one."""
    for path in _files(folder):
        if read_if_held(path) is None:
            path.unlink(missing_ok=True)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.ticket") if _TICKET.fullmatch(path.name))


def _named(folder: Path, number: int, pid: int) -> Path:
    return folder / f"{number:020d}-{pid}.ticket"


def _number(path: Path) -> int:
    return int(_part(path, "number"))


def _part(path: Path, name: str) -> str:
    found = _TICKET.fullmatch(path.name)
    assert found is not None  # `_files` gives no others
    return found[name]


def _unusable(folder: Path, reason: str) -> UsageError:
    return UsageError(
        f"devices cannot be leased in {folder}: {reason}",
        f"give a folder that can be written to with ${paths.LEASES_VARIABLE}",
    )
