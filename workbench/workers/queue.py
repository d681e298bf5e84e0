"""First come, first served: leases on devices by file locks, and tickets for those who wait.

There is no scheduler process. A waiting worker holds a ticket, a working one a lease; the kernel gives
both up when their process dies.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from workbench.errors import WorkbenchError
from workbench.filelock import FileLock, LockHeldError, read_if_held
from workbench.workers import tickets
from workbench.workers.devices import Device
from workbench.workers.tickets import Claim, Ticket

POLL_S = 0.2


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
    folder: Path | None = None,
) -> Lease:
    """A lease on one of `wanted`, after all who are ahead in the queue for the same devices.

    `on_wait` is called with a sentence when there is something to wait for, and again when that
    changes; `give_up` is asked between two looks; `folder` is where the run is recorded.

    Raises:
        GaveUpError: when `give_up` says so.
    """
    unlimited = next((device for device in wanted if not device.slots), None)
    if unlimited is not None:
        return Lease(unlimited)
    claim = _claim_on(wanted, run, folder)
    ticket: Ticket | None = None
    said = ""
    try:
        while True:
            with tickets.mutex():
                path = None if ticket is None else ticket.find()
                if ticket is None or path is None:  # none yet, or somebody cleaned the folder
                    ticket = Ticket(claim)
                    continue
                lease, obstacle = _try(path.parent, wanted, claim, path)
                if lease is not None:
                    ticket.drop()  # with the lease, so that nobody is in both places
            if lease is not None:
                if give_up():  # asked in the last moment: it is still no run that has begun
                    lease.release()
                    raise GaveUpError(run)
                return lease
            if obstacle != said:
                on_wait(obstacle)
                said = obstacle
            if give_up():
                raise GaveUpError(run)
            time.sleep(POLL_S)
    finally:
        _leave(ticket)


def _claim_on(wanted: list[Device], run: str, folder: Path | None) -> Claim:
    place = b"" if folder is None else os.fsencode(folder)
    return Claim(
        run=run,
        pid=os.getpid(),
        keys=tuple(device.key for device in wanted),
        since=round(time.time(), 3),
        folder=place.decode(errors="replace"),
    )


def holders(device: Device) -> list[str]:
    """Names of the runs that hold a device now."""
    return [claim.run for claim in leases(device)]


def leases(device: Device) -> list[Claim]:
    """The claims of those that hold a device now."""
    files = _lease_files(tickets.leases_folder(), device)
    return [claim for path in files if (claim := tickets.claim_of(path))]


def waiting() -> list[Claim]:
    """Who waits, in the order of the queue."""
    return tickets.waiting()


def _leave(ticket: Ticket | None) -> None:
    if ticket is None or not ticket.held:
        return
    try:
        with tickets.mutex():
            ticket.drop()
    except WorkbenchError:
        ticket.release()


def _try(folder: Path, wanted: list[Device], claim: Claim, ticket: Path) -> tuple[Lease | None, str]:
    before = tickets.before(ticket)
    obstacle = ""
    for device in sorted(wanted, key=lambda d: -d.memory_free):
        first = next((other for other in before if device.key in other.keys), None)
        if first is not None:
            obstacle = obstacle or f"{device.name}, after {first.run} in the queue"
            continue
        for path in _lease_files(folder, device):
            if read_if_held(path) is None:
                lock = FileLock(path)
                begun = msgspec.structs.replace(claim, since=round(time.time(), 3))
                with contextlib.suppress(LockHeldError):
                    lock.acquire(msgspec.json.encode(begun), tickets.GLANCES_S)
                    return Lease(device, lock), ""
        obstacle = f"{device.name}, held by {', '.join(holders(device)) or 'another run'}"
    return None, obstacle


def _lease_files(folder: Path, device: Device) -> list[Path]:
    return [folder / f"{device.key}.{slot}.lease" for slot in range(device.slots)]
