"""What a launch would meet: holders and queues of devices."""

from __future__ import annotations

import os
import types
from pathlib import Path

import msgspec
import pynvml
import pytest

from workbench import paths
from workbench.filelock import FileLock
from workbench.workers import devices, occupancy, queue, tickets
from workbench.workers.devices import Device
from workbench.workers.occupancy import Occupied


def gpu(index: int) -> Device:
    return Device(f"cuda:{index}", "A card", f"GPU-{index}", 1, 80_000, 70_000)


CPU = Device("cpu", "2 cores", "cpu", 0, 64_000, 32_000)


def test_a_device_that_takes_any_number_is_always_open() -> None:
    assert occupancy.ahead("auto", [Occupied(CPU, waiting=("a",))]) == ()


def test_only_where_all_that_would_do_are_taken_a_run_waits() -> None:
    taken, free = Occupied(gpu(0), ("a",), ("b",)), Occupied(gpu(1))
    assert occupancy.ahead("auto", [taken, free, Occupied(CPU)]) == ()
    assert occupancy.ahead("cuda:0", [taken, free, Occupied(CPU)]) == ("a", "b")
    both = [taken, Occupied(gpu(1), ("c",), ("b",)), Occupied(CPU)]
    assert occupancy.ahead("cuda", both) == ("a", "b", "c")


def test_who_waits_comes_before_a_new_run_though_nobody_holds_it_yet() -> None:
    assert occupancy.ahead("auto", [Occupied(gpu(0), (), ("b",))]) == ("b",)


def test_a_survey_tells_the_holder_and_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(devices.CPU_SLOTS_VARIABLE, "1")
    (cpu,) = devices.candidates("cpu")
    lease = queue.acquire([cpu], "first", on_wait=lambda _: None, give_up=lambda: False)
    ticket = FileLock(tickets.leases_folder() / "1-1.ticket")
    ticket.acquire(msgspec.json.encode(tickets.Claim("second", os.getpid(), ("cpu",))))
    seen = occupancy.survey()[-1]
    assert (seen.holders, seen.waiting) == (("first",), ("second",))
    ticket.release()
    lease.release()
    assert occupancy.survey()[-1].is_open


def test_leases_that_cannot_be_read_leave_the_devices(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(paths.LEASES_VARIABLE, str(tmp_path / "file" / "leases"))
    assert occupancy.survey()[-1].device.name == "cpu"


def test_a_card_that_does_not_tell_its_memory_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_handle: object) -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)

    told = {
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlDeviceGetCount": lambda: 1,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetName": lambda _: "GB10",
        "nvmlDeviceGetUUID": lambda _: "GPU-1",
        "nvmlDeviceGetMemoryInfo": refuse,
        "NVMLError": pynvml.NVMLError,
    }
    monkeypatch.setattr(devices, "pynvml", types.SimpleNamespace(**told))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    card = devices.devices()[0]
    assert (card.label, card.memory_total) == ("GB10", 0)
