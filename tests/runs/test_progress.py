"""How far a run is: seldom enough to cost nothing, often enough to be believed."""

from __future__ import annotations

import math

import pytest

from workbench.runs import events, progress
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.jsonl import LineReader
from workbench.runs.progress import Goal, ProgressMeter
from workbench.runs.recorder import Recorder
from workbench.runs.state import Status


class Clock:
    """A clock that goes on only when it is told to."""

    now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s

    def time(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    still = Clock()
    monkeypatch.setattr(progress, "time", still)
    return still


def meter(recorder: Recorder, step: int = 0, goal: Goal | None = None) -> ProgressMeter:
    return ProgressMeter(recorder, device="cpu", attempt=2, step=step, goal=goal)


def recorded(folder: RunFolder) -> Status:
    return History(folder).read_all().recorded


def count(folder: RunFolder) -> int:
    return len(list(LineReader(folder.events_file).read_lines()))


def test_progress_is_recorded_at_most_once_an_interval(
    folder: RunFolder, recorder: Recorder, clock: Clock
) -> None:
    counts = meter(recorder)
    for step in range(1, 1001):
        counts.advance(step)
        clock.now_s += 0.01
    assert count(folder) == 10 / progress.PROGRESS_INTERVAL_S
    counts.record()
    assert recorded(folder).step == 1000


def test_time_to_go_follows_from_the_rate(folder: RunFolder, recorder: Recorder, clock: Clock) -> None:
    counts = meter(recorder)
    counts.total = 100
    counts.record()
    assert recorded(folder).eta_s is None, "nothing is done yet"
    clock.now_s += 60
    counts.advance(progress.UNTIMED_STEPS)
    assert recorded(folder).eta_s is None, "the first steps say nothing of the next"
    clock.now_s += 5
    counts.advance(progress.UNTIMED_STEPS + 25)
    status = recorded(folder)
    assert (status.elapsed_s, status.eta_s) == (65.0, 0.2 * (75 - progress.UNTIMED_STEPS))
    assert (status.total, status.fraction) == (100, status.step / 100)


def test_a_resumed_attempt_counts_its_own_steps_only(
    folder: RunFolder, recorder: Recorder, clock: Clock
) -> None:
    counts = meter(recorder, step=80)
    counts.total = 100
    counts.advance(85)
    clock.now_s += 5
    counts.advance(95)
    assert (recorded(folder).eta_s, recorded(folder).attempt) == (2.5, 2)


def test_a_pause_counts_neither_as_work_nor_in_the_estimate(
    folder: RunFolder, recorder: Recorder, clock: Clock
) -> None:
    counts = meter(recorder)
    counts.total = 100
    counts.advance(20)
    clock.now_s += 1005
    counts.rest(1000)
    counts.advance(60)
    assert (recorded(folder).elapsed_s, recorded(folder).eta_s) == (5.0, 5.0)


def test_a_run_without_a_total_has_no_time_to_go(
    folder: RunFolder, recorder: Recorder, clock: Clock
) -> None:
    counts = meter(recorder)
    counts.advance(5)
    clock.now_s += 5
    counts.advance(20)
    assert recorded(folder).eta_s is None
    counts.total = 10
    counts.record()
    assert recorded(folder).eta_s == 0, "it went further than it said"


def test_all_that_a_meter_knows_is_recorded(folder: RunFolder, recorder: Recorder) -> None:
    counts = meter(recorder)
    counts.epoch, counts.epochs, counts.phase, counts.stopping = 2, 5, "validate", True
    counts.record()
    status = recorded(folder)
    assert (status.epoch, status.epochs, status.phase, status.device) == (2, 5, "validate", "cpu")
    assert status.state == "stopping"


@pytest.mark.parametrize(
    ("mode", "values", "best"),
    [
        ("min", [3.0, 1.0, 2.0, math.nan, 1.0], (1.0, 1)),
        ("max", [3.0, math.nan, 5.0, 4.0], (5.0, 2)),
        ("min", [math.nan, math.inf, -math.inf, 2.0], (2.0, 3)),
        ("max", [math.inf, -math.inf, -2.0], (-2.0, 2)),
    ],
)
def test_the_best_value_is_finite_and_the_first_of_its_kind(
    folder: RunFolder, recorder: Recorder, mode: str, values: list[float], best: tuple[float, int]
) -> None:
    counts = meter(recorder, goal=Goal("loss", mode))
    for step, value in enumerate(values):
        counts.observe(step, {"loss": value, "other": 0.0})
    counts.record()
    assert recorded(folder).best == events.Best(metric="loss", value=best[0], step=best[1])
    assert History(folder).read_all().faults == []


def test_without_a_goal_or_its_metric_there_is_no_best(folder: RunFolder, recorder: Recorder) -> None:
    for goal in (None, Goal("loss")):
        counts = meter(recorder, goal=goal)
        counts.observe(1, {"accuracy": 0.5})
        counts.record()
        assert recorded(folder).best is None
