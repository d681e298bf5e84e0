"""The standby: a process that has imported torch and forks a worker for each job.

It never computes anything itself and never touches a CUDA device, so its forks start clean. It ends
when its client closes the pipe or dies; the workers that it forked live on.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import msgspec

from workbench.workers import protocol
from workbench.workers.describing import describe_recipe
from workbench.workers.rehearsing import rehearse
from workbench.workers.worker import daemonize, work_and_leave

READY = b'{"ready":true}'


def serve() -> int:
    """Answer jobs from standard input until it is closed."""
    answers = os.dup(1)
    os.dup2(2, 1)  # what a recipe prints while it is described must not look like an answer
    _import_what_recipes_need()
    os.write(answers, READY + b"\n")
    decoder = msgspec.json.Decoder(protocol.Job)
    for line in sys.stdin.buffer:
        job = decoder.decode(line)
        os.write(answers, _answer(job, answers) + b"\n")
    return 0


def answer_here(job: protocol.Describe | protocol.Rehearse) -> msgspec.Struct:
    """The answer to a job, worked out in this process."""
    if isinstance(job, protocol.Describe):
        return describe_recipe(Path(job.file))
    return rehearse(job)


def _import_what_recipes_need() -> None:
    import torchvision.transforms.v2  # noqa: F401, PLC0415

    import workbench.training  # noqa: F401, PLC0415

    gc.collect()
    gc.freeze()  # forks share these pages as long as the collector does not write to them


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
