"""Devices with the processes on them, and the queue with what is before each run."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import psutil
import pytest

from workbench.errors import UsageError
from workbench.filelock import FileLock
from workbench.runs.folder import Manifest, RecipeReference, RunFolder
from workbench.runs.listing import RunSummary
from workbench.runs.state import Status
from workbench.runs.states import State
from workbench.workers import devices, graphics, overview, queue, tickets
from workbench.workers.devices import Device
from workbench.workers.graphics import Usage
from workbench.workers.overview import Overseer
from workbench.workers.tickets import Claim, Ticket

CARDS = [Device(f"cuda:{n}", "A card", f"GPU-{n}", 1, 80_000, 70_000) for n in (0, 1)]
CPU = Device("cpu", "2 cores", "cpu", 0, 64_000, 32_000)
ASLEEP = "import time; time.sleep(600)"
HOLDS = """
import sys, time
from workbench.workers import queue
from workbench.workers.devices import Device
card = Device("cuda:0", "A card", "GPU-0", 1, 80_000, 70_000)
queue.acquire([card], "run-0001", on_wait=print, give_up=lambda: False)
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> dict[str, Usage]:
    """Two cards and a CPU; what is put in here is what the driver tells."""
    usage: dict[str, Usage] = {}
    monkeypatch.setattr(devices, "devices", lambda: [*CARDS, CPU])
    monkeypatch.setattr(graphics, "usage", lambda: dict(usage))
    return usage


@pytest.fixture
def stranger() -> Iterator[int]:
    """A process that holds no lease."""
    process = subprocess.Popen([sys.executable, "-c", ASLEEP])
    yield process.pid
    process.kill()
    process.wait()


def take(run: str, *keys: str) -> Ticket:
    with tickets.mutex():
        return Ticket(Claim(run, os.getpid(), keys, 1.0))


def hold(device: Device, run: str) -> queue.Lease:
    return queue.acquire([device], run, on_wait=pytest.fail, give_up=lambda: False)


def test_runs_come_first_then_programs_that_hold_no_lease(
    there: dict[str, Usage], stranger: int
) -> None:
    nobody = 2**22 + 1
    there["GPU-0"] = Usage(0.5, {os.getpid(): 4_000, nobody: None, stranger: 9_000})
    lock = FileLock(tickets.leases_folder() / "GPU-0.0.lease")
    lock.acquire(msgspec.json.encode(Claim("run-0001", stranger, ("GPU-0",), 5.0)))
    first, second, cpu = Overseer().read().devices
    run, other, unknown = first.processes
    assert (run.name, run.pid, run.is_run, run.memory) == ("run-0001", stranger, True, 9_000)
    assert run.since == 5.0
    assert run.state is None  # its worker did not tell where it is recorded
    assert (other.pid, other.is_run, other.memory) == (os.getpid(), False, 4_000)
    assert other.name == psutil.Process().name()
    assert other.user == psutil.Process().username()
    assert other.since == psutil.Process().create_time()
    assert (unknown.pid, unknown.name, unknown.since) == (nobody, "", 0.0)
    assert first.utilisation == 0.5
    assert (second.processes, second.utilisation, cpu.processes) == ((), None, ())
    lock.release()


@pytest.mark.usefixtures("there")
def test_a_holder_that_has_not_begun_yet_is_starting_and_waits_no_more(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run-0001")
    manifest = Manifest(name="run-0001", recipe=RecipeReference(id="a/b", file=""))
    status = Status(state=State.QUEUED, pid=os.getpid(), host=socket.gethostname(), device="cpu")
    known = RunSummary(folder, manifest, status)
    lease = hold(CARDS[0], "run-0001")
    card, _, cpu = Overseer().read([known]).devices
    (run,) = card.processes
    assert (run.folder, run.state) == (folder, State.STARTING)
    assert cpu.processes == ()  # it waits for the CPU and is not on it
    lease.release()
    at_work = replace(known, status=replace(status, state=State.RUNNING))
    (run,) = Overseer().read([at_work]).devices[2].processes
    assert (run.pid, run.folder, run.state) == (os.getpid(), folder, State.RUNNING)


def test_what_a_run_started_is_counted_as_its_own(there: dict[str, Usage], stranger: int) -> None:
    there["GPU-0"] = Usage(None, {stranger: 4_000, os.getpid(): 9_000})
    lease = hold(CARDS[0], "run-0001")
    (run,) = [one for one in Overseer().read().devices[0].processes if one.is_run]
    assert run.memory == 9_000 + 4_000
    lease.release()


@pytest.mark.usefixtures("there")
def test_a_dead_holder_holds_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDS], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        overseer = Overseer()
        (run,) = overseer.read().devices[0].processes
        assert (run.pid, run.name) == (holder.pid, "run-0001")
        holder.kill()
        holder.wait()
        assert overseer.read().devices[0].processes == ()


@pytest.mark.usefixtures("there")
def test_each_in_the_queue_tells_which_devices_would_do_and_what_is_before() -> None:
    lease = hold(CARDS[0], "run-0001")
    held = [take("a", "GPU-0"), take("b", "GPU-0", "GPU-1"), take("c", "GPU-9", "GPU-1")]
    a, b, c = Overseer().read().queue
    assert (a.place, a.devices, a.obstacle) == (1, ("cuda:0",), "cuda:0, held by run-0001")
    assert b.obstacle == "cuda:0, after a in the queue; cuda:1, which is being handed on"
    assert c.devices == ("another device (GPU-9)", "cuda:1")
    assert c.obstacle.endswith("cuda:1, after b in the queue")
    lease.release()
    for ticket in held:
        ticket.release()
    assert Overseer().read().queue == ()


def test_a_breath_of_the_numbers_is_no_news(
    there: dict[str, Usage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "HARDWARE_INTERVAL_S", 0.0)
    monkeypatch.setattr(psutil, "cpu_percent", lambda: 10.0)
    there["GPU-0"] = Usage(0.50, {})
    overseer = Overseer()
    assert overseer.read().devices[2].utilisation is None  # there is no span to speak of yet
    before = overseer.read()
    assert before.devices[2].utilisation == 0.1
    there["GPU-0"] = Usage(0.53, {})
    monkeypatch.setattr(psutil, "cpu_percent", lambda: 13.0)
    monkeypatch.setattr(devices, "devices", lambda: [*CARDS, replace(CPU, memory_free=32_500)])
    assert overseer.read() == before
    there["GPU-0"] = Usage(0.60, {})
    assert overseer.read().devices[0].utilisation == 0.6


@pytest.mark.usefixtures("there")
def test_leases_that_cannot_be_read_leave_the_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise UsageError("no leases here", "give another folder")

    monkeypatch.setattr(tickets, "leases_folder", fail)
    seen = Overseer().read()
    assert [one.device.name for one in seen.devices] == ["cuda:0", "cuda:1", "cpu"]
    assert (seen.fault, seen.remedy, seen.queue) == ("no leases here", "give another folder", ())


@pytest.mark.usefixtures("there")
def test_a_lease_that_is_no_text_of_ours_is_nobodys() -> None:
    lock = FileLock(tickets.leases_folder() / "GPU-0.0.lease")
    lock.acquire(b"\xff nonsense")
    assert Overseer().read().devices[0].processes == ()
    lock.release()
