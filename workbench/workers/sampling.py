"""What this worker and its machine are using: sampled in a thread, recorded beside the metrics."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from itertools import islice
from typing import Any

import psutil
import pynvml

from workbench.runs import events
from workbench.runs.recorder import Recorder, now
from workbench.workers.devices import visible_handles

SAMPLING_VARIABLE = "WORKBENCH_SAMPLING"
INTERVAL_S = 5.0
# A run that stands still would bury its last progress under samples: they become rarer.
STILL_SAMPLES = 24
MOST_INTERVAL_S = 600.0
LEAVE_S = 2.0
SETTLE_S = 0.5  # the first step does not wait for the driver's library
GIGABYTE = 1e9


class Sampler:
    """Records a sample every few seconds until `stop`; a driver that fails costs its numbers alone."""

    def __init__(self, recorder: Recorder, device: str, step: Callable[[], int]) -> None:
        self._recorder = recorder
        self._device = device
        self._step = step
        self._left = threading.Event()
        self._last = False
        self._thread = threading.Thread(target=self._sample, name="sampling", daemon=True)

    def start(self) -> None:
        """Begin, unless `$WORKBENCH_SAMPLING` is 0."""
        if os.environ.get(SAMPLING_VARIABLE) != "0":
            self._thread.start()

    def stop(self, *, last: bool = False) -> None:
        """Record nothing from now on; with `last`, one sample more: how it was at the end."""
        self._last = last
        self._left.set()
        if self._thread.is_alive():
            self._thread.join(LEAVE_S)
        self._last = False

    def _sample(self) -> None:
        self._left.wait(SETTLE_S)
        with ExitStack() as held:
            machine = Machine(self._device, held)
            still, step = 0, self._step()
            while not self._left.wait(interval_s(still)):
                still = still + 1 if self._step() == step else 0
                step = self._step()
                if not self._record(machine):
                    return
            if self._last:
                self._record(machine)

    def _record(self, machine: Machine) -> bool:
        sample = events.System(time=now(), values=machine.values())
        if self._left.is_set() and not self._last:
            return False  # it took too long: the run's last word is recorded already
        try:
            self._recorder.record(sample)
        except OSError:
            return False  # no room on the disk: the run itself will say so
        return True


def interval_s(still: int) -> float:
    """Seconds to the next sample after `still` samples without a step."""
    doublings = min(max(still - STILL_SAMPLES, 0), 16)
    return min(INTERVAL_S * float(1 << doublings), MOST_INTERVAL_S)


class Machine:
    """Measures; what `held` closes is the driver's library, where there is one."""

    def __init__(self, device: str, held: ExitStack) -> None:
        self._worker = psutil.Process()
        self._handle = _handle(device, held)
        self._worker.cpu_percent()  # a span begins: the first call has none to speak of
        psutil.cpu_percent()

    def values(self) -> dict[str, float]:
        """Percent, GB, W and °C, as the names say; what cannot be told is left out."""
        memory = psutil.virtual_memory()
        cores = psutil.cpu_count() or 1
        measured = {
            "worker/CPU %": self._worker.cpu_percent() / cores,
            "machine/CPU %": psutil.cpu_percent(),
            "worker/RAM GB": self._worker.memory_info().rss / GIGABYTE,
            "machine/RAM GB": (memory.total - memory.available) / GIGABYTE,
            **self._graphics(),
        }
        return {name: round(value, 3) for name, value in measured.items()}

    def _graphics(self) -> Mapping[str, float]:
        handle = self._handle
        if handle is None:
            return {}
        return {
            name: value
            for name, measure in _GRAPHICS.items()
            if (value := _measured(measure, handle)) is not None
        }


_GRAPHICS: dict[str, Callable[[object], Any]] = {
    "GPU %": lambda handle: pynvml.nvmlDeviceGetUtilizationRates(handle).gpu,
    "GPU memory GB": lambda handle: pynvml.nvmlDeviceGetMemoryInfo(handle).used / GIGABYTE,
    "GPU power W": lambda handle: pynvml.nvmlDeviceGetPowerUsage(handle) / 1000,
    "GPU °C": lambda handle: pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU),
}


def _measured(measure: Callable[[object], Any], handle: object) -> float | None:
    try:
        return float(measure(handle))
    except pynvml.NVMLError:
        return None  # this card does not tell, or the driver has failed


def _handle(device: str, held: ExitStack) -> object | None:
    """The driver's handle of `cuda:N`; None for other devices and where there is no driver."""
    if not device.startswith("cuda"):
        return None
    index = int(device.partition(":")[2] or 0)
    try:
        pynvml.nvmlInit()
        held.callback(pynvml.nvmlShutdown)
        return next(islice(visible_handles(), index, None), None)
    except pynvml.NVMLError:
        return None
