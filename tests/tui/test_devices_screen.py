"""The devices' page: what it shows, and changing the queue from it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from textual.pilot import Pilot

from workbench import paths
from workbench.runs import control, events
from workbench.runs.folder import RunFolder
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.run import RunScreen
from workbench.tui.widgets.device_table import DeviceTable
from workbench.workers import devices, overview, queue, tickets
from workbench.workers.tickets import Claim, Ticket

from .conftest import LivingRun
from .driving import LARGE, SMALL, drive, press, screen, sees, toasts, until

Record = Callable[..., RunFolder]
NAMES = ["lessons-count-0002", "lessons-count-0003", "lessons-count-0004"]


@pytest.fixture
def held(living: LivingRun, monkeypatch: pytest.MonkeyPatch) -> Iterator[LivingRun]:
    """A run that holds the CPU, which takes one at a time; how busy it is stands still."""
    monkeypatch.setenv(devices.CPU_SLOTS_VARIABLE, "1")
    monkeypatch.setattr(psutil, "cpu_percent", lambda: 25.0)
    monkeypatch.setattr(overview, "HARDWARE_INTERVAL_S", 0.2)
    (cpu,) = devices.candidates("cpu")
    lease = queue.acquire(
        [cpu],
        living.folder.name,
        on_wait=lambda _: None,
        give_up=lambda: False,
        folder=living.folder.path,
    )
    yield living
    lease.release()


@pytest.fixture
def waiters(held: LivingRun, record: Record) -> Iterator[dict[str, Ticket]]:
    """Three runs that wait for it, by name."""
    assert held.folder.name not in NAMES
    claims = [
        Claim(folder.name, os.getpid(), ("cpu",), 1.0, str(folder.path)) for folder in three(record)
    ]
    with tickets.mutex():
        found = {claim.run: Ticket(claim) for claim in claims}
    yield found
    for ticket in found.values():
        ticket.release()


def three(record: Record) -> list[RunFolder]:
    return [record() for _ in range(3)]


def order() -> list[str]:
    return [claim.run[-1] for claim in tickets.waiting()]


async def open_page(pilot: Pilot[None]) -> None:
    await press(pilot, "3")
    await sees(pilot, "Queue")


async def go_to(pilot: Pilot[None], name: str) -> None:
    """Put the cursor on the line of a run."""
    table = pilot.app.screen.query_one(DeviceTable)
    await press(pilot, "home")
    for _ in range(table.row_count):
        of = table.chosen and (table.chosen.process or table.chosen.waiting)
        if of and name in str(of):
            return
        await press(pilot, "j")
    raise AssertionError(f"{name} is not reached")


@pytest.mark.usefixtures("waiters")
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_devices_processes_and_queue_are_shown(
    app: WorkbenchApp, held: LivingRun, size: tuple[int, int]
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_page(pilot)
        await sees(pilot, f"{NAMES[2]}  cpu")
        await sees(pilot, "● 1 running")
        assert "3 Devices" in screen(pilot)
        table = {line.split()[1]: line for line in screen(pilot).split("\n") if " pid " in line}
        assert "running" in table[held.folder.name]
        assert f"pid {os.getpid()}" in table[held.folder.name]
        assert "1 of 1 slot" in screen(pilot)
        assert f"held by {held.folder.name}" in screen(pilot)
        assert f"after {NAMES[0]}" in screen(pilot)
        await sees(pilot, "25% busy")

    drive(app, script, size)


@pytest.mark.usefixtures("waiters")
def test_a_run_is_moved_by_key_and_the_cursor_goes_with_it(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_page(pilot)
        await sees(pilot, NAMES[2])
        await go_to(pilot, NAMES[0])
        await sees(pilot, "J later")
        assert "K earlier" not in screen(pilot)
        await press(pilot, "J")
        await sees(pilot, f"2 ◌ {NAMES[0]}")
        assert order() == ["3", "2", "4"]
        await press(pilot, "J")
        await sees(pilot, f"3 ◌ {NAMES[0]}")
        assert "J later" not in screen(pilot)
        await press(pilot, "K")
        await sees(pilot, f"2 ◌ {NAMES[0]}")
        await press(pilot, "T")
        await sees(pilot, f"1 ◌ {NAMES[0]}")
        assert order() == ["2", "3", "4"]

    drive(app, script)


def test_who_has_started_meanwhile_is_not_moved_and_not_stopped(
    app: WorkbenchApp, waiters: dict[str, Ticket], checkpoints: Path
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_page(pilot)
        await sees(pilot, NAMES[2])
        await go_to(pilot, NAMES[1])
        await press(pilot, "x")
        await sees(pilot, f"Take {NAMES[1]} out of the queue?")
        with tickets.mutex():
            waiters[NAMES[1]].drop()
        await press(pilot, "y")
        await until(pilot, lambda: "so it was not stopped" in toasts(pilot))
        folder = RunFolder(checkpoints / NAMES[1])
        assert control.ControlReader(folder.control_file).read() == []
        await until(pilot, lambda: NAMES[1] not in "".join(screen(pilot).split("\n")[:10]))

    drive(app, script)


@pytest.mark.usefixtures("waiters")
def test_a_run_is_taken_out_after_a_yes(app: WorkbenchApp, checkpoints: Path) -> None:
    reader = control.ControlReader(RunFolder(checkpoints / NAMES[2]).control_file)

    async def script(pilot: Pilot[None]) -> None:
        await open_page(pilot)
        await sees(pilot, NAMES[2])
        await go_to(pilot, NAMES[2])
        await press(pilot, "x n")
        assert reader.read() == []
        await press(pilot, "x y")
        await until(pilot, lambda: "is asked to leave the queue" in toasts(pilot))
        assert [type(request) for request in reader.read()] == [control.Stop]

    drive(app, script)


def test_the_holder_is_opened_and_stopped_by_the_keys_of_a_run(
    app: WorkbenchApp, held: LivingRun
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_page(pilot)
        await sees(pilot, "no run waits for a device")
        assert "s stop" not in screen(pilot)
        assert "enter open" not in screen(pilot)
        await press(pilot, "end")
        await sees(pilot, "enter open")
        await sees(pilot, "p pause")
        assert "x take out" not in screen(pilot)
        await press(pilot, "s y")
        await until(pilot, held.requests)
        assert [type(request) for request in held.requests()] == [control.Stop]
        await sees(pilot, "s end it")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))

    drive(app, script)


@pytest.mark.usefixtures("living")
def test_a_run_on_a_device_without_slots_is_shown_too(app: WorkbenchApp, record: Record) -> None:
    record(events.Finished(time=9.0, step=60))

    async def script(pilot: Pilot[None]) -> None:
        await open_page(pilot)
        await sees(pilot, "● lessons-c…t-0001")
        assert "0002" not in screen(pilot)
        # Where there is no room for the names of states, their signs stand for them.
        assert screen(pilot).split("\n")[0].endswith("3 Devices     ● 1")

    drive(app, script, (52, 24))


def test_leases_that_cannot_be_read_are_told_and_the_devices_stay(
    app: WorkbenchApp, held: LivingRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_page(pilot)
        await sees(pilot, f"● {held.folder.name}")
        (tmp_path / "file").touch()
        with monkeypatch.context() as patch:
            patch.setenv(paths.LEASES_VARIABLE, str(tmp_path / "file" / "leases"))
            await sees(pilot, "devices cannot be leased in")
            await sees(pilot, "Queue  cannot be read")
            assert "GB free" in screen(pilot)
        await sees(pilot, f"● {held.folder.name}")
        assert "cannot be leased" not in screen(pilot)

    drive(app, script)


@pytest.mark.usefixtures("waiters")
def test_where_nothing_changes_nothing_is_drawn(
    app: WorkbenchApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_page(pilot)
        await sees(pilot, "25% busy")
        drawn: list[object] = []
        table = app.screen.query_one(DeviceTable)
        monkeypatch.setattr(table, "update_cell", lambda *args: drawn.append(args))
        monkeypatch.setattr(table, "_rebuild", drawn.append)
        read: list[object] = []
        monkeypatch.setattr(type(table), "fill", _counting(type(table).fill, read))
        await until(pilot, lambda: len(read) > 3)
        assert drawn == []

    drive(app, script)


def _counting(fill: Callable[..., None], calls: list[object]) -> Callable[..., None]:
    def counted(table: DeviceTable, rows: object) -> None:
        calls.append(rows)
        fill(table, rows)

    return counted
