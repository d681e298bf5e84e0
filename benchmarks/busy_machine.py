"""What a training costs where other programs want the same processors."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import measuring
from benchmarks.measuring import AtLeast, AtMost, Measured, Result
from workbench.workers import environment

MOST_ALONE = 1.1
LEAST_GAIN = 1.0
BUSY = "while True: pass"


def measure(repetitions: int = 5) -> Result:
    """Make steps in processes of both environments, first alone, then beside busy programs."""
    alone = measuring.interleave(repetitions, _ours_ms, _plain_ms)
    with _busy_programs():
        beside = measuring.interleave(repetitions, _ours_ms, _plain_ms)
    ours, plain, ours_beside, plain_beside = (
        Measured(what, values, "ms")
        for what, values in zip(
            ("a step, alone", "plain, alone", "a step, beside", "plain, beside"),
            (*alone, *beside),
            strict=True,
        )
    )
    return Result(
        name="busy_machine",
        title="A busy machine",
        what="A step of a perceptron with 270,000 weights and a batch of 100 on the CPU, in a process "
        "with the environment that our workers are given, which has threads that wait sleep early, "
        "and in one without it: the mean over 3 s. Alone, and beside one program for each processor "
        "that does nothing but compute.",
        target=f"alone at most {MOST_ALONE:g} times, beside others no more than the plain one",
        measured=(ours, plain, ours_beside, plain_beside),
        checks=(
            AtMost("alone, ours / plain", ours.median / plain.median, MOST_ALONE),
            AtLeast(
                "beside busy programs, plain / ours",
                plain_beside.median / ours_beside.median,
                LEAST_GAIN,
            ),
        ),
    )


def _ours_ms() -> float:
    return _step_ms(environment.for_training())


def _plain_ms() -> float:
    return _step_ms(dict(os.environ))


def _step_ms(variables: dict[str, str]) -> float:
    said, _ = measuring.output_of([sys.executable, "-m", "benchmarks.small_steps"], variables)
    return float(said)


@contextmanager
def _busy_programs() -> Iterator[None]:
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for one in busy:
            one.kill()
            one.wait()
