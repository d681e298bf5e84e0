"""Hyperparameters: declared once, checked wherever a value comes from."""

from __future__ import annotations

import copy
import math
import pickle
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import UsageError
from workbench.params import (
    LARGEST_INT,
    Kind,
    Parameter,
    Params,
    choice,
    number,
    parse_all,
    path,
    switch,
    text,
)


class Model(Params):
    width: int = number(16, low=4, high=128, log=True, help="channels")
    rate: float = number(1e-3, low=0, live=True)
    activation: str = choice("relu", "tanh", live=True)
    augment: bool = switch(False)
    note: str = text("none")
    weights: str = path()


class Wider(Model):
    width = 64
    depth: int = number(2, low=1)


def accepts(kind: Kind, raw: object, **details: object) -> object:
    return Parameter(name="x", kind=kind, default=0, **details).parse(raw)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("int", "12", 12),
        ("int", " 1_000 ", 1000),
        ("int", "1e3", 1000),
        ("int", 3.0, 3),
        ("float", "1e-3", 0.001),
        ("float", 2, 2.0),
        ("bool", "Yes", True),
        ("bool", "off", False),
        ("bool", True, True),
        ("bool", 0, False),
        ("text", "[red]", "[red]"),
        ("path", Path("/a"), "/a"),
    ],
)
def test_a_value_is_read_from_text_and_from_scripts(kind: Kind, raw: object, value: object) -> None:
    parsed = accepts(kind, raw)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("int", "1.5"),
        ("int", "twelve"),
        ("int", True),
        ("int", None),
        ("int", 2**63),
        ("int", 10**400),
        ("int", "9" * 5000),
        ("int", "1e300"),
        ("float", "nan"),
        ("float", "inf"),
        ("float", 10**400),
        ("float", "1e999"),
        ("float", ""),
        ("float", [1]),
        ("bool", "maybe"),
        ("bool", None),
        ("text", 5),
        ("text", "a\0b"),
        ("text", "caf\udce9"),
        ("path", b"a"),
    ],
)
def test_another_value_is_refused_in_one_sentence_naming_the_parameter(kind: Kind, raw: object) -> None:
    with pytest.raises(ValueError, match=r"\Ax=") as refused:
        accepts(kind, raw)
    assert type(refused.value) is ValueError


def test_a_choice_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ValueError, match="x: no choice 'rellu'; did you mean relu"):
        accepts("choice", "rellu", choices=("relu", "tanh"))


@pytest.mark.parametrize(("raw", "accepted"), [(4, True), (128, True), (3, False), ("129", False)])
def test_bounds_are_inclusive(raw: object, accepted: bool) -> None:
    if accepted:
        assert accepts("int", raw, low=4, high=128) == raw
    else:
        with pytest.raises(ValueError, match=r"out of bounds \(4 to 128\)"):
            accepts("int", raw, low=4, high=128)


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.just([1])
)


@given(
    kind=st.sampled_from(["int", "float", "bool", "choice", "text", "path"]),
    raw=ANYTHING | st.from_regex(r"\A[-+]?\d{0,400}(\.\d{0,4})?(e[-+]?\d{1,4})?\Z"),
    low=st.none() | st.floats(-1e6, 1e6),
    high=st.none() | st.floats(-1e6, 1e6),
)
def test_a_value_is_accepted_within_bounds_and_survives_the_record_or_is_refused(
    kind: Kind, raw: object, low: float | None, high: float | None
) -> None:
    parameter = Parameter(name="x", kind=kind, default=0, low=low, high=high, choices=("a", "1"))
    try:
        value = parameter.parse(raw)
    except ValueError as refused:
        assert str(refused).startswith("x")
        return
    kinds = {"int": int, "float": float, "bool": bool}
    assert type(value) is kinds.get(kind, str)
    assert parameter.parse(value) == value
    assert msgspec.json.decode(msgspec.json.encode(value)) == value
    if kind in {"int", "float"}:
        assert isinstance(value, int | float)
        assert (low is None or value >= low) and (high is None or value <= high)
        assert math.isfinite(value) and (kind == "float" or abs(value) <= LARGEST_INT)


@given(st.integers(-LARGEST_INT, LARGEST_INT))
def test_whole_numbers_lose_no_digit(value: int) -> None:
    assert accepts("int", str(value)) == value


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        (Model.parameter("width"), "4 to 128, log"),
        (Model.parameter("rate"), "0 or more"),
        (Model.parameter("activation"), "relu, tanh"),
        (Model.parameter("augment"), "yes or no"),
        (Model.parameter("note"), "text"),
        (Model.parameter("weights"), "a path"),
        (Parameter(name="x", kind="int", default=0), "a whole number"),
        (Parameter(name="x", kind="float", default=0, high=1), "1 or less"),
    ],
)
def test_bounds_in_words(parameter: Parameter, words: str) -> None:
    assert parameter.bounds() == words


def test_declarations_become_parameters_in_their_order() -> None:
    assert [p.name for p in Model.parameters] == [
        "width",
        "rate",
        "activation",
        "augment",
        "note",
        "weights",
    ]
    assert Model.parameter("width") == Parameter(
        name="width", kind="int", default=16, low=4, high=128, log=True, help="channels"
    )
    assert [p.name for p in Model.parameters if p.live] == ["rate", "activation"]


def test_a_subclass_adds_parameters_and_changes_defaults() -> None:
    assert Wider().as_dict() == {**Model().as_dict(), "width": 64, "depth": 2}
    assert Wider.parameter("width").high == 128
    assert Model().width == 16


def test_values_are_checked_when_they_are_set_later_too() -> None:
    model = Model(width="32")
    assert model.width == 32
    with pytest.raises(ValueError, match="out of bounds"):
        model.width = 1000
    assert model.width == 32
    with pytest.raises(AttributeError, match="did you mean width"):
        model.widht = 3


def test_a_copy_with_other_values_leaves_the_first_alone() -> None:
    model = Model(width=8)
    assert model.replace(rate=0.5).as_dict() == {**model.as_dict(), "rate": 0.5}
    assert model.rate == 0.001


def test_values_travel_between_processes() -> None:
    model = Model(width=8)
    assert pickle.loads(pickle.dumps(model)).as_dict() == model.as_dict()
    assert copy.deepcopy(model).as_dict() == model.as_dict()
    encoded = msgspec.json.encode(Model.parameters)
    assert msgspec.json.decode(encoded, type=tuple[Parameter, ...]) == Model.parameters


def test_all_faults_come_in_one_message() -> None:
    with pytest.raises(UsageError) as refused:
        parse_all(Model.parameters, {"widht": 3, "width": "many", "rate": -1, "activation": "tanh"})
    assert refused.value.title == "3 faults, so nothing was started"
    assert refused.value.remedy.splitlines() == [
        "no parameter 'widht'; did you mean width or weights?",
        "width='many' is not a number (4 to 128, log)",
        "rate=-1 is out of bounds (0 or more)",
    ]


def test_a_single_fault_is_the_title() -> None:
    with pytest.raises(UsageError) as refused:
        Model(width=2)
    assert str(refused.value) == "width=2 is out of bounds (4 to 128, log)"


def declare(**body: object) -> type[Params]:
    annotations = dict.fromkeys(body, int)
    return type("Declared", (Params,), {**body, "__annotations__": annotations})


@pytest.mark.parametrize("default", [200, 2.5, True])
def test_a_default_that_its_own_bounds_refuse_is_an_error_of_the_recipe(default: float) -> None:
    with pytest.raises(TypeError, match="default of a parameter is refused: x"):
        declare(x=number(default, low=0, high=100))


def test_a_parameter_without_a_known_type_is_an_error_of_the_recipe() -> None:
    with pytest.raises(TypeError, match="needs the annotation"):
        type("Declared", (Params,), {"x": number(1), "__annotations__": {"x": complex}})


@pytest.mark.parametrize("name", ["replace", "parameters", "as_dict"])
def test_a_parameter_cannot_take_the_name_of_a_method(name: str) -> None:
    with pytest.raises(TypeError, match=f"no parameter can have the name '{name}'"):
        declare(**{name: number(1)})


def test_one_declaration_can_serve_two_parameters() -> None:
    shared = choice("a", "b")
    two = type("Two", (Params,), {"x": shared, "y": shared, "__annotations__": {"x": str, "y": str}})
    assert two().as_dict() == {"x": "a", "y": "a"}


def test_a_logarithmic_scale_needs_a_low_above_zero() -> None:
    with pytest.raises(TypeError, match="low has to be above 0"):

        class Wrong(Params):
            rate: float = number(0.1, low=0, high=1, log=True)
