from __future__ import annotations

from workbench.figures import Bars
from workbench.figures.terminal import draw

from .drawn import check


def test_bars_are_as_long_as_their_values() -> None:
    figure = Bars("accuracy", ["cat", "dog", "owl", "elk"], [1.0, 0.5, 0.0, None])
    title, *rows = check(draw(figure, 49, 10), 49, 10)
    assert title == "accuracy"
    assert [row.count("█") for row in rows] == [41, 20, 0, 0]
    assert [row.split()[0] for row in rows] == ["cat", "dog", "owl", "elk"]
    assert [row.split()[-1] for row in rows] == ["1", "0.5", "0", "–"]


def test_eighths_of_a_cell_are_drawn() -> None:
    rows = check(draw(Bars("", ["a", "b"], [8.0, 0.1]), 20, 10), 20, 10)
    assert "█" in rows[0]
    assert rows[1].split()[1] == "▏"


def test_negative_bars_grow_to_the_left_of_zero() -> None:
    up, down = check(draw(Bars("", ["a", "b"], [1.0, -1.0]), 41, 10), 41, 10)
    assert up.index("█") == down.rindex("█") + 1
    assert up.count("█") == down.count("█")


def test_bars_without_room_are_counted() -> None:
    rows = check(draw(Bars("", [str(i) for i in range(50)], range(50)), 40, 10), 40, 10)
    assert rows[-1].strip() == "… 41 more"
    assert len(rows) == 10
