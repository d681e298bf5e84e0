"""Ranges, lists and fixed values, and what is refused of them."""

from __future__ import annotations

import pytest

from workbench.errors import UsageError
from workbench.params import Parameter
from workbench.tuning.space import Dimension, check, parse

LR = Parameter(name="lr", kind="float", default=1e-3, low=1e-7, high=10, log=True)
DROPOUT = Parameter(name="dropout", kind="float", default=0.2, low=0, high=0.9)
WIDTH = Parameter(name="width", kind="int", default=16, low=1, high=256, log=True)
OPTIMIZER = Parameter(
    name="optimizer", kind="choice", default="adamw", choices=("adamw", "sgd", "lbfgs")
)
WIDE = Parameter(name="wide", kind="bool", default=False)
LAYERS = Parameter(name="content_layers", kind="text", default="")
EPOCHS = Parameter(name="epochs", kind="int", default=10, low=1, high=1000, log=True)
ALL = (LR, DROPOUT, WIDTH, OPTIMIZER, WIDE, LAYERS, EPOCHS)


@pytest.mark.parametrize(
    ("word", "dimension"),
    [
        ("lr=1e-4..1e-1", Dimension("lr", "float", 1e-4, 1e-1, True)),
        ("lr=1e-4..1e-1:linear", Dimension("lr", "float", 1e-4, 1e-1, False)),
        ("dropout=0.1..0.5", Dimension("dropout", "float", 0.1, 0.5, False)),
        ("dropout=0.1..0.5:log", Dimension("dropout", "float", 0.1, 0.5, True)),
        ("width=4..32", Dimension("width", "int", 4, 32, True)),
        ("width=8,16,32", Dimension("width", "choice", values=(8, 16, 32))),
        ("optimizer=adamw,sgd", Dimension("optimizer", "choice", values=("adamw", "sgd"))),
        ("wide=yes,no", Dimension("wide", "choice", values=(True, False))),
    ],
)
def test_ranges_and_lists(word: str, dimension: Dimension) -> None:
    name, _, text = word.partition("=")
    space = parse(ALL, {name: text})
    assert space.searched == (dimension,)
    assert parse(ALL, {name: dimension.words()}).searched[0].values == dimension.values


def test_what_is_one_value_is_fixed_and_commas_in_texts_are_letters() -> None:
    space = parse(ALL, {"lr": "1e-3..1e-1", "epochs": "3", "content_layers": "a,b"})
    assert space.fixed == {"epochs": 3, "content_layers": "a,b"}


@pytest.mark.parametrize(
    ("word", "fault"),
    [
        ("lr=1e-9..1", "lr=1e-09 is out of bounds (1e-07 to 10, log)"),
        ("width=32..4", "from its lower end to its upper one"),
        ("width=1..1", "from its lower end to its upper one"),
        ("width=1.5..4", "is not a whole number"),
        ("dropout=0..0.5:log", "a logarithmic range begins above 0"),
        ("dropout=0..0.5:cubic", "stands log or linear"),
        ("optimizer=a..b", "it takes adamw, sgd, lbfgs: list what is tried"),
        ("optimizer=adamw,adam", "no choice 'adam'; did you mean adamw?"),
        ("width=8,8", "8 is listed twice"),
        ("widht=8..16", "no parameter 'widht'; did you mean width or wide?"),
        ("lr=..", "is not a number"),
    ],
)
def test_what_is_refused(word: str, fault: str) -> None:
    name, _, text = word.partition("=")
    _, faults = check(ALL, {name: text})
    assert len(faults) == 1
    assert fault in faults[0]


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(UsageError) as refused:
        parse(ALL, {"lr": "0..1", "width": "x", "nothing": "1"})
    assert len(str(refused.value).splitlines()) == 4  # a title, and one line a fault


def test_without_a_range_what_shapes_most_networks_is_searched() -> None:
    space = parse(ALL, {"epochs": "3", "dropout": "0.1"})
    assert [dimension.name for dimension in space.searched] == ["lr", "width", "optimizer"]
    lr, width, optimizer = space.searched
    assert lr.low < LR.default < lr.high and lr.log
    assert (width.low, width.high) == (4, 64)
    assert "lbfgs" not in optimizer.values


def test_nothing_to_search_is_said() -> None:
    with pytest.raises(UsageError, match="nothing to search"):
        parse([EPOCHS], {"epochs": "3"})


def test_a_grid_has_a_size_where_nothing_is_continuous() -> None:
    assert parse(ALL, {"width": "1..4", "optimizer": "adamw,sgd"}).size == 8
    assert parse(ALL, {"lr": "1e-3,1e-2", "wide": "yes,no"}).size == 4
    assert parse(ALL, {"lr": "1e-3..1e-2", "wide": "yes,no"}).size is None
