"""Which metrics share a chart, and how charts share a screen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from workbench.cli import curves
from workbench.figures import cells
from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.recorder import Recorder
from workbench.runs.series import Series


def _history(record: Callable[..., RunFolder], metrics: int) -> History:
    folder = record(losses=())
    recorder = Recorder(folder.events_file)
    for step in range(5):
        recorder.metrics(step, {f"m{index}": step + index for index in range(metrics)})
    recorder.close()
    return History(folder).read_all()


def test_splits_of_one_quantity_share_a_chart() -> None:
    names = ["train/loss", "lr", "val/loss", "val_acc", "test/acc", "train"]

    assert curves.groups(names) == {
        "loss": ["train/loss", "val/loss"],
        "lr": ["lr"],
        "acc": ["val_acc", "test/acc"],
        "train": ["train"],
    }


def test_charts_fit_the_room_and_the_rest_is_counted(record: Callable[..., RunFolder]) -> None:
    history = _history(record, metrics=5)
    for width, height, left_out in ((60, 20, 3), (120, 20, 1), (120, 200, 0), (60, 10, 4)):
        lines, out = curves.charts(history, width, height)
        assert out == left_out
        assert len(lines) <= height
        assert max(cells.width(cells.strip(line)) for line in lines) <= width


def test_no_room_and_no_metrics_draw_nothing(record: Callable[..., RunFolder]) -> None:
    assert curves.charts(_history(record, metrics=2), 80, 2) == ([], 2)
    assert curves.charts(_history(record, metrics=0), 80, 20) == ([], 0)


def test_a_constant_does_not_move() -> None:
    constant, rising = Series("lr"), Series("loss")
    steps, times = np.arange(3), np.zeros(3)
    constant.extend(steps, times, np.full(3, 0.1))
    rising.extend(steps, times, np.array([0.1, 0.1, 0.2]))

    assert not curves.moves(constant)
    assert curves.moves(rising)
    assert not curves.moves(Series("empty"))


def test_changes_and_new_attempts_are_marked_in_order(record: Callable[..., RunFolder]) -> None:
    folder = record()
    recorder = Recorder(folder.events_file)
    recorder.record(events.Started(time=5.0, pid=1, host="h", device="cpu", attempt=2, step=3))
    recorder.record(events.ParameterSet(time=6.0, step=1, name="lr", old=0.1, value=0.01))
    recorder.close()
    marks = curves.marks(History(folder).read_all())

    assert [(mark.x, mark.label) for mark in marks] == [(1.0, "lr=0.01"), (3.0, "attempt 2")]
