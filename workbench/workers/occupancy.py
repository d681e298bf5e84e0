"""Who holds each device and who waits for it: what a launch would meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.errors import UsageError
from workbench.workers import devices, queue
from workbench.workers.devices import Device


@dataclass(frozen=True)
class Occupied:
    """A device as it is now.

    Attributes:
        holders: names of the runs that hold it; never any where it takes any number of runs.
        waiting: names of those that would take it, first come first.
    """

    device: Device
    holders: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """A run would get it at once."""
        slots = self.device.slots
        return not slots or (len(self.holders) < slots and not self.waiting)


def survey() -> tuple[Occupied, ...]:
    """All devices of this host with their holders and their queues.

    Where leases cannot be read, nobody seems to hold anything; a launch tells the reason.
    """
    there = devices.devices()
    try:
        claims = queue.waiting()
        return tuple(
            Occupied(
                device,
                tuple(queue.holders(device)),
                tuple(claim.run for claim in claims if device.key in claim.keys),
            )
            for device in there
        )
    except UsageError:
        return tuple(Occupied(device) for device in there)


def wanted(asked: str, there: Sequence[Occupied]) -> list[Occupied]:
    """Those that would do for `auto`, `cuda` or the name of one, best first."""
    by_name = {one.device.name: one for one in there}
    return [by_name[d.name] for d in devices.meant(asked, [one.device for one in there])]


def ahead(asked: str, there: Sequence[Occupied]) -> tuple[str, ...]:
    """Runs that hold or wait for all that would do; empty where a run would begin at once."""
    would_do = wanted(asked, there)
    if any(one.is_open for one in would_do):
        return ()
    names = [name for one in would_do for name in (*one.holders, *one.waiting)]
    return tuple(dict.fromkeys(names))
