"""A worker that ignores every request ends all the same, and nobody else is ever hit."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import msgspec
import psutil
import pytest

from workbench.catalog import RecipeInfo
from workbench.errors import WorkbenchError
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.lock import Holder, RunLock
from workbench.runs.state import Status
from workbench.runs.states import State
from workbench.workers import ending, launch
from workbench.workers.ending import Rung
from workbench.workers.launch import Order

Ended = Callable[[RunFolder], Status]
Until = Callable[..., Status]

DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"


@pytest.fixture
def start(count_recipe: RecipeInfo, checkpoints: Path) -> Iterator[Callable[..., RunFolder]]:
    started = []

    def run(**values: float | str) -> RunFolder:
        started.append(launch.launch(Order(count_recipe, values), checkpoints))
        return started[-1]

    yield run
    for folder in started:
        with suppress(WorkbenchError):  # it has ended
            ending.take(folder, ending.offer(folder, Rung.KILL))


def counting(status: Status) -> bool:
    return status.state is State.RUNNING and status.step >= 1


def test_a_worker_that_ignores_requests_and_sigterm_is_killed(
    start: Callable[..., RunFolder], until: Until, ended: Ended
) -> None:
    folder = start(steps=10, fault_at=1, fault=DEAF)
    pid = until(folder, counting).pid
    until(folder, lambda _: "deaf" in folder.output_file.read_text())
    control.ask(folder.control_file, control.Stop())
    ending.take(folder, ending.offer(folder, Rung.TERMINATE))
    assert ending.free_again(folder, until(folder, counting)) == ""
    offered = ending.offer(folder, Rung.KILL)
    assert "no checkpoint" in offered.cost
    (folder.path / "last.pt").write_bytes(b"")
    os.utime(folder.path / "last.pt", times=(1.0, time.time() - 125))
    assert "The last checkpoint is 2m0" in ending.offer(folder, Rung.KILL).cost
    ending.take(folder, offered)
    status = ended(folder)
    assert status.state is State.LOST
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert ending.free_again(folder, status).startswith(f"worker {pid} is gone; cpu is free again")
    with pytest.raises(WorkbenchError, match="no worker any more"):
        ending.take(folder, offered)


def test_sigterm_ends_a_worker_that_stops_after_its_epoch(
    start: Callable[..., RunFolder], until: Until, ended: Ended
) -> None:
    folder = start(steps=100_000, pace_s=0.02)
    until(folder, counting)
    ending.take(folder, ending.offer(folder, Rung.TERMINATE))
    assert ended(folder).state is State.PREEMPTED


def test_a_process_that_took_over_the_number_is_left_alone(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    held = RunLock(folder.lock_file)
    held.acquire()
    offered = ending.offer(folder, Rung.KILL)
    earlier = replace(offered.worker, began=offered.worker.began - 1)
    with pytest.raises(WorkbenchError, match="another worker has"):
        ending.take(folder, replace(offered, worker=earlier))
    held.release()


def test_a_process_that_does_not_have_the_lock_is_left_alone(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    held = RunLock(folder.lock_file)
    held.acquire()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        holder = Holder(pid=bystander.pid, host=os.uname().nodename)
        folder.lock_file.write_bytes(msgspec.json.encode(holder))
        with pytest.raises(WorkbenchError, match="is not the worker of"):
            ending.offer(folder, Rung.KILL)
        assert bystander.poll() is None
        bystander.communicate(b"\n")
    held.release()


def test_no_signal_goes_to_another_host(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    holder = Holder(pid=os.getpid(), host="far-away")
    folder.lock_file.write_bytes(msgspec.json.encode(holder))
    with pytest.raises(WorkbenchError, match="is on far-away"):
        ending.offer(folder, Rung.KILL)
    held = RunLock(folder.lock_file)
    held.acquire()
    folder.lock_file.write_bytes(msgspec.json.encode(holder))
    with pytest.raises(WorkbenchError, match="is on far-away"):
        ending.offer(folder, Rung.KILL)
    held.release()
