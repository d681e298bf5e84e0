"""How metrics share plots and plots share the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from textual.strip import Strip

from workbench.figures.plot import Mark
from workbench.runs.series import Series
from workbench.tui.plots import LEAST_HEIGHT, LEAST_WIDTH, MOST_IN_A_PLOT, arrange, draw_page, group
from workbench.tui.run_facts import PlotView


def test_metrics_are_grouped_by_what_follows_the_slash() -> None:
    names = ["train/loss", "val/loss", "lr", "train/top/5", "loss"]
    assert group(names) == {
        "loss": ["train/loss", "val/loss", "loss"],
        "lr": ["lr"],
        "top/5": ["train/top/5"],
    }


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 40])
@pytest.mark.parametrize(("width", "height"), [(78, 17), (198, 52), (30, 5)])
def test_a_grid_fits_the_room_and_its_pages_hold_all_plots(count: int, width: int, height: int) -> None:
    grid = arrange(count, PlotView(width, height))
    assert grid.columns * grid.width <= width
    assert grid.rows * grid.height <= height
    assert grid.size * grid.pages >= count > grid.size * (grid.pages - 1)
    if width >= LEAST_WIDTH and height >= LEAST_HEIGHT:
        assert grid.width >= LEAST_WIDTH
        assert grid.height >= LEAST_HEIGHT


def test_a_zoomed_plot_has_the_room_for_itself() -> None:
    grid = arrange(7, PlotView(78, 17, zoomed=True))
    assert (grid.size, grid.width, grid.height, grid.pages) == (1, 78, 17, 7)


@pytest.mark.parametrize("place", [0, 1, 99])
def test_a_page_is_never_larger_than_its_room(place: int) -> None:
    series = {name: _series(name) for name in [f"train/m{i}" for i in range(9)]}
    strips, pages = draw_page(series, [], PlotView(80, 18, place=place))
    assert pages > 1
    assert 0 < len(strips) <= 18
    assert max(strip.cell_length for strip in strips) <= 80


def test_without_metrics_nothing_is_drawn() -> None:
    assert draw_page({}, [], PlotView(80, 18)) == ((), 1)


def test_a_plot_holds_no_more_curves_than_there_are_colours() -> None:
    plots = group([f"layer{number}/norm" for number in range(3 * MOST_IN_A_PLOT - 1)])
    assert [len(some) for some in plots.values()] == [MOST_IN_A_PLOT] * 2 + [MOST_IN_A_PLOT - 1]
    assert list(plots) == ["norm", "norm (2)", "norm (3)"]


def _text(series: dict[str, Series], view: PlotView, marks: Sequence[Mark] = ()) -> list[str]:
    strips, _ = draw_page(series, marks, view)
    assert len(strips) <= view.height
    assert max(strip.cell_length for strip in strips) <= view.width
    return [strip.text.rstrip() for strip in strips]


def test_all_plots_show_the_same_part_of_x() -> None:
    several = {"train/loss": _series("train/loss"), "short": _series("short")}
    several["train/loss"].extend(np.arange(50, 101), np.arange(50.0, 101.0), np.ones(51))
    axis = next(line for line in _text(several, PlotView(80, 16)) if "step" in line)
    assert axis.split() == ["0", "50", "step", "100", "0", "50", "step", "100"]


@pytest.mark.parametrize("columns", [[40], [40, 41, 42, 49]])
def test_a_value_that_is_not_finite_is_a_mark_on_the_axis(columns: list[int]) -> None:
    one = _series("loss")
    values = one.values.copy()
    values[columns] = np.nan
    spoiled = Series("loss")
    spoiled.extend(one.steps, one.times, values)
    (axis,) = [line for line in _text({"loss": spoiled}, PlotView(80, 16)) if "└" in line]
    assert "nan" in axis
    assert not any("×" in line for line in _text({"loss": one}, PlotView(80, 16)))


def test_one_bad_value_among_a_million_is_seen() -> None:
    one, steps = Series("loss"), np.arange(1_000_000)
    values = np.ones(len(steps))
    values[[300_000, 700_000]] = np.nan, np.inf
    one.extend(steps, steps * 1.0, values)
    (axis,) = [line for line in _text({"loss": one}, PlotView(80, 16)) if "└" in line]
    assert axis.index("nan×") < axis.index("inf×")


@pytest.mark.parametrize("unordered", [False, True])
def test_a_part_of_the_curve_is_cut_at_its_edges(unordered: bool) -> None:
    one, steps = Series("loss"), np.arange(0, 1001, 100)
    one.extend(steps[::-1] if unordered else steps, steps * 1.0, steps * 1.0)
    lines = _text({"loss": one}, PlotView(80, 16, span=50.0, end=480.0))
    assert "▏" not in lines[0]
    canvas = [line for line in lines if "│" in line or "┤" in line]
    assert any(ord(char) >= 0x2800 for char in canvas[0][-3:] + canvas[-1][5:8])


def test_the_crosshair_reads_every_curve_of_the_page() -> None:
    several = {name: _series(name) for name in ("train/loss", "val/loss", "[b]lr[/b]")}
    lines = _text(several, PlotView(80, 16, crosshair=9.0))
    assert lines[0] == "step 9  train/loss 0.1  val/loss 0.1  [b]lr[/b] 0.1"
    assert any(line.count("│") == 4 for line in lines), "no upright line in both plots"
    assert _text(several, PlotView(44, 24, crosshair=9.0))[0].endswith("+1")
    assert _text({"train/loss": several["train/loss"]}, PlotView(80, 16, crosshair=99.0))[0].endswith(
        "–"
    )


def test_the_crosshair_names_the_marks_it_stands_on() -> None:
    marks = [Mark(9.2, "best"), Mark(30.0, "lr=0.1")]
    lines = _text({"loss": _series("loss")}, PlotView(80, 9, crosshair=9.0), marks)
    assert lines[0] == "step 9  ▾best  loss 0.1"


def test_the_crosshair_reads_the_smooth_line_too() -> None:
    one = Series("loss")
    one.extend(np.arange(4), np.arange(4.0), np.array([2.0, 4.0, 2.0, 4.0]))
    view = PlotView(80, 9, crosshair=1.0, smoothing=0.6)
    smooth = (0.6 * 0.4 * 2 + 0.4 * 4) / (1 - 0.6**2)
    assert _text({"loss": one}, view)[0] == f"step 1  loss 4 ~{smooth:.4g}"


def test_smoothing_leaves_the_raw_curve_behind_it() -> None:
    one, random = Series("loss"), np.random.default_rng(1)
    one.extend(np.arange(500), np.arange(500.0), random.normal(size=500))
    raw, _ = draw_page({"loss": one}, [], PlotView(80, 16))
    both, _ = draw_page({"loss": one}, [], PlotView(80, 16, smoothing=0.9))

    def colours(strips: Sequence[Strip]) -> set[str]:
        return {str(segment.style.color) for strip in strips for segment in strip if segment.style}

    assert len(colours(both) - colours(raw)) == 1


def _series(name: str) -> Series:
    series = Series(name)
    steps = np.arange(50)
    series.extend(steps, steps.astype(float), 1 / (1.0 + steps))
    return series
