"""Choosing a device: what is free, who holds it, and what becomes of the launch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from workbench.runs import control
from workbench.runs.folder import all_runs
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.run import RunScreen
from workbench.tui.widgets.device_list import device_lines, free_memory, prospect, steadied
from workbench.workers import devices, queue
from workbench.workers.devices import Device
from workbench.workers.occupancy import Occupied

from .driving import LARGE, SMALL, drive, press, screen, sees, until
from .test_launch_screen import field, open_form

CARD = Device("cuda:0", "NVIDIA H100 80GB HBM3", "GPU-0", 1, 80_000_000_000, 61_200_000_000)
CPU = Device("cpu", "16 cores", "cpu", 0, 64_000_000_000, 900_000_000)


def test_a_line_tells_memory_holder_and_queue() -> None:
    there = [Occupied(CARD, ("images-cnn-0003",), ("[b]a[/b]", "b")), Occupied(CPU)]
    first, second = device_lines(there, {"cuda:0"}).plain.split("\n")
    assert first.startswith("▸ cuda:0  NVIDIA H100 80GB HBM3  ")
    assert "  61.2 of 80.0 GB free  " in first
    assert first.endswith("held by images-cnn-0003, 2 waiting")
    assert second.startswith("  cpu     16 cores")
    assert "900.0 MB of 64.0 GB free" in second
    assert first.index("80.0 GB free") == second.index("64.0 GB free")


def test_memory_that_is_not_told_is_no_number() -> None:
    assert free_memory(replace(CARD, memory_total=0, memory_free=0)) == "memory not told"


def test_a_breath_of_memory_is_no_news_and_a_holder_is() -> None:
    before = (Occupied(CARD),)
    breath = replace(CARD, memory_free=CARD.memory_free - 100_000_000)
    assert steadied(before, [Occupied(breath)]) == before
    assert steadied(before, [Occupied(breath, ("a",))]) == (Occupied(CARD, ("a",)),)
    much = Occupied(replace(CARD, memory_free=1_000_000_000))
    assert steadied(before, [much]) == (much,)


def test_what_becomes_of_a_launch_is_said_both_ways() -> None:
    taken = [Occupied(CARD, ("a",), ("b",))]
    assert prospect("auto", taken, wait=True).plain == "it waits for a and 1 more"
    assert prospect("auto", taken, wait=False).plain == "refused: taken by a and 1 more"
    assert prospect("auto", [Occupied(CPU)], wait=False).plain == "free: it starts at once"


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_form_shows_devices_and_offers_to_wait_or_not(
    warm_app: WorkbenchApp, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setenv(devices.CPU_SLOTS_VARIABLE, "1")
    (cpu,) = devices.candidates("cpu")
    lease = queue.acquire([cpu], "lessons-other-0001", on_wait=lambda _: None, give_up=lambda: False)

    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "count")
        await sees(pilot, "held by lessons-other-0001")
        assert "GB free" in screen(pilot)
        assert "it waits for lessons-other-0001" in screen(pilot)
        field(pilot, "wait").control.focus()
        await press(pilot, "space")
        await sees(pilot, "refused: taken by")
        await press(pilot, "ctrl+l")
        await sees(pilot, "the device is taken: cpu by lessons-other-0001")
        lease.release()
        await sees(pilot, "free: it starts at once")

    drive(warm_app, script, size)


def test_who_may_wait_is_queued(
    app: WorkbenchApp, checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(devices.CPU_SLOTS_VARIABLE, "1")
    (cpu,) = devices.candidates("cpu")
    lease = queue.acquire([cpu], "lessons-other-0001", on_wait=lambda _: None, give_up=lambda: False)

    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "count")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await sees(pilot, "held by lessons-other-0001")

    drive(app, script)
    lease.release()
    (folder,) = all_runs(checkpoints)
    assert control.launches(folder.control_file)[0].wait_for_device
