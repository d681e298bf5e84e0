"""What a recipe reports is what a reader finds."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench import version
from workbench.figures import Series, Text, decode
from workbench.figures.data import Curves
from workbench.runs import control, events
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.progress import Goal
from workbench.runs.recorder import Recorder
from workbench.runs.run import INLINE_FIGURE_BYTES, Run
from workbench.runs.steering import NothingToSaveError


class JsonFiles:
    """Checkpoints of plain values."""

    def reserve(self, state: Mapping[str, Any]) -> Callable[[], None]:
        return lambda: None

    def snapshot(self, state: Mapping[str, Any]) -> Mapping[str, Any]:
        return copy.deepcopy(state)

    def write(self, path: Path, state: Mapping[str, Any]) -> None:
        path.write_text(json.dumps(state))

    def read(self, path: Path) -> dict[str, Any]:
        return dict(json.loads(path.read_text()))


@pytest.fixture
def run(folder: RunFolder, recorder: Recorder) -> Run:
    return Run(folder, recorder, recipe_id="images/cnn", files=JsonFiles(), goal=Goal("loss"))


def history(run: Run) -> History:
    return History(run.folder).read_all()


def points(run: Run, name: str) -> list[tuple[int, float]]:
    series = history(run).series[name]
    return list(zip(series.steps.tolist(), series.values.tolist(), strict=True))


def test_numbers_are_recorded_at_the_current_step_and_are_the_results(run: Run) -> None:
    for step in run.steps(3):
        run.log(loss=1 / step)
    run.log({"validation/loss": 0.5}, accuracy=0.9)
    run.log(step=7, loss=9.0)
    assert points(run, "loss") == [(1, 1.0), (2, 0.5), (3, 1 / 3), (7, 9.0)]
    assert points(run, "validation/loss") == [(3, 0.5)]
    assert run.results == {"loss": 9.0, "validation/loss": 0.5, "accuracy": 0.9}


@pytest.mark.parametrize(
    "value",
    [1, True, np.float64(1.0), np.float32(1.0), np.int64(1), np.array(1.0), "1"],
    ids=lambda value: type(value).__name__,
)
def test_whatever_is_a_number_is_recorded_as_one(run: Run, value: Any) -> None:
    run.log(loss=value)
    run.log({"loss": value}, step=np.int64(5))
    assert points(run, "loss") == [(0, 1.0), (5, 1.0)]
    assert type(run.results["loss"]) is float


class ManyElements:
    """What torch does when a tensor of several elements is asked for a number."""

    def __float__(self) -> float:
        raise RuntimeError("a Tensor with 2 elements cannot be converted to Scalar")


@pytest.mark.parametrize(
    "value", [None, "many", [1.0], ManyElements(), 10**400, 1j], ids=lambda value: type(value).__name__
)
def test_what_is_no_number_is_refused_by_name_and_nothing_is_recorded(run: Run, value: Any) -> None:
    with pytest.raises(TypeError, match=f"metric 'train/loss' is no number but {type(value).__name__}"):
        run.log({"train/loss": value, "rate": 0.1})
    assert (history(run).series, run.results) == ({}, {})


def test_the_best_value_of_the_goal_is_kept(run: Run) -> None:
    for step in run.steps(4):
        run.log(loss=abs(step - 2.0))
    run.meter.record()
    assert history(run).recorded.best == events.Best(metric="loss", value=0.0, step=2)


def test_steps_are_counted_and_told(run: Run) -> None:
    assert list(run.steps(3)) == [1, 2, 3]
    assert run.step == 3
    assert list(run.steps(3)) == []
    assert list(run.steps(5)) == [4, 5]
    run.meter.record()
    assert (history(run).recorded.step, history(run).recorded.total) == (5, 5)


def test_a_resumed_attempt_does_the_steps_that_are_left(folder: RunFolder, recorder: Recorder) -> None:
    again = Run(folder, recorder, attempt=2, step=3)
    assert list(again.steps(5)) == [4, 5]


def test_a_rehearsal_does_a_few_steps_of_all(folder: RunFolder, recorder: Recorder) -> None:
    short = Run(folder, recorder, most_steps=2)
    assert list(short.steps(1000)) == [1, 2]
    assert short.stopping


def test_steps_end_when_the_run_is_asked_to_stop(run: Run) -> None:
    seen = []
    for step in run.steps(1000):
        seen.append(step)
        if step == 3:
            run.steering.signal("SIGTERM")
    assert seen == [1, 2, 3]
    assert run.stopping
    assert run.step == 3


def test_a_stop_asked_for_before_the_first_step_does_none(
    folder: RunFolder, recorder: Recorder
) -> None:
    control.ask(folder.control_file, control.Launch())
    control.ask(folder.control_file, control.Stop())
    assert list(Run(folder, recorder).steps(10)) == []


def test_a_message_is_heard(run: Run) -> None:
    run.message("[red]careful\x1b[0m", level="warning")
    (message,) = history(run).messages
    assert (message.text, message.level) == ("[red]careful\x1b[0m", "warning")


def test_a_small_figure_travels_in_the_record(run: Run) -> None:
    run.figure("poem", Text(title="poem", text="Röslein"))
    (shown,) = history(run).figures["poem"]
    assert (shown.step, shown.file) == (0, "")
    assert decode(bytes(shown.figure)) == Text(title="poem", text="Röslein")
    assert not run.folder.figures_dir.exists()


def large(title: str) -> Curves:
    line = Series("a", range(INLINE_FIGURE_BYTES // 4), range(INLINE_FIGURE_BYTES // 4))
    return Curves(title=title, lines=[line])


def test_a_large_figure_goes_to_a_file_of_its_own(run: Run) -> None:
    run.figure("filters", large("first"), step=20)
    (shown,) = history(run).figures["filters"]
    assert (shown.step, shown.file) == (20, "filters-00000020.json")
    assert decode((run.folder.figures_dir / shown.file).read_bytes()) == large("first")


def test_large_figures_of_different_names_never_share_a_file(run: Run) -> None:
    names = ["фильтры", "график", "a/b", "a-b", "../../etc/x", "", "x" * 300, "x" * 301]
    for name in names:
        run.figure(name, large(name[:9]))
    files = [figures[0].file for figures in history(run).figures.values()]
    assert len(set(files)) == len(names)
    for name, file in zip(names, files, strict=True):
        assert "/" not in file
        found = decode((run.folder.figures_dir / file).read_bytes())
        assert found.title == name[:9]


def test_a_checkpoint_is_written_and_recorded(run: Run) -> None:
    for _ in run.steps(4):
        run.log(loss=0.5, worst=float("inf"))
    path = run.save({"weights": [1, 2]}, name="best", reason="best")
    assert JsonFiles().read(path) == {
        "format": 2,
        "workbench": version(),
        "recipe": "images/cnn",
        "step": 4,
        "attempt": 1,
        "live": {},
        "state": {"weights": [1, 2]},
    }
    (saved,) = history(run).checkpoints
    assert (saved.step, saved.file, saved.reason) == (4, "best.pt", "best")
    assert saved.metrics == {"loss": 0.5, "worst": "Infinity"}


def test_nothing_to_save_writes_nothing(run: Run, folder: RunFolder, recorder: Recorder) -> None:
    with pytest.raises(NothingToSaveError):
        run.save({})
    with pytest.raises(NothingToSaveError):
        Run(folder, recorder).save({"weights": [1]})
    assert list(folder.path.glob("*.pt")) == []
    assert history(run).checkpoints == []
