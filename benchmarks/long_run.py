"""How soon a run of ten million steps shows its curves, and whether keys are answered meanwhile."""

from __future__ import annotations

import time
from itertools import cycle
from pathlib import Path

import msgspec

from benchmarks import measuring
from benchmarks.key_to_paint import _open_tab
from benchmarks.measuring import AtMost, Measured, Result
from benchmarks.opening import LAST_METRIC, MEGABYTE, Rows, _runs_screen, values_at
from workbench.runs import events
from workbench.runs.folder import Manifest, RecipeReference, RunFolder, create
from workbench.runs.recorder import Recorder, now

MILLIONS = (1, 10)
MOST_S = {1: 1.5, 10: 10.0}
MOST_MB = 500.0
MOST_KEY_S = 0.1
MILLION = 1_000_000
EPOCH = 1_760_000_000  # so that step and time end in the same digits


def measure(repetitions: int = 2) -> Result:
    """Open runs of both lengths, and once more with keys pressed while they load."""
    opened: dict[int, Rows] = {}
    answers: dict[int, list[float]] = {}
    for millions in MILLIONS:
        with measuring.own_folders() as checkpoints:
            folder = write_run(checkpoints, millions)
            opened[millions] = [_opened(folder) for _ in range(repetitions)]
            answers[millions] = _keys_while_loading(folder, min(row["s"] for row in opened[millions]))
    times = {m: Measured(f"{m}M steps", tuple(row["s"] for row in opened[m])) for m in MILLIONS}
    keys = {m: Measured(f"a key while {m}M load", tuple(answers[m])) for m in MILLIONS}
    grown = Measured(
        f"grown by, {MILLIONS[-1]}M", tuple(row["MB"] for row in opened[MILLIONS[-1]]), "MB"
    )
    return Result(
        name="long_run",
        title="Long runs on the screen",
        what="From Enter in the list of runs until the page has drawn a metric that only the last "
        "record of numbers has; 3 metrics a step. Memory is what the program grew by, with the modules "
        "that draw. Keys go from the log to the parameters and back while the run is read.",
        target=f"curves in at most {MOST_S[1]:g} and {MOST_S[10]:g} s, {MOST_MB:g} MB; keys answered "
        f"in {MOST_KEY_S:g} s",
        measured=(*times.values(), grown, *keys.values()),
        checks=(
            *(AtMost(f"{m}M steps", times[m].median, MOST_S[m], "s") for m in MILLIONS),
            AtMost("memory", grown.median, MOST_MB, "MB"),
            *(AtMost(keys[m].what, keys[m].median, MOST_KEY_S, "s") for m in MILLIONS),
        ),
    )


def write_run(checkpoints: Path, millions: int) -> RunFolder:
    """A finished run with three metrics at each of so many million steps (10 at most), but the last.

    Raises:
        RuntimeError: when a line is not what the recorder would write.
    """
    reference = RecipeReference(id="benchmarks/long", file=__file__)
    folder, _ = create(Manifest(name="", recipe=reference), checkpoints)
    recorder = Recorder(folder.events_file)
    recorder.record(events.Started(time=float(EPOCH), pid=1, host="benchmark", device="cpu"))
    with folder.events_file.open("ab") as file:
        file.write(_block(1, MILLION))
        base = _block(MILLION, 2 * MILLION) if millions > 1 else b""
        for leading in map(str, range(1, millions)):
            step, clock = b'"step":' + leading.encode(), f'"time":{EPOCH // MILLION + int(leading)}'
            file.write(base.replace(b'"step":1', step).replace(b'"time":1761', clock.encode()))
    _check(folder, millions)
    recorder.metrics(millions * MILLION, {LAST_METRIC: 1.0})
    steps = millions * MILLION
    recorder.record(events.Progress(time=now(), step=steps, total=steps, elapsed_s=1.0))
    recorder.record(events.Finished(time=now(), step=steps))
    recorder.close()
    return folder


def _block(first: int, end: int) -> bytes:
    encode = msgspec.json.Encoder().encode
    lines = [
        encode(events.Metrics(time=float(EPOCH + step), step=step, values=dict(values_at(step))))
        for step in range(first, end)
    ]
    return b"\n".join([*lines, b""])


def _check(folder: RunFolder, millions: int) -> None:
    last = millions * MILLION - 1
    with folder.events_file.open("rb") as file:
        file.seek(-400, 2)
        record = msgspec.json.decode(file.read().splitlines()[-1], type=events.Event)
    if not isinstance(record, events.Metrics) or (record.step, record.time) != (last, EPOCH + last):
        raise RuntimeError(f"the last record is {record}, not that of step {last}")


def _opened(folder: RunFolder) -> dict[str, float]:
    with _runs_screen(folder) as terminal:
        before = terminal.process.memory_info().rss
        pressed = terminal.press("\r")
        seen = terminal.wait_for("Curves", LAST_METRIC)
        grown = terminal.process.memory_info().rss - before
    return {"s": seen - pressed, "MB": grown / MEGABYTE}


def _keys_while_loading(folder: RunFolder, seconds: float) -> list[float]:
    with _runs_screen(folder) as terminal:
        deadline = terminal.press("\r") + 0.9 * seconds
        terminal.wait_for("Curves")
        answers = []
        for key in cycle("34"):
            if time.perf_counter() > deadline:
                break
            answers.append(terminal.answer_to(key, _open_tab))
    return answers
