"""First come, first served: leases on devices by file locks, and tickets for those who wait.

There is no scheduler process. A waiting worker holds a ticket, a working one a lease; the kernel gives
both up when their process dies.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from workbench import paths
from workbench.errors import UsageError
from workbench.filelock import FileLock, LockHeldError, read_if_held
from workbench.workers.devices import Device

POLL_S = 0.2
MUTEX_PATIENCE_S = 30.0


class Claim(msgspec.Struct, frozen=True):
    """The text of a lease or a ticket: which run, which process, which devices would do."""

    run: str
    pid: int
    keys: tuple[str, ...]
    since: float = 0.0


@dataclass
class Lease:
    """A device that is ours until `release` or the death of this process; `cpu` needs no lock."""

    device: Device
    lock: FileLock | None = None

    def release(self) -> None:
        if self.lock is not None:
            self.lock.release()


class GaveUpError(Exception):
    """Whoever waited was told to wait no longer."""


def acquire(
    wanted: list[Device],
    run: str,
    *,
    on_wait: Callable[[str], None],
    give_up: Callable[[], bool],
) -> Lease:
    """A lease on one of `wanted`, after all who came before for the same devices.

    `on_wait` is called with a sentence when there is something to wait for, and again when that
    changes; `give_up` is asked between two looks.

    Raises:
        GaveUpError: when `give_up` says so.
    """
    unlimited = next((device for device in wanted if not device.slots), None)
    if unlimited is not None:
        return Lease(unlimited)
    folder = _folder()
    keys = tuple(device.key for device in wanted)
    claim = Claim(run=run, pid=os.getpid(), keys=keys, since=round(time.time(), 3))
    ticket = FileLock(folder / f"{time.time_ns():020d}-{os.getpid()}.ticket")
    ticket.acquire(msgspec.json.encode(claim))
    said = ""
    try:
        while True:
            with _mutex(folder):
                lease, obstacle = _try(folder, wanted, claim, ticket.path)
            if lease is not None:
                return lease
            if obstacle != said:
                on_wait(obstacle)
                said = obstacle
            if give_up():
                raise GaveUpError(run)
            time.sleep(POLL_S)
    finally:
        ticket.path.unlink(missing_ok=True)
        ticket.release()


def holders(device: Device) -> list[str]:
    """Names of the runs that hold a device now."""
    return [claim.run for path in _lease_files(_folder(), device) if (claim := _claim(path))]


def waiting() -> list[Claim]:
    """Who waits, in the order of the queue."""
    return [claim for path in _tickets(_folder()) if (claim := _claim(path))]


def _try(folder: Path, wanted: list[Device], claim: Claim, ticket: Path) -> tuple[Lease | None, str]:
    before = [c for path in _tickets(folder) if path.name < ticket.name and (c := _claim(path))]
    obstacle = ""
    for device in sorted(wanted, key=lambda d: -d.memory_free):
        first = next((other for other in before if device.key in other.keys), None)
        if first is not None:
            obstacle = obstacle or f"{device.name}, after {first.run} in the queue"
            continue
        for path in _lease_files(folder, device):
            lock = FileLock(path)
            with contextlib.suppress(LockHeldError):
                lock.acquire(msgspec.json.encode(claim))
                return Lease(device, lock), ""
        obstacle = f"{device.name}, held by {', '.join(holders(device)) or 'another run'}"
    return None, obstacle


def _folder() -> Path:
    folder = paths.leases_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as fault:
        raise UsageError(
            f"devices cannot be leased in {folder}: {fault.strerror or fault}",
            f"give a folder that can be written to with ${paths.LEASES_VARIABLE}",
        ) from None
    if folder.stat().st_uid != os.getuid():
        raise UsageError(
            f"{folder} belongs to another user, so no device can be leased safely",
            f"give a folder of your own with ${paths.LEASES_VARIABLE}",
        )
    return folder


@contextlib.contextmanager
def _mutex(folder: Path) -> Iterator[None]:
    lock = FileLock(folder / "mutex")
    lock.acquire(patience_s=MUTEX_PATIENCE_S)
    try:
        yield
    finally:
        lock.release()


def _tickets(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.ticket"))


def _lease_files(folder: Path, device: Device) -> list[Path]:
    return [folder / f"{device.key}.{slot}.lease" for slot in range(device.slots)]


def _claim(path: Path) -> Claim | None:
    """What a living process claims with this file; None where its process is gone."""
    text = read_if_held(path)
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=Claim)
    except msgspec.MsgspecError:
        return None  # being written
