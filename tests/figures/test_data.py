from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import WorkbenchError
from workbench.figures import (
    Bars,
    Curves,
    Figure,
    ImageGrid,
    Matrix,
    Picture,
    Scatter,
    Series,
    Table,
    Text,
    decode,
    encode,
)

TEXTS = st.text(max_size=20)
NUMBERS = st.none() | st.floats() | st.integers()


@st.composite
def series(draw: st.DrawFn) -> Series:
    points = draw(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=8))
    return Series(draw(TEXTS), [x for x, _ in points], [y for _, y in points])


@st.composite
def matrices(draw: st.DrawFn) -> Matrix:
    columns = draw(st.integers(0, 4))
    row = st.lists(NUMBERS, min_size=columns, max_size=columns)
    return Matrix(draw(TEXTS), draw(st.lists(row, max_size=4)), counts=draw(st.booleans()))


@st.composite
def grids(draw: st.DrawFn) -> ImageGrid:
    height, width, channels = draw(st.tuples(*[st.integers(1, 5)] * 2, st.sampled_from([1, 3])))
    size = height * width * channels
    raw = st.binary(min_size=size, max_size=size)
    images = draw(st.lists(raw, max_size=4))
    captions = [draw(TEXTS) for _ in images] if draw(st.booleans()) else []
    return ImageGrid(
        draw(TEXTS), [Picture(height, width, channels, image) for image in images], captions
    )


@st.composite
def tables(draw: st.DrawFn) -> Table:
    names = draw(st.lists(TEXTS, max_size=4))
    cell = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
    row = st.lists(cell, min_size=len(names), max_size=len(names))
    return Table(draw(TEXTS), names, draw(st.lists(row, max_size=4)))


LINES = st.lists(series(), max_size=3)
FIGURES = st.one_of(
    st.builds(Curves, TEXTS, LINES, TEXTS, TEXTS, st.booleans(), st.booleans()),
    st.builds(Scatter, TEXTS, LINES, LINES, TEXTS, TEXTS),
    st.builds(
        lambda title, bars: Bars(title, [name for name, _ in bars], [value for _, value in bars]),
        TEXTS,
        st.lists(st.tuples(TEXTS, NUMBERS), max_size=5),
    ),
    matrices(),
    grids(),
    tables(),
    st.builds(Text, TEXTS, st.text()),
)


@given(FIGURES)
def test_every_figure_survives_json(figure: Figure) -> None:
    stored = encode(figure)
    assert b"\n" not in stored
    assert decode(stored) == figure


def test_json_names_the_kind_and_holds_plain_lists() -> None:
    stored = json.loads(encode(Curves("loss", [Series("train", [0, 1], np.array([2.0, 1.0]))])))
    assert stored["kind"] == "curves"
    assert stored["lines"] == [{"name": "train", "x": [0.0, 1.0], "y": [2.0, 1.0]}]


def test_x_left_empty_counts_the_points() -> None:
    assert Series("loss", [], [3, 2, 1]).x == [0.0, 1.0, 2.0]


def test_numbers_without_a_place_become_gaps() -> None:
    values = [1.0, math.nan, math.inf, -math.inf, None, 10**400]
    assert Bars("b", list("abcdef"), values).values == [1.0, None, None, None, None, None]


class Tensor:
    """What a tensor shows of itself: `tolist`."""

    def __init__(self, values: object) -> None:
        self.values = values

    def tolist(self) -> object:
        return self.values


def test_tensors_are_taken_without_their_library() -> None:
    figure = Matrix("m", Tensor([[1, 2], [3, 4]]))
    assert figure.values == [[1.0, 2.0], [3.0, 4.0]]
    assert Matrix("m", [Tensor([1, 2]), Tensor([3, 4])]) == figure
    assert Picture.of(Tensor([[0, 255]])) == Picture(1, 2, 1, b"\x00\xff")


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1), (2, 3, 3)])
def test_pictures_of_arrays_and_of_lists_are_the_same(shape: tuple[int, ...]) -> None:
    array = np.arange(math.prod(shape), dtype=np.uint8).reshape(shape)
    picture = Picture.of(array.transpose(1, 0, *range(2, len(shape))))
    assert (picture.height, picture.width) == (3, 2)
    assert picture == Picture.of(array.swapaxes(0, 1).tolist())


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: Series("loss", [1, 2], [1]), "'loss' has 2 x and 1 y"),
        (lambda: Series("loss", [], ["high"]), "y of 'loss' must hold numbers, not str"),
        (lambda: Series("loss", [], 3.0), "must be a list of numbers, not float"),
        (lambda: Curves("c", [[1, 2]]), "lines must hold Series, not list"),
        (lambda: Matrix("m", [[1, 2], [3]]), "rows of 1 and of 2 numbers"),
        (lambda: Matrix("m", [[1, 2]], rows=["a", "b"]), "2 labels for 1 rows"),
        (lambda: Matrix("m", [[1, 2]], columns=["a"]), "1 labels for 2 columns"),
        (lambda: Matrix("m", [1, 2]), "row 0 of values must be a list"),
        (lambda: Bars("b", ["a"], [1, 2]), "1 labels for 2 values"),
        (lambda: ImageGrid("i", [np.zeros((2, 2), np.uint8)], ["a", "b"]), "2 captions for 1"),
        (lambda: Picture.of(np.zeros((3, 4, 4), np.uint8)), "channels last; this is 3 x 4 x 4"),
        (lambda: Picture.of(np.zeros((2, 2))), "whole numbers from 0 to 255"),
        (lambda: Picture.of([[256]]), "whole numbers from 0 to 255"),
        (lambda: Picture.of([[1, 2], [3]]), "must have one length"),
        (lambda: Picture.of([]), "this is 0"),
        (lambda: Picture(2, 2, 1, b"abc"), "4 bytes came with 3"),
        (lambda: Picture(0, 2, 1, b""), "0 x 2 x 1"),
        (lambda: Table("t", ["a", "b"], [[1, 2], [3]]), "row 1 has 1 cells for 2 columns"),
    ],
)
def test_constructors_name_the_fault(make: object, fault: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=fault):
        make()


def test_table_cells_become_plain() -> None:
    row = [np.float32(0.5), np.int64(3), True, math.nan, None, 2**70, "x\ud800"]
    stored = Table("t", list("abcdefg"), [row])
    assert stored.rows == [[0.5, 3, "True", "NaN", None, str(2**70), "x?"]]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[1",
        b"null",
        b'{"kind":"sculpture","title":"t"}',
        b'{"kind":"text","title":"t"}',
        b'{"kind":"text","title":"\xff","text":""}',
        b'{"kind":"matrix","title":"t","values":[[1],[2,3]]}',
        b'{"kind":"images","title":"t","images":[{"height":9,"width":9,"channels":3,"pixels":""}]}',
        b'{"kind":"matrix","title":"t","values":' + b"[" * 100_000,
    ],
)
def test_nonsense_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(WorkbenchError, match="no figure") as caught:
        decode(data)
    assert caught.value.remedy


def test_importing_the_package_is_cheap() -> None:
    code = (
        "import sys, workbench.figures, workbench.figures.plot, workbench.figures.terminal;"
        "print(*({'numpy', 'plotext', 'torch', 'textual'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


def test_a_confusion_has_true_classes_as_rows_and_counts_from_zero() -> None:
    made = Matrix.confusion("Hits", [[8, 2], [1, 9]], ["cat", "dog"])
    assert list(made.rows) == list(made.columns) == ["cat", "dog"]
    assert (made.row_label, made.column_label, made.counts) == ("true", "predicted", True)
