"""First come, first served, on a CPU that takes one run at a time."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench import paths
from workbench.catalog import RecipeInfo
from workbench.errors import UsageError
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.state import Status
from workbench.runs.states import State
from workbench.workers import devices, launch, queue, tickets
from workbench.workers.launch import Order

Start = Callable[..., RunFolder]
Until = Callable[..., Status]


@pytest.fixture
def start(count_recipe: RecipeInfo, checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    monkeypatch.setenv(devices.CPU_SLOTS_VARIABLE, "1")
    return lambda **values: launch.launch(Order(count_recipe, values, device="cpu"), checkpoints)


def is_state(wanted: State) -> Callable[[Status], bool]:
    return lambda status: status.state is wanted


def test_runs_wait_in_order_and_go_on_when_the_device_is_free(start: Start, until: Until) -> None:
    first = start(steps=100_000, pace_s=0.02)
    until(first, is_state(State.RUNNING))
    second = start(steps=2)
    assert until(second, is_state(State.QUEUED)).reason == f"waits for cpu, held by {first.name}"
    third = start(steps=2)
    assert (
        until(third, is_state(State.QUEUED)).reason
        == f"waits for cpu, after {second.name} in the queue"
    )
    assert [claim.run for claim in queue.waiting()] == [second.name, third.name]
    assert queue.holders(devices.candidates("cpu")[0]) == [first.name]
    control.ask(first.control_file, control.Stop())
    for folder in (second, third):
        until(folder, is_state(State.FINISHED))
    began = [History(folder).read_all().started[-1].time for folder in (second, third)]
    assert began[0] < began[1]
    waited = [line for line in second.events_file.read_text().splitlines() if '"queued"' in line]
    assert len(waited) == 2
    assert '"device":"cpu"' in waited[1]
    assert "held by" not in waited[1]
    assert queue.waiting() == []


def test_who_is_moved_to_the_front_starts_first(start: Start, until: Until) -> None:
    first = start(steps=100_000, pace_s=0.02)
    until(first, is_state(State.RUNNING))
    second, third = start(steps=2), None
    until(second, is_state(State.QUEUED))
    third = start(steps=2)
    until(third, lambda status: status.reason == f"waits for cpu, after {second.name} in the queue")
    claim = queue.waiting()[-1]
    assert (claim.run, claim.folder) == (third.name, str(third.path))
    assert tickets.move(claim, "first") == 1
    until(second, lambda status: status.reason == f"waits for cpu, after {third.name} in the queue")
    until(third, lambda status: status.reason == f"waits for cpu, held by {first.name}")
    control.ask(first.control_file, control.Stop())
    for folder in (second, third):
        until(folder, is_state(State.FINISHED))
    began = [History(folder).read_all().started[-1].time for folder in (third, second)]
    assert began[0] < began[1]
    with pytest.raises(UsageError, match="does not wait for a device any more"):
        tickets.move(claim, "down")


def test_a_killed_holder_and_a_killed_waiter_leave_no_trace(start: Start, until: Until) -> None:
    first = start(steps=100_000, pace_s=0.02)
    until(first, is_state(State.RUNNING))
    second, third = start(steps=2), None
    waiting_pid = until(second, is_state(State.QUEUED)).pid
    third = start(steps=2)
    until(third, is_state(State.QUEUED))
    os.kill(waiting_pid, signal.SIGKILL)
    os.kill(until(first, is_state(State.RUNNING)).pid, signal.SIGKILL)
    until(third, is_state(State.FINISHED))
    until(first, is_state(State.LOST))
    until(second, is_state(State.LOST))


def test_a_waiting_run_can_be_stopped_and_never_starts(start: Start, until: Until) -> None:
    first = start(steps=100_000, pace_s=0.02)
    until(first, is_state(State.RUNNING))
    second = start(steps=2)
    until(second, is_state(State.QUEUED))
    request = control.ask(second.control_file, control.Stop())
    until(second, is_state(State.STOPPED))
    assert launch.wait_for_answer(second, request) is not None
    assert History(second).read_all().started == []
    control.ask(first.control_file, control.Stop())
    until(first, is_state(State.STOPPED))


def test_without_queueing_a_taken_device_is_refused_naming_its_holder(
    start: Start, until: Until, count_recipe: RecipeInfo, checkpoints: Path
) -> None:
    first = start(steps=100_000, pace_s=0.02)
    until(first, is_state(State.RUNNING))
    order = Order(count_recipe, device="cpu", wait_for_device=False)
    with pytest.raises(UsageError, match=f"cpu by {first.name}"):
        launch.launch(order, checkpoints)
    assert len(list(checkpoints.iterdir())) == 1
    control.ask(first.control_file, control.Stop())
    until(first, is_state(State.STOPPED))


def test_without_a_limit_the_cpu_takes_any_number() -> None:
    cpu = devices.candidates("cpu")
    leases = [queue.acquire(cpu, "run", on_wait=pytest.fail, give_up=lambda: False) for _ in range(3)]
    assert {lease.device.name for lease in leases} == {"cpu"}


def test_who_gets_a_device_has_left_the_queue_and_may_still_give_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(devices.CPU_SLOTS_VARIABLE, "1")
    cpu = devices.candidates("cpu")
    seen = []

    def give_up() -> bool:
        seen.append((queue.waiting(), queue.holders(cpu[0])))
        return True

    with pytest.raises(queue.GaveUpError):
        queue.acquire(cpu, "run", on_wait=pytest.fail, give_up=give_up)
    assert seen == [([], ["run"])]
    assert queue.holders(cpu[0]) == []


def test_a_folder_of_leases_that_another_owns_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(UsageError, match="another user"):
        queue.waiting()


def test_a_folder_of_leases_that_cannot_be_made_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(paths.LEASES_VARIABLE, str(tmp_path / "file" / "leases"))
    with pytest.raises(UsageError, match="cannot be leased in"):
        queue.waiting()
