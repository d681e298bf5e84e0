"""All devices with the processes on them, and the queue with what each run in it waits for."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from workbench.errors import UsageError, WorkbenchError
from workbench.runs.folder import RunFolder
from workbench.runs.listing import RunSummary
from workbench.runs.state import status_of
from workbench.runs.states import State
from workbench.workers import devices, graphics, queue
from workbench.workers.devices import Device
from workbench.workers.graphics import Usage
from workbench.workers.tickets import Claim

# The driver and the host are asked this seldom; leases and tickets at every reading.
HARDWARE_INTERVAL_S = 2.0
# A share of busy time is never still: less than this much of it is no news.
UTILISATION_NEWS = 0.05


@dataclass(frozen=True)
class Process:
    """One that uses a device: a run's worker, or another program.

    Attributes:
        name: of the run, or what the other program calls itself.
        folder: of the run; None for other programs, and where its worker did not tell.
        state: of the run; None for other programs, and where it cannot be read.
        user: whose process it is, where it is no run; empty where that is not known.
        since: when it took the device, or began (seconds since 1970); 0 where that is not known.
        memory: bytes on the device; None where the driver does not tell.
    """

    pid: int
    name: str
    is_run: bool
    folder: RunFolder | None = None
    state: State | None = None
    user: str = ""
    since: float = 0.0
    memory: int | None = None


@dataclass(frozen=True)
class Busy:
    """A device at work; `utilisation` is 0 to 1, or None where it is not known."""

    device: Device
    utilisation: float | None = None
    processes: tuple[Process, ...] = ()


@dataclass(frozen=True)
class Waiting:
    """A run in the queue: its place, counted from 1, which devices would do, what is before it."""

    claim: Claim
    place: int
    devices: tuple[str, ...]
    obstacle: str
    folder: RunFolder | None = None
    state: State | None = None


@dataclass(frozen=True)
class Overview:
    """Everything at one moment; `fault` and `remedy` say why leases and queue cannot be read."""

    devices: tuple[Busy, ...] = ()
    queue: tuple[Waiting, ...] = ()
    fault: str = ""
    remedy: str = ""


class Overseer:
    """Reads it all again and again, in one thread at a time; a breath of the numbers is no news."""

    def __init__(self) -> None:
        self._read_at = 0.0
        self._devices: tuple[Device, ...] = ()
        self._usage: Mapping[str, Usage] = {}
        self._shown: dict[str, float] = {}

    def read(self, runs: Sequence[RunSummary] = ()) -> Overview:
        """How it is now; `runs` are those that are known already, which saves reading their records."""
        if not self._devices or time.monotonic() - self._read_at >= HARDWARE_INTERVAL_S:
            self._ask_hardware()
        known = _Known(runs)
        try:
            leases = {device.key: queue.leases(device) for device in self._devices}
            claims = queue.waiting()
        except UsageError as fault:
            return Overview(self._busy({}, known), (), fault.title, fault.remedy)
        return Overview(self._busy(leases, known), _queued(claims, self._devices, leases, known))

    def _ask_hardware(self) -> None:
        first = not self._devices
        before = {device.key: device for device in self._devices}
        self._devices = tuple(devices.steadied(before.get(d.key), d) for d in devices.devices())
        self._usage = graphics.usage()
        now = {key: one.utilisation for key, one in self._usage.items()}
        share = psutil.cpu_percent() / 100  # since the last time it was asked: the first tells nothing
        now["cpu"] = None if first else share
        self._shown = {
            key: _steady(self._shown.get(key), value) for key, value in now.items() if value is not None
        }
        self._read_at = time.monotonic()

    def _busy(self, leases: Mapping[str, Sequence[Claim]], known: _Known) -> tuple[Busy, ...]:
        return tuple(
            Busy(device, self._shown.get(device.key), self._processes(device, leases, known))
            for device in self._devices
        )

    def _processes(
        self, device: Device, leases: Mapping[str, Sequence[Claim]], known: _Known
    ) -> tuple[Process, ...]:
        """Those that hold it or train on it first, then other programs."""
        usage = self._usage.get(device.key)
        memory = {} if usage is None else dict(usage.memory)
        runs = [known.process(claim) for claim in leases.get(device.key, ())]
        if not device.slots:
            runs += known.on(device)
        owners = {pid: _owner(pid, {run.pid for run in runs}) for pid in memory}
        used = {
            run.pid: _total([memory[pid] for pid in memory if owners[pid] == run.pid]) for run in runs
        }
        foreign = [_foreign(pid, memory[pid], known) for pid in sorted(memory) if not owners[pid]]
        return (*(replace(run, memory=used[run.pid]) for run in runs), *foreign)


class _Known:
    """Living runs of this host, by the process that they are."""

    def __init__(self, runs: Sequence[RunSummary]) -> None:
        here = socket.gethostname()
        self._by_pid = {
            run.status.pid: run
            for run in runs
            if not run.status.state.ended and run.status.pid and run.status.host == here
        }

    def where(self, claim: Claim) -> tuple[RunFolder | None, State | None]:
        """Folder and state of the run that claims."""
        run = self._by_pid.get(claim.pid)
        if run is not None and run.name == claim.run:
            return run.folder, run.status.state
        folder = RunFolder(Path(claim.folder)) if claim.folder else None
        if folder is None or folder.name != claim.run or not folder.path.is_dir():
            return None, None
        try:
            return folder, status_of(folder).state
        except (OSError, WorkbenchError):
            return folder, None

    def process(self, claim: Claim) -> Process:
        """The run that holds a lease; what it last recorded may still be that it waits."""
        folder, state = self.where(claim)
        state = State.STARTING if state is State.QUEUED else state
        return Process(claim.pid, claim.run, is_run=True, folder=folder, state=state, since=claim.since)

    def on(self, device: Device) -> list[Process]:
        """The runs on a device that takes any number of them, and so leases it to nobody."""
        return [
            self._of(run)
            for run in sorted(self._by_pid.values(), key=lambda run: run.manifest.created)
            if run.status.device == device.name and run.status.state is not State.QUEUED
        ]

    def named(self, pid: int) -> Process | None:
        """The run whose worker has that number."""
        run = self._by_pid.get(pid)
        return None if run is None else self._of(run)

    def _of(self, run: RunSummary) -> Process:
        return Process(
            run.status.pid,
            run.name,
            is_run=True,
            folder=run.folder,
            state=run.status.state,
            since=_began(run.status.pid),
        )


def _queued(
    claims: Sequence[Claim],
    there: Sequence[Device],
    leases: Mapping[str, Sequence[Claim]],
    known: _Known,
) -> tuple[Waiting, ...]:
    names = {device.key: device.name for device in there}
    result = []
    for place, claim in enumerate(claims, 1):
        wanted = tuple(names.get(key, f"another device ({key})") for key in claim.keys)
        before = claims[: place - 1]
        reasons: dict[str, list[str]] = {}
        for key, name in zip(claim.keys, wanted, strict=True):
            reasons.setdefault(_reason(key, before, leases.get(key, ())), []).append(name)
        obstacle = "; ".join(f"{', '.join(some)}, {reason}" for reason, some in reasons.items())
        result.append(Waiting(claim, place, wanted, obstacle, *known.where(claim)))
    return tuple(result)


def _reason(key: str, before: Sequence[Claim], holding: Sequence[Claim]) -> str:
    first = next((other for other in before if key in other.keys), None)
    if first is not None:
        return f"after {first.run} in the queue"
    return f"held by {', '.join(one.run for one in holding)}" if holding else "which is being handed on"


def _steady(before: float | None, now: float) -> float:
    return now if before is None or abs(now - before) >= UTILISATION_NEWS else before


def _total(parts: Sequence[int | None]) -> int | None:
    told = [part for part in parts if part is not None]
    return sum(told) if told else None


def _owner(pid: int, workers: set[int]) -> int:
    """Which of the workers is this process, or started it; 0 for none."""
    if pid in workers:
        return pid
    with contextlib.suppress(psutil.Error):
        return next((one.pid for one in psutil.Process(pid).parents() if one.pid in workers), 0)
    return 0


def _foreign(pid: int, memory: int | None, known: _Known) -> Process:
    """What can be told of a process that holds no lease; it may be of another container."""
    run = known.named(pid)
    if run is not None:
        return replace(run, memory=memory)
    name, user = "", ""
    with contextlib.suppress(psutil.Error, KeyError):
        process = psutil.Process(pid)
        name = process.name()
        user = process.username()
    return Process(pid, name, is_run=False, user=user, since=_began(pid), memory=memory)


def _began(pid: int) -> float:
    with contextlib.suppress(psutil.Error):
        return float(psutil.Process(pid).create_time())
    return 0.0
