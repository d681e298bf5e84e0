"""Samples come at their pace, before the last word only, and disturb neither metrics nor the state."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pynvml
import pytest

from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.recorder import Recorder
from workbench.runs.state import status_of
from workbench.workers import sampling
from workbench.workers.sampling import Machine, Sampler


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


def sampled(folder: RunFolder) -> History:
    return History(folder).read_all()


def test_worker_and_machine_are_measured(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "INTERVAL_S", 0.02)
    recorder = Recorder(folder.events_file)
    sampler = Sampler(recorder, "cpu", lambda: 1)
    sampler.start()
    deadline = time.monotonic() + 20
    while sampled(folder).system.length < 3:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    sampler.stop(last=True)
    recorder.record(events.Failed(time=1.0, step=1, title="no"))
    history = sampled(folder)
    length = history.system.length
    time.sleep(0.1)
    assert sampled(folder).system.length == length
    series = history.system.series
    assert set(series) >= {"worker/CPU %", "machine/CPU %", "worker/RAM GB", "machine/RAM GB"}
    assert 0.01 < series["worker/RAM GB"].last < series["machine/RAM GB"].last
    assert all(0 <= series[name].last <= 100 for name in ("worker/CPU %", "machine/CPU %"))
    assert isinstance(history.ended, events.Failed)
    assert not history.series
    assert not history.faults


def test_nothing_is_sampled_where_it_is_off(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sampling.SAMPLING_VARIABLE, "0")
    sampler = Sampler(Recorder(folder.events_file), "cpu", lambda: 1)
    sampler.start()
    sampler.stop(last=True)
    assert not folder.events_file.read_bytes()


def test_a_run_that_stands_still_is_sampled_less_and_less() -> None:
    assert sampling.interval_s(0) == sampling.interval_s(sampling.STILL_SAMPLES) == 5.0
    assert sampling.interval_s(sampling.STILL_SAMPLES + 2) == 20.0
    assert sampling.interval_s(100_000) == sampling.MOST_INTERVAL_S


def test_a_driver_that_fails_costs_only_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> float:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)

    monkeypatch.setattr(sampling, "_handle", lambda *_: object())
    measures = dict.fromkeys(sampling._GRAPHICS, fails) | {"GPU °C": lambda _: 41}
    monkeypatch.setattr(sampling, "_GRAPHICS", measures)
    with ExitStack() as held:
        values = Machine("cuda:0", held).values()
    assert values["GPU °C"] == 41
    assert "GPU %" not in values
    assert "worker/RAM GB" in values


def test_no_driver_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", fails)
    with ExitStack() as held:
        assert "GPU %" not in Machine("cuda:0", held).values()


def test_samples_disturb_neither_metrics_nor_state(folder: RunFolder) -> None:
    recorder = Recorder(folder.events_file)
    recorder.record(events.Started(time=0.0, pid=1, host="here", device="cpu"))
    for step in range(1, 2001):
        recorder.metrics(step, {"loss": float(step)})
        if step % 100 == 0:
            recorder.record(events.Progress(time=step / 10, step=step, total=2000))
            recorder.record(events.System(time=step / 10, values={"GPU %": 50.0}))
    history = History(folder)
    history.read_all()
    recorder.metrics(2001, {"loss": 1.0})
    recorder.record(events.System(time=201.0, values={"GPU %": 51.0}))
    history._take_records = lambda _: pytest.fail("samples cost the fast way")
    history.read_all()
    assert set(history.series) == {"loss"}
    assert len(history.series["loss"]) == 2001
    system = history.system.series
    assert system["GPU %"].last == 51.0
    assert np.all(system["steps/s"].values[:-1] == 10.0)
    assert system["steps/s"].last == 0.0
    assert list(system["GPU %"].steps[:3]) == [0, 10, 20]
    assert status_of(folder).step == 2000
