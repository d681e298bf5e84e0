"""The standby: a process that has imported torch and forks a worker for each job.

It never computes anything itself and never touches a CUDA device, so its forks start clean. It ends
when its client closes the pipe or dies; the workers that it forked live on.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import msgspec

from workbench.workers import protocol
from workbench.workers.describing import describe_recipe
from workbench.workers.rehearsing import rehearse
from workbench.workers.standby import READY
from workbench.workers.worker import daemonize, leave, work_and_leave

# What recipes use most, after torch itself; what is not installed is left out.
PRELOADED = (
    "torchvision.transforms.v2",
    "torchvision.datasets",
    "torchmetrics.classification",
    "sklearn.model_selection",
    "sklearn.datasets",
    "mlxtend.data",
    "workbench.figures.data",
)

DESCRIBE_LIMIT_S = 60.0
READ_BYTES = 65_536


def serve() -> NoReturn:
    """Answer jobs from standard input until it is closed; import what is still missing in between."""
    answers = os.dup(1)
    os.dup2(2, 1)  # what a recipe prints while it is described must not look like an answer
    import_module("workbench.training")
    decoder = msgspec.json.Decoder(protocol.Job)
    missing = list(PRELOADED)
    while True:
        if missing and not select.select([0], [], [], 0)[0]:
            _preload(missing.pop(0))
            if not missing:
                gc.collect()
                gc.freeze()  # forks share these pages as long as the collector does not write to them
                os.write(answers, READY)
            continue
        line = sys.stdin.buffer.readline()
        if not line:
            os._exit(0)  # there is nothing to clean up, and torch takes its time to be torn down
        job = decoder.decode(line)
        if not isinstance(job, protocol.Cancel):  # that one came after the answer
            os.write(answers, _answer(job, answers) + b"\n")


def answer_here(job: protocol.Describe | protocol.Rehearse) -> msgspec.Struct:
    """The answer to a job, worked out in this process."""
    if isinstance(job, protocol.Describe):
        return describe_recipe(Path(job.file))
    return rehearse(job)


def _preload(module: str) -> None:
    with contextlib.suppress(ImportError):
        import_module(module)


def _answer(
    job: protocol.Describe | protocol.Work | protocol.Inspect | protocol.Rehearse, answers: int
) -> bytes:
    if isinstance(job, protocol.Work):
        if daemonize():
            os.close(answers)  # else the client would never see the standby's end
            work_and_leave(Path(job.folder), warm=True, jobs=job.jobs)
        return msgspec.json.encode(protocol.Done())
    if isinstance(job, protocol.Inspect):
        if daemonize():
            os.close(answers)
            _inspect(job.address)
        return msgspec.json.encode(protocol.Done())
    limit_s = DESCRIBE_LIMIT_S if isinstance(job, protocol.Describe) else None
    return in_child(lambda: msgspec.json.encode(answer_here(job)), answers, limit_s)


def _inspect(address: str) -> NoReturn:
    """Be an inspecting worker, which must not read the jobs of the standby."""
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a file's number is wanted
        os.dup2(nothing.fileno(), 0)
    server = import_module("workbench.debugging.server")
    leave(lambda: server.serve(address))


def in_child(compute: Callable[[], bytes], answers: int, limit_s: float | None) -> bytes:
    """`compute()` in a forked process, so that no recipe's code stays behind in this one.

    The child is killed after `limit_s` seconds, and when the client leaves; one without a limit (None)
    also when the client cancels it.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            os.close(answers)  # else the client would not see the standby's end before this child's
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(compute())
        except BaseException:  # noqa: BLE001 - the child's last act; the parent reports it
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writing)
    deadline = None if limit_s is None else time.monotonic() + limit_s
    answer = _read_until(reading, deadline, child)
    os.close(reading)
    os.waitpid(child, 0)
    if answer is None and limit_s is None:
        return _no_answer("the rehearsal was cancelled", "")
    if answer is None:
        return _no_answer(
            f"importing the recipe takes longer than {limit_s:g} s",
            "what takes long belongs into data() or run(), not into the module",
        )
    return answer or _no_answer("importing the recipe ended its process", f"pid {child} left no answer")


def _read_until(pipe: int, deadline: float | None, child: int) -> bytes | None:
    """All that the child writes; None where it was killed: too late, or cancelled."""
    answer = b""
    while True:
        left_s = None if deadline is None else max(deadline - time.monotonic(), 0.0)
        readable, _, _ = select.select([pipe, 0], [], [], left_s)
        if pipe in readable:
            part = os.read(pipe, READ_BYTES)
            if not part:
                return answer
            answer += part
            continue
        os.kill(child, signal.SIGKILL)
        if readable and not sys.stdin.buffer.readline():  # the client has closed the pipe; else: Cancel
            os._exit(0)
        return None


def _no_answer(error: str, remedy: str) -> bytes:
    return msgspec.json.encode(protocol.Report(error=error, remedy=remedy))
