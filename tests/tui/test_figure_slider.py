"""Where the keys of the slider lead, and what its line says."""

from __future__ import annotations

import pytest

from workbench.figures.cells import width
from workbench.tui.figure_slider import knob, leapt, moved, slider
from workbench.tui.run_facts import FigureSeen


@pytest.mark.parametrize(
    ("place", "by", "count", "reached"),
    [
        (None, -1, 5, 3),
        (None, 1, 5, None),
        (3, 1, 5, None),  # the newest, which is followed
        (2, 1, 5, 3),
        (0, -1, 5, 0),
        (9, -1, 5, 3),  # later steps were abandoned meanwhile
        (None, -1, 1, None),
        (0, 1, 1, None),
    ],
)
def test_a_step(place: int | None, by: int, count: int, reached: int | None) -> None:
    assert moved(place, by, count) == reached


def test_a_leap_is_a_tenth_of_all_steps_and_a_step_at_the_least() -> None:
    assert leapt(None, -1, 2001) == 1800
    assert leapt(1800, 1, 2001) is None
    assert leapt(1, 1, 4) == 2


def test_the_knob_goes_from_end_to_end() -> None:
    assert [knob(place, 2000, 40) for place in (0, 1000, 1999)] == [0, 20, 39]
    assert knob(0, 1, 40) == 39


def test_the_line_says_which_figure_which_step_and_how_many_are_newer() -> None:
    line = slider(FigureSeen("confusion", 3, 1200), 12, "2/5", 80).plain
    assert line.startswith("2/5 confusion  , ━")
    assert line.endswith("─ .  4/12 · step 1,200 · 8 newer")
    assert "●" in line
    assert slider(FigureSeen("confusion", 11, 4800), 12, "2/5", 80).plain.endswith(
        "12/12 · step 4,800 · newest"
    )


@pytest.mark.parametrize("room", [20, 40, 54, 80, 200])
def test_the_line_keeps_to_its_room_where_the_track_is_drawn(room: int) -> None:
    line = slider(FigureSeen("a name that is long\x1b[2J", 3, 1200), 12_000, "2/5", room).plain
    assert "\x1b" not in line
    assert "●" not in line or width(line) <= room


def test_a_figure_of_one_step_has_no_track() -> None:
    assert slider(FigureSeen("weights", 0, 50), 1, "1/1", 80).plain == "1/1 weights  step 50"
