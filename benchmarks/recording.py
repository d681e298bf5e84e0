"""What recording costs a training loop: `Run.log` of three scalars, beside TensorBoard's writer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks import measuring
from benchmarks.measuring import AtMost, Holds, Measured, Result
from workbench.runs.folder import Manifest, RecipeReference, create
from workbench.runs.progress import Goal
from workbench.runs.recorder import Recorder
from workbench.runs.run import Run

MOST_US = 10.0
CALLS = 20_000
TENSORBOARD_CALLS = 2_000
WATCHED_CALLS = 1_000


def measure(
    repetitions: int = 9, calls: int = CALLS, tensorboard_calls: int = TENSORBOARD_CALLS
) -> Result:
    """Time calls of both in this process, and watch our file grow with every call."""
    with measuring.own_folders() as checkpoints, open_run(checkpoints) as run:
        disk = _file_system(checkpoints)
        in_kernel = grows_with_each_call(run, WATCHED_CALLS)
        with _summary_writer(checkpoints / "tensorboard") as writer:
            ours, theirs = measuring.interleave(
                repetitions,
                lambda: microseconds_a_call(run, calls),
                lambda: _tensorboard_microseconds(writer, tensorboard_calls),
            )
    logged, added = Measured("Run.log", ours, "µs"), Measured("3 x add_scalar", theirs, "µs")
    return Result(
        name="recording",
        title="Recording",
        what=f"One call of `Run.log` with three scalars ({calls:,} calls a repetition), beside three "
        f"calls of SummaryWriter.add_scalar ({tensorboard_calls:,} times a repetition), which hands "
        f"them to a thread that writes later. Real files on {disk}. For the kernel's hands, the file "
        "is opened once more after each call, and what is new in it is read.",
        target=f"at most {MOST_US:g} µs a call, in the kernel's hands when the call returns",
        measured=(logged, added),
        checks=(AtMost("Run.log", logged.median, MOST_US, "µs"), in_kernel),
        notes=(f"TensorBoard takes {measuring.amount(added.median / logged.median)} times as long",),
    )


@contextmanager
def open_run(checkpoints: Path) -> Iterator[Run]:
    """A new run that can be logged to, as a worker has it."""
    reference = RecipeReference(id="benchmarks/recording", file=__file__)
    folder, _ = create(Manifest(name="", recipe=reference), checkpoints)
    recorder = Recorder(folder.events_file)
    yield Run(folder, recorder, goal=Goal("train/loss"))
    recorder.close()


def microseconds_a_call(run: Run, calls: int) -> float:
    """Mean time of one `log` of three scalars.

    Raises:
        RuntimeError: when not every call left its line.
    """
    file = run.folder.events_file
    before = file.read_bytes().count(b"\n")
    began = time.perf_counter()
    for step in range(calls):
        run.log({"train/loss": 1.25 / (step + 1), "train/accuracy": 0.9375, "lr": 1e-3}, step=step)
    took = time.perf_counter() - began
    if file.read_bytes().count(b"\n") - before != calls:
        raise RuntimeError(f"{calls} calls left another number of lines in {file}")
    return 1e6 * took / calls


def grows_with_each_call(run: Run, calls: int) -> Holds:
    """Whether the file, as the kernel knows it, has grown by a whole line when each call returns."""
    file = run.folder.events_file
    written = 0
    for step in range(calls):
        before = file.stat().st_size
        run.log({"train/loss": 0.5, "train/accuracy": 0.5, "lr": 1e-3}, step=step)
        with file.open("rb") as reader:
            reader.seek(before)
            written += reader.read().count(b"\n") == 1
    return Holds(
        f"the file had grown by a line after {written:,} of {calls:,} calls", written == calls > 0
    )


@contextmanager
def _summary_writer(folder: Path) -> Iterator[Any]:
    from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415  # takes seconds to import

    writer = SummaryWriter(str(folder))
    yield writer
    writer.close()


def _tensorboard_microseconds(writer: Any, calls: int) -> float:
    began = time.perf_counter()
    for step in range(calls):
        writer.add_scalar("train/loss", 1.25 / (step + 1), step)
        writer.add_scalar("train/accuracy", 0.9375, step)
        writer.add_scalar("lr", 1e-3, step)
    took = time.perf_counter() - began
    writer.flush()  # or its thread would still write while ours is measured
    return 1e6 * took / calls


def _file_system(folder: Path) -> str:
    """Kind of the file system that `folder` lies on: `ext4`."""
    parts = psutil.disk_partitions(all=True)
    holding = [part for part in parts if folder.resolve().is_relative_to(part.mountpoint)]
    return max(holding, key=lambda part: len(part.mountpoint)).fstype if holding else "an unknown disk"
