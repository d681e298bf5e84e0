from __future__ import annotations

import pytest

from workbench.errors import UsageError
from workbench.workers import devices


def test_the_cpu_is_always_there_with_its_memory() -> None:
    cpu = devices.devices()[-1]
    assert cpu.name == "cpu"
    assert 0 < cpu.memory_free <= cpu.memory_total


@pytest.mark.parametrize("asked", ["cuda:77", "tpu", "", "cpu:1", "../cpu"])
def test_a_device_that_is_not_there_is_refused_naming_those_that_are(asked: str) -> None:
    with pytest.raises(UsageError) as fault:
        devices.candidates(asked)
    assert "cpu" in fault.value.remedy


def test_slots_that_are_no_number_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(devices.CPU_SLOTS_VARIABLE, "many")
    with pytest.raises(UsageError, match="'many'"):
        devices.devices()


@pytest.mark.gpu
def test_cuda_devices_are_named_as_torch_names_them() -> None:
    import torch  # noqa: PLC0415 - only where there is a device

    found = [device for device in devices.devices() if device.name.startswith("cuda")]
    assert [device.label for device in found] == [
        torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())
    ]
    assert devices.candidates("auto") == found
