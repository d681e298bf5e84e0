from __future__ import annotations

import numpy as np

from workbench.figures import Matrix, palette
from workbench.figures.terminal import draw

from .drawn import check

CONFUSION = Matrix(
    "confusion", [[9, 1], [0, 12]], ["cat", "dog"], ["cat", "dog"], "actual", "predicted", True
)


def test_numbers_stand_under_their_columns() -> None:
    title, header, cat, dog = check(draw(CONFUSION, 80, 24), 80, 24)
    assert title == "confusion · actual ↓ · predicted →"
    assert header.split() == ["cat", "dog"]
    assert cat.split() == ["cat", "9", "1"]
    assert dog.split() == ["dog", "0", "12"]
    assert abs(header.index("dog") - dog.index("12")) <= 2


def test_colours_run_from_low_to_high() -> None:
    drawn = "".join(draw(CONFUSION, 80, 24))
    for colour, number in ((palette.HEAT[0], "0"), (palette.HEAT[-1], "12")):
        background = "48;2;{};{};{}m".format(*colour)
        assert number in drawn.split(background)[1].split("\x1b")[0]


def test_labels_left_empty_are_indices() -> None:
    drawn = check(draw(Matrix("", [[0.5, 0.25]]), 40, 10), 40, 10)
    assert drawn[0].split() == ["0", "1"]
    assert drawn[1].split() == ["0", "0.50", "0.25"]


def test_without_room_for_numbers_it_is_a_heat_map() -> None:
    values = np.zeros((40, 40))
    values[:20] = 7
    *rows, legend = check(draw(Matrix("", values), 40, 11), 40, 11)
    assert legend == "40 × 40, 0 … 7"
    assert rows == ["▀" * 40] * 10
    coloured = draw(Matrix("", values), 40, 11)
    assert "\x1b[38;2;{0};{1};{2};48;2;{0};{1};{2}m".format(*palette.HEAT[-1]) in coloured[0]
    assert "\x1b[38;2;{0};{1};{2};48;2;{0};{1};{2}m".format(*palette.HEAT[0]) in coloured[9]


def test_columns_too_narrow_for_their_names_are_bands() -> None:
    figure = Matrix("", np.eye(2, 40).tolist(), ["a", "b"], [f"{c / 50:.2f}" for c in range(40)])
    (head, *rows, _) = check(draw(figure, 82, 11), 82, 11)
    assert head.split() == ["0.00", "0.78"] and [row[0] for row in rows] == ["a", "b"]


def test_a_heat_map_is_squeezed_only_the_way_that_has_no_room() -> None:
    for shape, cells, down in (((200, 30), 30, 10), ((30, 200), 40, 10), ((12, 200), 40, 6)):
        *rows, legend = check(draw(Matrix("", np.zeros(shape)), 40, 11), 40, 11)
        assert (len(rows[0]), len(rows)) == (cells, down), legend


def test_shades_stand_in_for_colours() -> None:
    values = np.zeros((40, 40))
    values[:20] = 7
    rows = draw(Matrix("", values), 40, 11, colour=False)
    assert rows[0] == "█" * 40
    assert rows[9] == " " * 40


def test_many_columns_are_bands_behind_the_names_of_their_rows() -> None:
    values = [[row + step / 200 for step in range(200)] for row in range(3)]
    steps = [f"{10 * step}" for step in range(200)]
    figure = Matrix("course", values, ["first", "second", "third"], steps)
    _, head, *rows, legend = check(draw(figure, 60, 12), 60, 12)
    assert head.split() == ["0", "1990"]
    assert [row.split()[0] for row in rows] == ["first", "second", "third"]
    assert legend == "3 × 200, 0 … 3"
    plain = check(draw(figure, 60, 12, colour=False, unicode=False), 60, 12)
    assert set(plain[2].split()[0]) <= set("first")
    assert plain[4].rstrip().endswith("@")
