"""TensorBoard's part in a fresh process: `write FOLDER STEPS`, or `read FOLDER`; prints JSON."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import SCALARS, EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from benchmarks.memory import peak_mb, resident_mb
from benchmarks.opening import values_at

KEEP_ALL = {SCALARS: 0}


def write(folder: Path, steps: int) -> dict[str, float]:
    """The events that `SummaryWriter.add_scalar` would write, one a scalar, in a tenth of its time."""
    folder.mkdir(parents=True)
    with (folder / "events.out.tfevents.1.benchmark").open("wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=time.time(), file_version="brain.Event:2").SerializeToString())
        for step in range(1, steps + 1):
            for name, value in values_at(step).items():
                summary = Summary(value=[Summary.Value(tag=name, simple_value=value)])
                event = Event(wall_time=time.time(), step=step, summary=summary)
                writer.write(event.SerializeToString())
        writer.flush()
    return {"points": 3 * steps}


def read(folder: Path) -> dict[str, float]:
    """What it costs to read everything."""
    before = resident_mb()
    began = time.perf_counter()
    accumulator = EventAccumulator(str(folder), size_guidance=KEEP_ALL)
    accumulator.Reload()
    scalars = [accumulator.Scalars(tag) for tag in accumulator.Tags()[SCALARS]]
    took = time.perf_counter() - began
    points = sum(map(len, scalars))
    after = resident_mb()
    return {"s": took, "MB": after - before, "peak_MB": peak_mb() - before, "points": points}


if __name__ == "__main__":
    if sys.argv[1] == "write":
        print(json.dumps(write(Path(sys.argv[2]), int(sys.argv[3]))))
    else:
        print(json.dumps(read(Path(sys.argv[2]))))
