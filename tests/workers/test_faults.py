from __future__ import annotations

import pytest

from workbench.errors import WorkbenchError
from workbench.workers.faults import describe


class OutOfMemoryError(RuntimeError):
    """As torch names it; told apart without importing torch."""


@pytest.mark.parametrize(
    "fault",
    [
        OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried"
        ),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        MemoryError(),
    ],
)
def test_a_full_memory_says_what_to_change(fault: BaseException) -> None:
    failed = describe(fault, 7, "images-cnn-0001", {"batch_size": 256})
    assert (failed.kind, failed.step) == ("out_of_memory", 7)
    assert failed.remedy == "halve the batch: workbench resume images-cnn-0001 batch_size=128"
    assert "smaller" in describe(fault, 7, "r", {}).remedy


def test_a_runtime_error_is_no_full_memory() -> None:
    failed = describe(RuntimeError("mat1 and mat2 shapes cannot be multiplied"), 1, "r", {})
    assert failed.kind == "error"
    assert failed.title == "RuntimeError: mat1 and mat2 shapes cannot be multiplied"


def test_a_taken_device_is_told_apart() -> None:
    fault = RuntimeError("CUDA error: all CUDA-capable devices are busy or unavailable")
    assert "another program has the device" in describe(fault, 0, "r", {}).title


class TooHotError(WorkbenchError):
    """One that says what it is."""

    kind = "not_finite"


def test_a_fault_of_the_workbench_says_what_kind_it_is() -> None:
    assert describe(TooHotError("the loss became NaN"), 3, "r", {}).kind == "not_finite"


def test_the_users_own_faults_come_without_a_traceback() -> None:
    failed = describe(WorkbenchError("no pictures", "give a folder"), 0, "r", {})
    assert (failed.kind, failed.title, failed.remedy, failed.traceback) == (
        "refused",
        "no pictures",
        "give a folder",
        "",
    )
