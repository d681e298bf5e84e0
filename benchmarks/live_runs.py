"""Runs that live while screens are measured: `python -m benchmarks.live_runs FOLDER COUNT`."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import ROOT
from workbench.runs import events
from workbench.runs.folder import Manifest, RecipeReference, RunFolder, create
from workbench.runs.lock import RunLock
from workbench.runs.recorder import Recorder, now

RECORDS_A_SECOND = 200
PROGRESS_EVERY = 100
STEPS = 100_000


@dataclass
class LiveRuns:
    """The process that records them, and where; newest last."""

    process: subprocess.Popen[bytes]
    folders: list[RunFolder]

    def fall_silent(self) -> None:
        """They live on and record nothing more."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"silence\n")
        self.process.stdin.flush()


@contextmanager
def live_runs(checkpoints: Path, count: int) -> Iterator[LiveRuns]:
    """`count` runs that record until the context is left."""
    command = [sys.executable, "-m", "benchmarks.live_runs", str(checkpoints), str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        paths = [Path(process.stdout.readline().decode().rstrip("\n")) for _ in range(count)]
        try:
            yield LiveRuns(process, [RunFolder(path) for path in paths])
        finally:
            process.kill()


def main() -> None:
    """Record until this process is killed; a line on standard input ends the recording alone."""
    checkpoints, count = Path(sys.argv[1]), int(sys.argv[2])
    recorders = [_begin(checkpoints) for _ in range(count)]
    silent = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), silent.set()), daemon=True).start()
    began = time.monotonic()
    for step in range(1, STEPS + 1):
        for recorder in recorders:
            _record(recorder, step)
        if silent.wait(max(began + step / RECORDS_A_SECOND - time.monotonic(), 0.0)):
            break
    threading.Event().wait()


def _begin(checkpoints: Path) -> Recorder:
    reference = RecipeReference(id="benchmarks/live", file=__file__)
    folder, _ = create(Manifest(name="", recipe=reference), checkpoints)
    RunLock(folder.lock_file).acquire()
    recorder = Recorder(folder.events_file)
    recorder.record(events.Started(time=now(), pid=1, host="benchmark", device="cpu"))
    print(folder.path, flush=True)
    return recorder


def _record(recorder: Recorder, step: int) -> None:
    loss = 2 / (1 + step / 500) + math.sin(7 * step) / 20
    recorder.metrics(step, {"train/loss": loss, "train/accuracy": 1 - loss / 3, "lr": 1e-3})
    if step % PROGRESS_EVERY == 0:
        elapsed_s = step / RECORDS_A_SECOND
        best = events.Best(metric="train/loss", value=loss, step=step)
        left_s = (STEPS - step) / RECORDS_A_SECOND
        recorder.record(
            events.Progress(
                time=now(),
                step=step,
                total=STEPS,
                device="cpu",
                elapsed_s=elapsed_s,
                eta_s=left_s,
                best=best,
            )
        )


if __name__ == "__main__":
    main()
