"""Runs what is not measured yet, each run on two processor cores of its own."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchmarks import machine
from benchmarks.results import kept
from benchmarks.results.plan import Variant, fingerprint
from workbench.errors import WorkbenchError
from workbench.runs import control, events
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.state import status_of
from workbench.workers import launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby

CORES_A_RUN = 2
PATIENCE = 10  # times the seconds that a run may take, after which it is stopped
GRACE_S = 60.0  # for a run to end after it was asked to
POLL_S = 0.1
WARM_UP_S = 180.0


@dataclass(frozen=True)
class Task:
    """One run: a variant of a recipe and a seed."""

    variant: Variant
    seed: int

    @property
    def name(self) -> str:
        return f"{self.variant.name} seed {self.seed}"


Report = Callable[[Task, kept.Measured | str], None]


def run_all(tasks: Iterable[Task], *, jobs: int, device: str, report: Report) -> None:
    """Run all tasks, `jobs` at a time; `report` hears of each what was measured, or why nothing was.

    Interrupted, it asks the runs that go on to stop, and raises KeyboardInterrupt.
    """
    waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
    for task in tasks:
        waiting.put(task)
    over = threading.Event()
    places = shares(jobs)[: waiting.qsize()]
    # A join that is interrupted takes a thread that lives for one that has ended (Python 3.11).
    ended: queue.SimpleQueue[None] = queue.SimpleQueue()

    def work(cores: Sequence[int]) -> None:
        try:
            _work(waiting, cores, device, report, over)
        finally:
            ended.put(None)

    for cores in places:
        threading.Thread(target=work, args=(cores,)).start()
    living = len(places)
    try:
        while living:
            ended.get()
            living -= 1
    except KeyboardInterrupt:
        over.set()
        for _ in range(living):
            ended.get()
        raise


def shares(jobs: int) -> list[Sequence[int]]:
    """The cores of each job; the same ones again where there are too few for all."""
    if not hasattr(os, "sched_getaffinity"):
        return [()] * jobs
    cores = machine.cores()
    starts = [job * CORES_A_RUN % max(len(cores) - 1, 1) for job in range(jobs)]
    return [cores[start : start + CORES_A_RUN] for start in starts]


def most_jobs() -> int:
    """How many runs have two cores each."""
    return max(len(machine.cores()) // CORES_A_RUN, 1)


def _work(
    waiting: queue.SimpleQueue[Task],
    cores: Sequence[int],
    device: str,
    report: Report,
    over: threading.Event,
) -> None:
    """What one thread does: run one task after the other."""
    if cores:
        os.sched_setaffinity(0, cores)  # of this thread; its processes inherit it
    standby = Standby()
    standby.start()
    standby.wait(WARM_UP_S)
    try:
        with contextlib.suppress(queue.Empty):
            while not over.is_set():
                task = waiting.get_nowait()
                report(task, _measured(task, device, standby, over))
    finally:
        standby.close()


def _measured(task: Task, device: str, standby: Standby, over: threading.Event) -> kept.Measured | str:
    """One run, from its launch to its end; or why it did not come to it."""
    variant = task.variant
    text = fingerprint(variant.info)
    try:
        order = Order(variant.info, variant.values, seed=task.seed, device=device)
        folder = launch.launch(order, kept.folder(), standby)
    except WorkbenchError as fault:
        return str(fault)
    _wait(folder, PATIENCE * variant.within_s, over)
    history = History(folder).read_all()
    if not isinstance(history.ended, events.Finished):
        status = history.status()
        return f"{status.state}: {status.reason}".removesuffix(": ")
    measured = kept.Measured(
        recipe=variant.info.id,
        text=text,
        values=variant.values,
        seed=task.seed,
        device=device,
        machine=machine.in_short(CORES_A_RUN, device),
        seconds=round(history.ended.time - folder.manifest().created, 2),
        results=history.ended.results,
        load=round(os.getloadavg()[0], 1),
    )
    kept.keep(folder, measured)
    return measured


def _wait(folder: RunFolder, patience_s: float, over: threading.Event) -> None:
    """Until the run has ended; one that takes too long is asked to stop, then killed."""
    deadline = time.monotonic() + patience_s
    asked = False
    while not (status := status_of(folder)).state.ended:
        late = time.monotonic() > deadline
        if late and asked:
            _kill(status.pid)
            return
        if not asked and (late or over.is_set()):
            control.ask(folder.control_file, control.Stop())
            asked, deadline = True, time.monotonic() + GRACE_S
        time.sleep(POLL_S)


def _kill(pid: int) -> None:
    if pid:  # 0 where it never came to a record, and this process's own group to the kernel
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
