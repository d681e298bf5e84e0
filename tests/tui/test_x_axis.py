"""From steps and times to what the x axis counts, and back."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.runs.series import Series
from workbench.tui.run_facts import PlotView, Reach
from workbench.tui.x_axis import XAxis, available, axis_of, chosen

EPOCHS = [(10, 0.0), (40, 1.0), (45, 1.0), (60, 2.0)]


def series(name: str, steps: list[int]) -> Series:
    one = Series(name)
    at = np.array(steps)
    one.extend(at, 1000.0 + at * 2.0, at * 1.0)
    return one


@pytest.mark.parametrize(
    ("axis", "x"), [("step", 20.0), ("epoch", 0.5), ("time", 50.0), ("clock", 1040.0)]
)
def test_a_point_has_its_place_on_every_axis_and_back(axis: str, x: float) -> None:
    found = axis_of(PlotView(axis=axis), 990.0, EPOCHS)
    assert found.of(np.array([20]), np.array([1040.0])).tolist() == [x]
    assert found.keys(np.array([x])).tolist() == [1040.0 if found.by_time else 20.0]


def test_epochs_go_on_beyond_what_was_told() -> None:
    axis = axis_of(PlotView(axis="epoch"), 0.0, EPOCHS)
    assert axis.of(np.array([80, 0]), np.zeros(2)).tolist() == [3.0, 0.0]


@pytest.mark.parametrize("epochs", [[], [(10, 0.0)], [(10, 0.0), (20, 0.0)]])
def test_without_epochs_steps_are_counted(epochs: list[tuple[int, float]]) -> None:
    assert "epoch" not in available(epochs)
    assert axis_of(PlotView(axis="epoch"), 0.0, epochs).axis == "step"
    assert "epoch" in available(EPOCHS)


def test_a_clock_has_no_logarithm() -> None:
    assert not axis_of(PlotView(axis="clock", log_x=True), 0.0, []).log
    assert axis_of(PlotView(axis="time", log_x=True), 0.0, []).log


def test_columns_are_alike_on_the_axis_that_is_seen() -> None:
    assert XAxis().edges(0, 100, 4).tolist() == [0, 25, 50, 75, 100]
    assert XAxis(log=True).edges(1, 10_000, 4) == pytest.approx([1, 10, 100, 1000, 10_000])
    assert XAxis("time", began=1000.0).edges(0, 100, 2).tolist() == [1000, 1050, 1100]


def test_the_axis_reaches_from_the_first_point_to_the_last() -> None:
    both = [series("a", [5, 10]), series("b", [2, 7]), Series("none")]
    assert XAxis().reach(both) == Reach(2.0, 10.0)
    assert XAxis("time", began=1000.0).reach(both) == Reach(4.0, 20.0)
    assert XAxis(log=True).reach([series("a", [0, 50])]) == Reach(0.05, 50.0, log=True)
    assert XAxis(log=True).reach([Series("none")]) == Reach(1.0, 1.0, log=True)


def test_places_are_read_as_people_say_them() -> None:
    assert XAxis().text(1234.4) == "step 1,234"
    assert XAxis("epoch").text(3.25) == "epoch 3.25"
    assert XAxis("time").text(7500) == "2 h 05 min"
    assert XAxis("clock").text(0.0).count(":") == 2


def test_chosen_metrics_are_drawn_and_all_where_none_of_them_is_there() -> None:
    several = {name: Series(name) for name in ("a", "b")}
    assert list(chosen(several, PlotView())) == ["a", "b"]
    assert list(chosen(several, PlotView(metrics=frozenset({"b", "x"})))) == ["b"]
    assert list(chosen(several, PlotView(metrics=frozenset({"x"})))) == ["a", "b"]


def test_the_axis_of_a_living_run_moves_rarely_and_holds_all_points() -> None:
    ends = [XAxis(grows=True).reach([series("a", [0, last])]).room for last in range(100, 1000)]
    assert all(last <= end <= 1.125 * last for last, end in enumerate(ends, 100) if end is not None)
    assert len(set(ends)) < 30
    assert XAxis().reach([series("a", [0, 100])]).room is None
    assert XAxis(log=True, grows=True).reach([series("a", [1, 100])]).room is None
