from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.figures import palette
from workbench.figures.axes import x_axis
from workbench.figures.cells import Pen
from workbench.figures.chart import draw_chart
from workbench.figures.lines import Frame
from workbench.figures.plot import Line, Mark, draw_lines, sparkline
from workbench.figures.scale import Tick

from .drawn import SIZES, check, dots

X = np.arange(200.0)


def line(y: object, name: str = "loss", x: np.ndarray | None = None, colour: int = 0) -> Line:
    values = np.asarray(y, dtype=np.float64)
    return Line(name, np.arange(values.size, dtype=np.float64) if x is None else x, values, colour)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("colour", [True, False])
def test_curves_fit_their_room(width: int, height: int, colour: bool, unicode: bool) -> None:
    lines = [line(np.exp(-X / 50), "train_loss"), line(np.exp(-X / 60), "val_loss", colour=1)]
    marks = [Mark(50, "learning rate 0.001"), Mark(60, "checkpoint"), Mark(1e9, "later")]
    drawn = draw_lines(lines, width, height, title="loss", marks=marks, colour=colour, unicode=unicode)
    check(drawn, width, height)
    assert dots(drawn)
    assert colour == any("\x1b[" in row for row in drawn)
    assert unicode or all(row.isascii() for row in drawn)


@pytest.mark.parametrize(("log_x", "log_y"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize(
    "y",
    [
        [],
        [1.0],
        [math.nan, math.nan],
        [math.inf, -math.inf, 1.0],
        [3.0, 3.0, 3.0],
        [0.0, -1.0, -2.0],
        [1e308, -1e308],
        [5e-324, 0.0, 1.0],
    ],
)
def test_odd_values_draw_without_a_fault(y: list[float], log_x: bool, log_y: bool) -> None:
    for width, height in SIZES:
        drawn = draw_lines([line(y), line(y, "b")], width, height, log_x=log_x, log_y=log_y)
        check(drawn, width, height)
    check(draw_lines([], 80, 24), 80, 24)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.floats(), st.floats()), max_size=30),
    st.integers(0, 60),
    st.integers(0, 20),
    st.text(max_size=30),
)
def test_anything_fits(points: list[tuple[float, float]], width: int, height: int, name: str) -> None:
    x, y = (np.array([point[i] for point in points]) for i in (0, 1))
    lines = [Line(name, x, y), Line(name, y, x)]
    marks = [Mark(place, name) for place in x[:3]]
    drawn = draw_lines(lines, width, height, title=name, x_label=name, marks=marks)
    check(drawn, width, height)


def test_a_rising_line_rises() -> None:
    found = dots(check(draw_lines([line(X)], 80, 24), 80, 24))
    rows = dict(found)
    columns = sorted(rows)
    assert rows[columns[0]] > 18
    assert rows[columns[-1]] < 3
    assert all(rows[a] >= rows[b] for a, b in pairwise(columns))


def test_a_curve_passes_the_rows_of_its_numbers() -> None:
    drawn = check(draw_lines([line([0.0, 1.0, 1.0, 0.0])], 60, 20), 60, 20)
    top = next(row for row in drawn if row.lstrip().startswith("1.0"))
    bottom = next(row for row in drawn if row.lstrip().startswith("0.0"))
    first, last = dots([bottom])[0][0], dots([bottom])[-1][0]
    assert first <= 6
    assert last >= 57
    middle = [column for column, _ in dots([top])]
    assert 18 < min(middle) < 30 < max(middle) < 45


def test_log_axes_make_powers_straight() -> None:
    x = np.logspace(0, 4, 50)
    drawn = check(draw_lines([line(x**2, x=x)], 80, 24, log_x=True, log_y=True), 80, 24)
    found = dots(drawn)
    left, right = min(found), max(found)
    slope = (right[1] - left[1]) / (right[0] - left[0])
    for column, row in found:
        assert abs(row - left[1] - slope * (column - left[0])) <= 1.5
    assert any("10k" in row for row in drawn)


def test_values_without_logarithm_are_left_out() -> None:
    both = draw_lines([line([-5.0, 1.0, 10.0, 0.0, 100.0])], 60, 20, log_y=True)
    alone = draw_lines([line([math.nan, 1.0, 10.0, math.nan, 100.0])], 60, 20, log_y=True)
    assert both == alone


def test_a_gap_breaks_the_line() -> None:
    y = np.ones(100)
    whole = {column for column, _ in dots(check(draw_lines([line(y)], 80, 20), 80, 20))}
    y[40:60] = math.nan
    broken = {column for column, _ in dots(check(draw_lines([line(y)], 80, 20), 80, 20))}
    missing = sorted(whole - broken)
    assert 13 <= len(missing) <= 18
    assert missing == list(range(missing[0], missing[-1] + 1))


def test_long_lines_are_thinned_without_losing_a_spike_or_a_gap() -> None:
    y = np.zeros(100_000)
    y[50_000] = 1.0
    y[70_000:80_000] = math.nan
    found = dots(check(draw_lines([line(y)], 80, 20), 80, 20))
    assert min(row for _, row in found) <= 1
    columns = {column for column, _ in found}
    assert len(set(range(5, 79)) - columns) in (6, 7, 8)


def test_a_single_point_is_seen() -> None:
    assert len(dots(check(draw_lines([line([2.0])], 40, 10), 40, 10))) == 1
    assert "•" in "".join(draw_lines([line([2.0])], 40, 10))


def test_axes_name_their_numbers() -> None:
    drawn = check(draw_lines([line(X / 100, x=X * 1000)], 80, 24, title="loss"), 80, 24)
    assert drawn[0] == "loss"
    assert drawn[-1].split() == ["0", "50k", "100k", "150k", "step"]
    numbers = [row.split("┤")[0].strip() for row in drawn if "┤" in row]
    assert numbers == ["2.0", "1.5", "1.0", "0.5", "0.0"]
    for tick, label in zip(
        [i for i, char in enumerate(drawn[-2]) if char == "┬"], drawn[-1].split(), strict=False
    ):
        start = drawn[-1].index(label)
        assert start <= tick < start + len(label)


def test_several_lines_get_a_legend_in_their_colours() -> None:
    lines = [line(X, "train"), line(X + 1, "val", colour=1)]
    head = draw_lines(lines, 80, 24, title="loss")[0]
    for one in lines:
        red, green, blue = palette.series(one.colour)
        assert f"38;2;{red};{green};{blue}m━━\x1b[0m {one.name}" in head
    assert "train" not in "".join(draw_lines(lines[:1], 80, 24))


def test_a_legend_without_room_counts_the_rest() -> None:
    lines = [line(X, f"metric number {index}") for index in range(30)]
    drawn = check(draw_lines(lines, 60, 20), 60, 20)
    legend = drawn[0]
    shown = legend.count("━━")
    assert 1 <= shown < 30
    assert legend.endswith(f"+{30 - shown}")


def test_without_colours_lines_differ_in_their_characters() -> None:
    drawn = draw_lines([line(X, "up"), line(200 - X, "down")], 80, 24, colour=False)
    assert "• up  x down" in drawn[0]
    body = "".join(drawn[1:])
    assert "•" in body
    assert "x" in body


def test_marks_stand_at_their_place() -> None:
    marks = [Mark(100.0, "lr 0.01"), Mark(-5.0, "before"), Mark(math.nan, "never")]
    drawn = check(draw_lines([line(np.zeros(200))], 80, 24, marks=marks), 80, 24)
    column = drawn[0].index("▾lr 0.01")
    assert abs(column - 41) <= 2
    assert sum(row[column : column + 1] == "┊" for row in drawn) >= 18
    assert "before" not in drawn[0]
    assert "never" not in drawn[0]


def test_names_of_close_marks_do_not_cover_one_another() -> None:
    marks = [Mark(100.0, "a long name"), Mark(110.0, "another long name"), Mark(110.0, "third")]
    names = check(draw_lines([line(X)], 80, 24, marks=marks), 80, 24)[0]
    assert names.strip() == "a long name▾   ▾another long name, third"


def test_neighbouring_marks_without_room_for_their_names_are_named_together() -> None:
    marks = [Mark(6.0, "lr=0.01"), Mark(9.0, "last"), Mark(14.0, "best")]
    names = check(draw_lines([line(X)], 80, 24, marks=marks), 80, 24)[0]
    assert names.strip() == "▾▾ ▾lr=0.01, last, best"


def test_a_name_is_cut_where_nothing_has_room_for_it() -> None:
    marks = [Mark(6.0, "n" * 40), Mark(30.0, "m" * 60), Mark(190.0, "k" * 60)]
    names = check(draw_lines([line(X)], 80, 24, marks=marks), 80, 24)[0]
    assert re.fullmatch(r" +▾n+… ?▾m+… ?▾k*…", names.rstrip())


def test_marks_of_one_place_share_their_name_and_the_last_reads_to_the_left() -> None:
    marks = [Mark(100.0, "best"), Mark(100.0, "lr=0.1"), Mark(199.0, "resumed")]
    names = check(draw_lines([line(X)], 80, 24, marks=marks), 80, 24)[0]
    assert names.split() == ["▾best,", "lr=0.1", "resumed▾"]


def framed(lines: list[Line], frame: Frame, *, colour: bool = True) -> list[str]:
    return draw_chart(lines, frame, (80, 20), Pen(colour))


def test_what_is_not_finite_is_marked_on_the_axis() -> None:
    faults = [Mark(100.0, "nan"), Mark(103.0, "nan"), Mark(150.0, "inf"), Mark(199.0, "-inf")]
    axis = check(framed([line(X)], Frame(faults=faults)), 80, 20)[-2]
    assert axis.count("nan") == 1
    assert "nan××" in axis
    assert "×inf" in axis or "inf×" in axis
    assert axis.endswith("-inf×")
    assert "×" not in check(framed([line(X)], Frame()), 80, 20)[-2]


def test_an_axis_full_of_faults_is_only_crosses() -> None:
    axis = check(framed([line(X)], Frame(faults=[Mark(x, "nan") for x in X])), 80, 20)[-2]
    assert axis.strip("└ ") == "×" * axis.count("×")


def test_the_cursor_stands_in_the_plot() -> None:
    drawn = check(framed([line(np.zeros(200))], Frame(cursor=100.0)), 80, 20)
    column = {row.rindex("│") for row in drawn if row.count("│") > 1 or ("┤" in row and "│" in row)}
    assert len(column) == 1
    assert abs(column.pop() - 41) <= 2


def test_limits_hold_whatever_the_points_are() -> None:
    drawn = check(framed([line(X)], Frame(x_limits=(0.0, 400.0))), 80, 20)
    assert max(column for column, _ in dots(drawn)) < 45
    assert "400" in drawn[-1]


def test_a_faint_line_stands_back_and_is_left_out_without_colours() -> None:
    raw, smooth = replace(line(X, "raw"), faint=True), line(X[::-1], "smooth")
    drawn = framed([raw, smooth], Frame("loss"))
    red, green, blue = palette.faint(palette.series(0))
    assert f"38;2;{red};{green};{blue}m" in "".join(drawn)
    assert check(drawn, 80, 20)[0] == "loss"
    assert framed([raw, smooth], Frame(), colour=False) == framed([smooth], Frame(), colour=False)


def test_an_axis_of_time_has_times_on_it() -> None:
    x = np.linspace(0, 7200, 50)
    drawn = check(framed([line(x, x=x)], Frame(x_unit="duration")), 80, 20)
    assert drawn[-1].split("  ")[-1].strip() == "2 h"
    drawn = check(framed([line(x[1:], x=x[1:])], Frame(x_unit="duration", log_x=True)), 80, 20)
    assert "1 h" in drawn[-1]


def test_foreign_text_is_shown_not_obeyed() -> None:
    evil = "\x1b[31m\x1b]0;owned\x07\r\n\u202e"
    lines = [line(X, evil), line(X, evil + "2")]
    for colour in (True, False):
        drawn = draw_lines(
            lines, 120, 24, title=evil, x_label=evil, marks=[Mark(50, evil)], colour=colour
        )
        text = "\n".join(check(drawn, 120, 24))
        assert "␛[31m␛]0;owned␇" in text
        assert "\x1b[31m" not in "".join(drawn)


def test_the_terminal_keeps_its_background() -> None:
    drawn = draw_lines([line(X), line(X + 1)], 80, 24, marks=[Mark(50, "x")])
    assert "\x1b[48" not in "".join(drawn)
    assert ";48;" not in "".join(drawn)


@pytest.mark.parametrize(
    ("values", "width", "drawn"),
    [
        (range(8), 8, "▁▂▃▄▅▆▇█"),
        (range(16), 4, "▁▃▆█"),
        ([1.0, math.nan, 2.0], 10, "▁ █"),
        ([math.nan, math.nan, 5.0, 1.0], 2, " ▄"),
        ([5.0, 5.0], 10, "▄▄"),
        ([0.0, math.inf, -math.inf, 1.0], 10, "▁█▁█"),
        ([1e308, -1e308], 2, "█▁"),
        ([], 10, ""),
        ([1.0, 2.0], 0, ""),
    ],
)
def test_sparkline(values: list[float], width: int, drawn: str) -> None:
    assert sparkline(values, width) == drawn


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (0.15, "   0  50                        step"),
        (0.7, "   0                     50     step"),
        (0.8, "   0                        50  step"),
        (0.99, "   0                        step  50"),
    ],
)
def test_a_number_is_not_given_up_for_the_name_of_its_axis(place: float, expected: str) -> None:
    assert x_axis([Tick(0.0, "0"), Tick(place, "50")], "step", 2, 33)[1] == expected


def test_an_axis_too_short_for_both_keeps_its_name() -> None:
    assert x_axis([Tick(0.0, "0"), Tick(0.9, "50")], "step", 2, 8)[1] == "   0     s…"
