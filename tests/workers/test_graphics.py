"""What a driver tells of graphics processors, and what is made of one that does not tell."""

from __future__ import annotations

import types
from collections.abc import Callable

import pynvml
import pytest

from workbench.workers import devices, graphics
from workbench.workers.graphics import Usage


def process(pid: int, used: int | None) -> types.SimpleNamespace:
    return types.SimpleNamespace(pid=pid, usedGpuMemory=used)


def refuse(*_: object) -> None:
    raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a driver with one card in the place of the real one."""

    def install(**told: object) -> None:
        whole = {
            "nvmlInit": lambda: None,
            "nvmlShutdown": lambda: None,
            "nvmlDeviceGetCount": lambda: 1,
            "nvmlDeviceGetHandleByIndex": lambda index: index,
            "nvmlDeviceGetUUID": lambda _: "GPU-1",
            "nvmlDeviceGetUtilizationRates": lambda _: types.SimpleNamespace(gpu=93),
            "nvmlDeviceGetComputeRunningProcesses": lambda _: [process(7, 2_000), process(8, None)],
            "nvmlDeviceGetGraphicsRunningProcesses": lambda _: [process(5, 100), process(7, 90)],
            "NVMLError": pynvml.NVMLError,
        }
        for module in (devices, graphics):
            monkeypatch.setattr(module, "pynvml", types.SimpleNamespace(**{**whole, **told}))
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    return install


def test_use_and_processes_of_both_kinds_are_told(driver: Callable[..., None]) -> None:
    driver()
    assert graphics.usage() == {"GPU-1": Usage(0.93, {5: 100, 7: 2_000, 8: None})}


def test_what_a_card_does_not_tell_is_left_open(driver: Callable[..., None]) -> None:
    driver(
        nvmlDeviceGetUtilizationRates=refuse,
        nvmlDeviceGetComputeRunningProcesses=refuse,
    )
    assert graphics.usage() == {"GPU-1": Usage(None, {5: 100, 7: 90})}


def test_without_a_driver_or_with_a_lost_card_there_is_nothing(driver: Callable[..., None]) -> None:
    driver(nvmlInit=refuse)
    assert graphics.usage() == {}
    driver(nvmlDeviceGetUUID=refuse)
    assert graphics.usage() == {}
