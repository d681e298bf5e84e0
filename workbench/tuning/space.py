"""What a study searches: ranges, lists and fixed values, checked against a recipe's parameters.

lr=1e-4..1e-1        a range, on the parameter's own scale; `:log` or `:linear` behind it changes that
width=8,16,32        one of these
epochs=5             the same in every trial
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from workbench.errors import UsageError, refuse, unknown
from workbench.params import Kind, Parameter, Value
from workbench.units import number

RANGE = ".."
_SCALES = {"log": True, "linear": False}
_COUNTED = {"int", "float"}

# What shapes a network or its training in most recipes: searched where a call names nothing.
USUAL = (
    *("width", "depth", "hidden_layers", "layers", "layer", "heads", "factors", "units", "channels"),
    *("activation", "dropout", "optimizer", "lr", "weight_decay", "batch_size"),
)
_NOT_USUAL = {"lbfgs"}  # it asks for whole batches and closures, which few recipes are made for
_WIDTH_OF_USUAL = 4  # a usual range goes from a quarter of the default to its fourfold
_WIDTH_OF_RATES = 30  # rates are less well known


class Dimension(msgspec.Struct, frozen=True, omit_defaults=True):
    """One searched parameter: from `low` to `high`, both inclusive, or one of `values`."""

    name: str
    kind: Literal["int", "float", "choice"]
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    values: tuple[Value, ...] = ()

    @property
    def size(self) -> int | None:
        """How many values there are; None where they are countless."""
        if self.kind == "choice":
            return len(self.values)
        return int(self.high) - int(self.low) + 1 if self.kind == "int" else None

    def words(self) -> str:
        """As a person writes it, without the name: `0.0001..0.1:log`, `relu,tanh`."""
        if self.kind == "choice":
            return ",".join(_text(value) for value in self.values)
        scale = ":log" if self.log else ""
        return f"{_text(_plain(self, self.low))}{RANGE}{_text(_plain(self, self.high))}{scale}"


class Space(msgspec.Struct, frozen=True):
    """What is searched, and what is the same in every trial."""

    searched: tuple[Dimension, ...]
    fixed: dict[str, Value] = {}

    @property
    def size(self) -> int | None:
        """How many points a grid over it has; None where a range is continuous."""
        sizes = [dimension.size for dimension in self.searched]
        return None if None in sizes else math.prod(size for size in sizes if size is not None)


def parse(parameters: Iterable[Parameter], words: Mapping[str, str]) -> Space:
    """The space that `name=words` stand for; without a range or list among them, the usual one.

    Raises:
        UsageError: naming every unknown name and every refused range at once.
    """
    space, faults = check(parameters, words)
    refuse(faults)
    if not space.searched:
        raise UsageError(
            "there is nothing to search", "name a range or a list: lr=1e-4..1e-1 width=8,16,32"
        )
    return space


def check(parameters: Iterable[Parameter], words: Mapping[str, str]) -> tuple[Space, list[str]]:
    """As `parse`, with a sentence for each fault: what a form shows beside its fields."""
    known = {parameter.name: parameter for parameter in parameters}
    searched: list[Dimension] = []
    fixed: dict[str, Value] = {}
    faults = []
    for name, text in words.items():
        if name not in known:
            faults.append(unknown("parameter", name, known))
            continue
        try:
            found = read(known[name], text)
        except ValueError as fault:
            faults.append(str(fault))
            continue
        if isinstance(found, Dimension):
            searched.append(found)
        else:
            fixed[name] = found
    if not searched and not faults:
        searched = usual(known.values(), fixed)
    return Space(tuple(searched), fixed), faults


def read(parameter: Parameter, text: str) -> Dimension | Value:
    """The range or list that `text` is, or the one value.

    Raises:
        ValueError: with one sentence that names the parameter and what it would accept.
    """
    if parameter.kind in _COUNTED and RANGE in text:
        return _range(parameter, text)
    if parameter.kind in {"text", "path"}:  # where a comma is a letter as any other
        return parameter.parse(text)
    if RANGE in text and parameter.kind not in _COUNTED:
        raise ValueError(
            f"{parameter.name}={text} is a range, but it takes {parameter.bounds()}: list what is tried"
        )
    if "," in text:
        return _listed(parameter, text)
    return parameter.parse(text)


def changed(dimension: Dimension, given: Value) -> Dimension | Value:
    """What `given` makes of it while its study runs: another range, fewer of its values, or one value.

    `dimension` is as the study began with it; bounds of the recipe are not looked at here.

    Raises:
        ValueError: with one sentence that names the parameter and what it would accept.
    """
    if dimension.kind == "choice":
        return _some_of(dimension, given)
    name = dimension.name
    known = Parameter(name=name, kind=dimension.kind, default=dimension.low, log=dimension.log)
    if isinstance(given, str) and RANGE in given:
        found = _range(known, given)
        if found.log != dimension.log:
            scale = "log" if dimension.log else "linear"
            raise ValueError(f"{name}={given}: the study searches it on a {scale} scale, which stays")
        return found
    if isinstance(given, str) and "," in given:
        raise ValueError(
            f"{name}={given} is a list, and the study searches a range, {dimension.words()}: "
            "give another range, or one value that holds from now on"
        )
    return known.parse(given)


def contains(dimension: Dimension, value: Value) -> bool:
    """Whether it is one of the values that are searched."""
    if dimension.kind == "choice":
        return value in dimension.values
    return not isinstance(value, str) and dimension.low <= value <= dimension.high


def usual(parameters: Iterable[Parameter], fixed: Mapping[str, Value]) -> list[Dimension]:
    """What most people would search first, around the defaults; nothing that is fixed."""
    found = (_usual(p) for p in parameters if p.name in USUAL and p.name not in fixed)
    return [dimension for dimension in found if dimension is not None]


def _range(parameter: Parameter, text: str) -> Dimension:
    bounds, colon, scale = text.partition(":")
    if colon and scale not in _SCALES:
        raise ValueError(f"{parameter.name}={text}: behind the colon stands log or linear")
    low_text, _, high_text = bounds.partition(RANGE)
    low, high = parameter.parse(low_text.strip()), parameter.parse(high_text.strip())
    assert isinstance(low, int | float) and isinstance(high, int | float)
    if low >= high:
        raise ValueError(f"{parameter.name}={text}: a range goes from its lower end to its upper one")
    log = _SCALES[scale] if colon else parameter.log
    if log and low <= 0:
        raise ValueError(f"{parameter.name}={text}: a logarithmic range begins above 0")
    kind: Literal["int", "float"] = "int" if parameter.kind == "int" else "float"
    return Dimension(parameter.name, kind, low, high, log)


def _listed(parameter: Parameter, text: str) -> Dimension:
    values = tuple(parameter.parse(part.strip()) for part in text.split(","))
    twice = next((value for index, value in enumerate(values) if value in values[:index]), None)
    if twice is not None:
        raise ValueError(f"{parameter.name}={text}: {_text(twice)} is listed twice")
    return Dimension(parameter.name, "choice", values=values)


def _some_of(dimension: Dimension, given: Value) -> Dimension | Value:
    if isinstance(given, str) and RANGE in given:
        raise ValueError(
            f"{dimension.name}={given} is a range, and the study searches a list: {dimension.words()}"
        )
    parts = given.split(",") if isinstance(given, str) else [_text(given)]
    values = tuple(dict.fromkeys(_listed_value(dimension, part.strip()) for part in parts))
    return values[0] if len(values) == 1 else msgspec.structs.replace(dimension, values=values)


def _listed_value(dimension: Dimension, text: str) -> Value:
    """The value of the list that is written so."""
    for value in dimension.values:
        kinds: dict[type, Kind] = {bool: "bool", int: "int", float: "float", str: "text"}
        try:
            parsed = Parameter(name=dimension.name, kind=kinds[type(value)], default=value).parse(text)
        except ValueError:
            continue
        if parsed == value:
            return value
    raise ValueError(f"{dimension.name}={text}: the study searches only {dimension.words()}")


def _usual(parameter: Parameter) -> Dimension | None:
    if parameter.kind == "bool":
        return Dimension(parameter.name, "choice", values=(False, True))
    if parameter.kind == "choice":
        values = tuple(choice for choice in parameter.choices if choice not in _NOT_USUAL)
        return Dimension(parameter.name, "choice", values=values) if len(values) > 1 else None
    if parameter.kind not in _COUNTED or isinstance(parameter.default, str):
        return None
    return _around(parameter, float(parameter.default))


def _around(parameter: Parameter, default: float) -> Dimension | None:
    low = -math.inf if parameter.low is None else parameter.low
    high = math.inf if parameter.high is None else parameter.high
    if parameter.log:
        width = _WIDTH_OF_RATES if parameter.kind == "float" else _WIDTH_OF_USUAL
        low, high = max(low, default / width), min(high, default * width)
    elif parameter.kind == "int":
        low, high = max(low, default // 2), min(high, default * 2 + 1)
    elif parameter.name == "weight_decay":  # its bounds are far from what is ever right
        high = min(high, max(default * 10, 0.01))
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return None
    if parameter.kind == "int":
        return Dimension(parameter.name, "int", math.ceil(low), math.floor(high), parameter.log)
    return Dimension(parameter.name, "float", _short(low), _short(high), parameter.log)


def _short(value: float) -> float:
    return float(f"{value:.3g}")


def _plain(dimension: Dimension, value: float) -> Value:
    return int(value) if dimension.kind == "int" else float(value)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, float):
        return str(value)
    short = f"{value:g}"  # which cuts what has more digits
    return short if float(short) == value else repr(value)


def count_words(size: int | None) -> str:
    """The size of a grid in words."""
    return "no grid: a range is continuous" if size is None else f"{number(size)} points"
