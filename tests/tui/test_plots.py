"""How metrics share plots and plots share the terminal."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.runs.series import Series
from workbench.tui.plots import LEAST_HEIGHT, LEAST_WIDTH, arrange, draw_page, group
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


def _series(name: str) -> Series:
    series = Series(name)
    steps = np.arange(50)
    series.extend(steps, steps.astype(float), 1 / (1.0 + steps))
    return series
