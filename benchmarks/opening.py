"""Opening a run of a million steps: time and memory, beside TensorBoard's reader and in the TUI."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import measuring
from benchmarks.measuring import AtMost, Measured, Result, amount
from benchmarks.terminal import Terminal
from workbench.runs import events
from workbench.runs.folder import Manifest, RecipeReference, RunFolder, create
from workbench.runs.recorder import Recorder, now

MOST_S = 1.5
MOST_MB = 200.0
STEPS = 1_000_000
TENSORBOARD_STEPS = 100_000
MEGABYTE = 1e6
LAST_METRIC = "val/end"  # its curve is on the screen only when the whole record was read

Rows = list[dict[str, float]]


def measure(
    repetitions: int = 5, steps: int = STEPS, tensorboard_steps: int = TENSORBOARD_STEPS
) -> Result:
    """Write both records once, then read them in fresh processes, and ours in the TUI too."""
    ours: Rows = []
    theirs: Rows = []
    screen: Rows = []
    with measuring.own_folders() as checkpoints:
        folder = write_run(checkpoints, steps)
        event_files = checkpoints / ".tensorboard"
        measuring.answer_of(
            "benchmarks.tensorboard_side", "write", str(event_files), str(tensorboard_steps)
        )
        for _ in range(repetitions):
            ours.append(opened(folder, steps))
            theirs.append(_read_by_tensorboard(event_files, tensorboard_steps))
            screen.append(opened_on_screen(folder))
        size_mb = folder.events_file.stat().st_size / MEGABYTE
    return _result(ours, theirs, screen, (steps, tensorboard_steps), size_mb)


def _result(ours: Rows, theirs: Rows, screen: Rows, lengths: tuple[int, int], size_mb: float) -> Result:
    steps, tensorboard_steps = lengths
    factor = steps / tensorboard_steps
    scaled = f"EventAccumulator, times {factor:g}"
    seconds, their_seconds = _column("History", ours, "s"), _column(scaled, theirs, "s", factor)
    peak = _column("History, most while reading", ours, "peak_MB")
    return Result(
        name="opening",
        title=f"Opening a run of {steps:,} steps",
        what=f"A run with 3 metrics a step ({size_mb:.0f} MB of events.jsonl): `History.read_all` and "
        "200 points of each series, in a fresh process that has imported the same modules; memory is "
        "its resident memory against that before. TensorBoard's EventAccumulator, told to keep every "
        f"scalar, reads {tensorboard_steps:,} steps of 3 scalars in a fresh process: its time and "
        f"memory are multiplied by {factor:g}. TUI: from Enter in the list of runs until its page has "
        "drawn a metric that only the last record of numbers has; its memory includes the modules that "
        "it imports for that.",
        target=f"at most {MOST_S:g} s and {MOST_MB:g} MB above the empty program",
        measured=(
            seconds,
            their_seconds,
            _column("TUI, from the key", screen, "s"),
            _column("History", ours, "MB"),
            peak,
            _column(scaled, theirs, "MB", factor),
            _column("TUI, what its process grew by", screen, "MB"),
        ),
        checks=(
            AtMost("time", seconds.median, MOST_S, "s"),
            AtMost("most memory", peak.median, MOST_MB, "MB"),
        ),
        notes=(f"TensorBoard takes {amount(their_seconds.median / seconds.median)} times as long",),
    )


def _column(what: str, rows: Rows, key: str, factor: float = 1.0) -> Measured:
    return Measured(what, tuple(factor * row[key] for row in rows), key.rpartition("_")[2])


def write_run(checkpoints: Path, steps: int) -> RunFolder:
    """A finished run with three metrics at each step and LAST_METRIC at the end, by the recorder."""
    reference = RecipeReference(id="benchmarks/opening", file=__file__)
    folder, _ = create(Manifest(name="", recipe=reference), checkpoints)
    recorder = Recorder(folder.events_file)
    recorder.record(events.Started(time=now(), pid=1, host="benchmark", device="cpu"))
    for step in range(1, steps + 1):
        recorder.metrics(step, values_at(step))
    recorder.metrics(steps, {LAST_METRIC: 1.0})
    recorder.record(events.Progress(time=now(), step=steps, total=steps, elapsed_s=1.0))
    recorder.record(events.Finished(time=now(), step=steps))
    recorder.close()
    return folder


def values_at(step: int) -> dict[str, float]:
    """Three numbers with as many digits as those of a training have."""
    wave = math.sin(step / 1000)
    return {
        "train/loss": 2 / (1 + step / 1e5) + wave / 7,
        "train/accuracy": 0.5 + wave / 3,
        "lr": 1 / step,
    }


def opened(folder: RunFolder, steps: int) -> dict[str, float]:
    """Seconds and megabytes of one reading in a fresh process.

    Raises:
        RuntimeError: when it did not read all `steps` of all three metrics.
    """
    answer = measuring.answer_of("benchmarks.workbench_side", str(folder.path))
    if answer["points"] != 3 * steps + 1:
        raise RuntimeError(f"{answer['points']:.0f} points were read instead of {3 * steps + 1}")
    return answer


def _read_by_tensorboard(event_files: Path, steps: int) -> dict[str, float]:
    answer = measuring.answer_of("benchmarks.tensorboard_side", "read", str(event_files))
    if answer["points"] != 3 * steps:
        raise RuntimeError(f"{answer['points']:.0f} scalars were read instead of {3 * steps}")
    return answer


def opened_on_screen(folder: RunFolder) -> dict[str, float]:
    """Seconds from Enter in the list of runs until the whole run is on the screen, and megabytes."""
    with _runs_screen(folder) as terminal:  # the list shows no metric
        before = terminal.process.memory_info().rss
        pressed = terminal.press("\r")
        seen = terminal.wait_for("Curves", LAST_METRIC)
        grown = terminal.process.memory_info().rss - before
    return {"s": seen - pressed, "MB": grown / MEGABYTE}


@contextmanager
def _runs_screen(folder: RunFolder) -> Iterator[Terminal]:
    with Terminal(measuring.workbench_command()) as terminal:
        terminal.wait_for("images", "cnn")
        terminal.press("2")
        terminal.wait_for(folder.name)
        terminal.wait_until_helpers_rest()
        yield terminal
