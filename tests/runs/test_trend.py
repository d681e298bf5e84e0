"""The rough course of the watched metric."""

from __future__ import annotations

from pathlib import Path

from workbench.runs import events
from workbench.runs.folder import Manifest, RecipeReference, create
from workbench.runs.listing import Listing
from workbench.runs.recorder import Recorder
from workbench.runs.trend import SAMPLE_BYTES, SAMPLES, TrendReader


def trend(checkpoints: Path, steps: int, every: int) -> list[float]:
    """Of a run whose watched metric is logged now and then and falls from `steps` to 1."""
    folder, _ = create(Manifest(name="", recipe=RecipeReference(id="a/b", file="")), checkpoints)
    recorder = Recorder(folder.events_file)
    recorder.record(events.Started(time=2.0, pid=1, host="box", device="cpu"))
    for step in range(1, steps + 1):
        left = float(steps + 1 - step)
        recorder.metrics(step, {"val/loss": left} if step % every == 0 else {"train/loss": 1.5})
        if step % 20 == 0 or step == steps:
            best = events.Best(metric="val/loss", value=left, step=step)
            recorder.record(events.Progress(time=3.0, step=step, total=steps, best=best))
    recorder.close()
    (run,) = Listing(checkpoints).read()
    return list(TrendReader().read([run])[run.name])


def test_a_short_run_is_read_whole(checkpoints: Path) -> None:
    values = trend(checkpoints, 100, every=1)
    assert len(values) == SAMPLES
    assert values == sorted(values, reverse=True)
    assert values[-1] == 1.0


def test_a_long_run_is_sampled_over_its_whole_length(checkpoints: Path) -> None:
    values = trend(checkpoints, 20_000, every=1)
    assert len(values) == SAMPLES
    assert values == sorted(values, reverse=True)
    assert values[0] > 19_900
    assert values[-1] == 1.0
    assert next(checkpoints.iterdir()).joinpath("events.jsonl").stat().st_size > SAMPLES * SAMPLE_BYTES


def test_a_metric_that_is_rarely_logged_is_told_by_its_best(checkpoints: Path) -> None:
    values = trend(checkpoints, 20_000, every=5_000)
    assert len(values) == SAMPLES
    assert values == sorted(values, reverse=True)


def test_a_run_that_watches_nothing_has_none(checkpoints: Path) -> None:
    create(Manifest(name="", recipe=RecipeReference(id="a/b", file="")), checkpoints)
    runs = Listing(checkpoints).read()
    assert TrendReader().read(runs) == {"a-b-0001": []}
