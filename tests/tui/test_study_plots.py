"""What the trials of a study become on paper."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from tests.tuning.written import BEGAN, plan_of, trials_of
from workbench.figures.panels import Chart, Heat, Parallel, Spans
from workbench.tui.study import over_parameters, over_trials
from workbench.tui.study.facts import PlotName, StudyView
from workbench.tui.study.over_parameters import MOST_PARALLEL
from workbench.tui.study.plot import Moment, Plot
from workbench.tui.study.plots import plot_of
from workbench.tui.study.reader import draw_plot
from workbench.tuning.points import Points, points_of
from workbench.tuning.space import Dimension, Space
from workbench.tuning.study import Objective
from workbench.tuning.trials import TrialRecord
from workbench.tuning.weights import Weight, Weights

NAMES: tuple[PlotName, ...] = ("history", "importances", "parallel", "slices", "contour", "workers")
TWO = (Objective("val/accuracy", "max"), Objective("params", "min"))
WEIGHTS = Weights(
    9, (Weight("PED-ANOVA", 0, {"lr": 0.9, "width": 0.1}), Weight("fANOVA", 0, {}, "alike"))
)
NOW = Moment(BEGAN + 500, WEIGHTS)


def points(count: int, *metrics: Objective) -> Points:
    plan = plan_of(*metrics)
    return points_of(plan, trials_of(plan, count))


def drawn(plot: Plot, view: StudyView) -> str:
    return "\n".join(strip.text for strip in draw_plot(plot, view)[0])


def chart(plot: Plot, index: int = 0) -> Chart:
    panel = plot.panels[index]
    assert isinstance(panel, Chart)
    return panel


def by_name(panel: Chart | Parallel) -> dict[str, tuple[list[float], list[float]]]:
    return {line.name: (line.x.tolist(), line.y.tolist()) for line in panel.lines}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("metrics", [(), TWO])
@pytest.mark.parametrize("count", [0, 1, 2, 60])
def test_every_plot_fits_every_room(name: PlotName, metrics: Sequence[Objective], count: int) -> None:
    some = points(count, *metrics)
    for width, height in ((38, 4), (78, 17), (198, 53)):
        for alone in (False, True):
            view = StudyView(name, width, height, alone=alone, place=3)
            strips, reach, note = draw_plot(plot_of(name, some, view, NOW), view)
            assert 0 < len(strips) <= height
            assert max(strip.cell_length for strip in strips) <= width
            assert reach.pages >= 1
            assert "\x1b" not in note


def test_the_history_marks_what_failed_and_follows_the_best() -> None:
    plot = over_trials.history(points(12), StudyView())
    lines = by_name(chart(plot))
    assert lines["pruned"][0] == [7.0]
    assert [fault.x for fault in chart(plot).frame.faults] == [10.0]
    best = lines["best so far"][1]
    assert best == sorted(best)
    assert len(lines["complete"][0]) == 10
    assert "10 complete" in plot.note and "1 failed" in plot.note
    assert plot.rows()[10] == (10, "failed", None, best[-1])


def test_a_pruned_trial_is_never_the_best_and_values_that_are_no_numbers_stand_on_the_axis() -> None:
    plan = plan_of()
    records = [
        TrialRecord(number=0, state="complete", run="a", value=0.5),
        TrialRecord(number=1, state="pruned", run="b", value=0.9),
        TrialRecord(number=2, state="complete", run="c", value=float("nan")),
        TrialRecord(number=3, state="complete", run="d", value=float("inf")),
        TrialRecord(number=4, state="running", run="e"),
    ]
    plot = over_trials.history(points_of(plan, records), StudyView())
    assert set(by_name(chart(plot))["best so far"][1]) == {0.5}
    assert [fault.x for fault in chart(plot).frame.faults] == [2.0, 3.0]


def test_an_axis_that_grows_moves_rarely() -> None:
    ends = {over_trials._roomy(last) for last in range(1000, 1100)}
    assert len(ends) <= 3
    assert min(ends) > 1000
    lengths = {over_trials._later(length, lives=True) for length in np.linspace(100, 110, 50).tolist()}
    assert len(lengths) <= 3
    assert over_trials._later(100.0, lives=False) == 100.0


def test_of_several_metrics_the_front_is_drawn() -> None:
    plot = plot_of("history", points(30, *TWO), StudyView(), NOW)
    front = by_name(chart(plot))["Pareto front"]
    assert front[0] == sorted(front[0])
    assert front[1] == sorted(front[1]), "more of the first costs more of the second"
    assert chart(plot).frame.x_label == "val/accuracy (max)"
    assert sum(bool(row[-1]) for row in plot.rows()) == len(front[0])


def test_of_three_metrics_two_are_chosen() -> None:
    plan = plan_of(*TWO, Objective("duration_s", "min"))
    records = [
        msgspec.structs.replace(one, values=(*one.values, 1.0) if one.values else ())
        for one in trials_of(plan_of(*TWO), 9)
    ]
    view = StudyView(across=2, up=2)
    plot = plot_of("history", points_of(plan, records), view, NOW)
    frame = chart(plot).frame
    assert (frame.x_label, frame.y_label) == ("duration_s (min)", "val/accuracy (max)")
    assert plot.planes == 3


def test_slices_have_the_scale_of_their_parameter() -> None:
    plot = over_parameters.slices(points(40), StudyView())
    frames = [chart(plot, index).frame for index in range(4)]
    assert [frame.title for frame in frames] == ["lr", "width", "activation", "norm"]
    assert [frame.log_x for frame in frames] == [True, False, False, False]
    assert [name for _, name in frames[3].x_ticks] == ["no", "yes"]
    best = by_name(chart(plot))["best"]
    assert len(best[0]) == 1
    spread = by_name(chart(plot, 3))["complete"][0]
    assert len(set(spread)) > 2, "trials of one choice cover one another"
    assert {round(place) for place in spread} == {0, 1}


def test_parallel_lines_are_thinned_and_the_best_stand_out() -> None:
    plot = over_parameters.parallel(points(1500), StudyView())
    (panel,) = plot.panels
    assert isinstance(panel, Parallel)
    assert [axis.name for axis in panel.axes] == ["lr", "width", "activation", "norm", "val/accuracy"]
    lines = by_name(panel)
    counts = {name: len(x) // 6 for name, (x, _) in lines.items()}
    assert sum(counts.values()) <= MOST_PARALLEL
    assert counts["best tenth"] > 20
    results = {name: y[4::6] for name, (_, y) in lines.items()}
    assert min(results["best tenth"]) > max(results["worse half"])
    assert f"{MOST_PARALLEL} of " in plot.note


def test_the_contour_is_highest_where_the_best_trials_are() -> None:
    plot = over_parameters.contour(points(300), StudyView())
    (panel,) = plot.panels
    assert isinstance(panel, Heat)
    _, column = np.unravel_index(np.nanargmax(panel.values), panel.values.shape)
    assert 0.55 < column / panel.values.shape[1] < 0.8, "lr = 0.01 is at two thirds"
    assert (panel.frame.x_label, panel.frame.y_label) == ("lr", "width")
    other = over_parameters.contour(points(300), StudyView(across=3, up=2))
    assert other.columns[1:3] == ("norm", "activation")


def test_a_study_of_one_parameter_has_no_contour_and_says_so() -> None:
    plan = plan_of(space=Space((Dimension("lr", "float", 1e-4, 1e-1, log=True),)))
    plot = plot_of("contour", points_of(plan, trials_of(plan, 9)), StudyView(), NOW)
    assert "this study searches one" in plot.empty
    assert plot_of("parallel", points_of(plan, trials_of(plan, 9)), StudyView(), NOW).panels


def test_workers_are_lanes_and_what_runs_goes_on_until_now() -> None:
    plan = plan_of()
    records = list(trials_of(plan, 6))
    records[5] = msgspec.structs.replace(records[5], state="running", ended=0.0)
    records[4] = msgspec.structs.replace(records[4], state="again")
    plot = over_trials.workers(points_of(plan, records), BEGAN + 100)
    (panel,) = plot.panels
    assert isinstance(panel, Spans)
    assert list(panel.lanes) == ["1", "2", "3"]
    assert [name for name, _ in panel.legend] == ["complete", "running", "tried again"]
    (runs,) = [span for span in panel.spans if panel.legend[span.colour][0] == "running"]
    assert runs.end == 100
    assert panel.length > 100
    assert len(plot.rows()) == 6


def test_importances_say_why_there_are_none() -> None:
    some = points(12)
    assert over_trials.importances(some, StudyView(), None).empty == "Optuna weighs the parameters …"
    few = Weights(2, fault="4 complete trials can be weighed, and there are 2")
    assert over_trials.importances(some, StudyView(), few).empty == few.fault
    text = drawn(over_trials.importances(some, StudyView(), WEIGHTS), StudyView("importances", 78, 17))
    assert "PED-ANOVA" in text and "fANOVA: alike" in text and "0.9" in text


def test_two_thousand_trials_are_drawn_in_a_moment() -> None:
    some = points(2000)
    began = time.process_time()
    for name in NAMES:
        view = StudyView(name, 198, 53)
        draw_plot(plot_of(name, some, view, NOW), view)
    assert time.process_time() - began < 5
