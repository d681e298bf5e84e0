"""Hyperparameters, declared once: form, command line and search space are derived from here.

A recipe nests a class that derives from `Params`:

    class Params(Training.Params):
        width: int = number(16, low=4, high=128, log=True, help="channels of the first convolution")
        activation: str = choice("relu", "tanh", help="non-linearity after each layer")
"""

from __future__ import annotations

import math
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, dataclass_transform

import msgspec

from workbench.errors import refuse, unknown

Value = int | float | bool | str
LARGEST_INT = 2**63 - 1  # what arrays, tensors and other programs' JSON can hold
Kind = Literal["int", "float", "bool", "choice", "text", "path"]

_TRUE = {"true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0"}


class Parameter(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one hyperparameter; plain data, so that it travels between processes.

    `low` and `high` are inclusive; `log` asks for a logarithmic scale in forms and searches;
    `live` says that a running run accepts a new value.
    """

    name: str
    kind: Kind
    default: Value
    help: str = ""
    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[str, ...] = ()
    live: bool = False

    def parse(self, raw: object) -> Value:
        """The value that `raw` (text from a form or a value from a script) stands for.

        Raises:
            ValueError: with one sentence that names the parameter and what it would accept.
        """
        value = self._convert(raw)
        if isinstance(value, int | float) and self.kind in {"int", "float"}:
            self._check_bounds(value)
        return value

    def bounds(self) -> str:
        """What the parameter accepts, in words: `1 to 4096, log`, `relu, tanh`."""
        if self.kind == "choice":
            return ", ".join(self.choices)
        if self.kind == "bool":
            return "yes or no"
        if self.kind in {"text", "path"}:
            return "a path" if self.kind == "path" else "text"
        noun = "a whole number" if self.kind == "int" else "a number"
        low, high = _bound(self.low), _bound(self.high)
        if low is not None and high is not None:
            noun = f"{low} to {high}"
        elif low is not None:
            noun = f"{low} or more"
        elif high is not None:
            noun = f"{high} or less"
        return f"{noun}, log" if self.log else noun

    def _convert(self, raw: object) -> Value:
        if self.kind == "int":
            return self._whole(raw)
        if self.kind == "float":
            return self._real(raw)
        if self.kind == "bool":
            return self._truth(raw)
        text = str(raw)
        if not isinstance(raw, str | Path) or "\0" in text or _has_surrogates(text):
            raise ValueError(f"{self.name}={raw!r} is not {self.bounds()}")
        if self.kind == "choice" and text not in self.choices:
            raise ValueError(f"{self.name}: {unknown('choice', text, self.choices)}")
        return text

    def _real(self, raw: object) -> float:
        try:
            if isinstance(raw, bool) or not isinstance(raw, str | int | float):
                raise TypeError
            value = float(raw)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"{self.name}={raw!r} is not a number ({self.bounds()})") from None
        if not math.isfinite(value):
            raise ValueError(f"{self.name}={raw} is not a finite number")
        return value

    def _whole(self, raw: object) -> int:
        value = _as_int(raw)
        if value is None:  # `1e3` is a whole number too
            real = self._real(raw)
            if not real.is_integer():
                raise ValueError(f"{self.name}={raw} is not a whole number ({self.bounds()})")
            value = int(real)
        if abs(value) > LARGEST_INT:
            raise ValueError(f"{self.name}={raw} is too large for a whole number")
        return value

    def _truth(self, raw: object) -> bool:
        word = str(raw).lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
        raise ValueError(f"{self.name}={raw!r} is not yes or no")

    def _check_bounds(self, value: float) -> None:
        below = self.low is not None and value < self.low
        above = self.high is not None and value > self.high
        if below or above:
            raise ValueError(f"{self.name}={value:g} is out of bounds ({self.bounds()})")


def _as_int(raw: object) -> int | None:
    """`raw` as a whole number where it is written as one."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    try:
        return int(raw) if isinstance(raw, str) else None
    except ValueError:
        return None


def _has_surrogates(text: str) -> bool:
    """Whether `text` came from bytes that are no UTF-8, which no record can hold."""
    return any("\ud800" <= char <= "\udfff" for char in text)


def _bound(value: float | None) -> str | None:
    if value is None:
        return None
    return f"{int(value):,}" if value == int(value) and abs(value) < 1e15 else f"{value:g}"


class _Declared:
    """What `number`, `choice`, … leave in the class body until the class is complete."""

    def __init__(self, default: Value, **details: Any) -> None:
        self.default = default
        self.details = details


def number(
    default: float,
    *,
    low: float | None = None,
    high: float | None = None,
    log: bool = False,
    help: str = "",
    live: bool = False,
) -> Any:
    """A whole or real number, as its annotation says (`int` or `float`), within inclusive bounds."""
    return _Declared(default, low=low, high=high, log=log, help=help, live=live)


def choice(*options: str, default: str | None = None, help: str = "", live: bool = False) -> Any:
    """One of several names; the first is the default unless `default` says otherwise."""
    first = options[0] if default is None else default
    return _Declared(first, kind="choice", choices=options, help=help, live=live)


def switch(default: bool, *, help: str = "", live: bool = False) -> Any:
    """Yes or no."""
    return _Declared(default, help=help, live=live)


def text(default: str = "", *, help: str = "", live: bool = False) -> Any:
    """Any text."""
    return _Declared(default, kind="text", help=help, live=live)


def path(default: str = "", *, help: str = "") -> Any:
    """A file or folder of the user's, empty for none."""
    return _Declared(default, kind="path", help=help)


@dataclass_transform(kw_only_default=True, field_specifiers=(number, choice, switch, text, path))
class Params:
    """The values of a recipe's parameters, checked; attributes are named as they were declared.

    A class lists its own parameters before those that it inherits.

    Raises:
        UsageError: on unknown names and refused values, all of them in one message.
    """

    parameters: ClassVar[tuple[Parameter, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if taken := _METHODS.intersection(vars(cls)):
            raise TypeError(f"no parameter can have the name {min(taken)!r}: Params needs it")
        inherited = {p.name: p for base in reversed(cls.__mro__[1:]) for p in _own(base)}
        own: dict[str, Parameter] = {}
        hints = typing.get_type_hints(cls)
        for name, declared in list(vars(cls).items()):
            if isinstance(declared, _Declared):
                inherited.pop(name, None)
                own[name] = _parameter(name, hints.get(name), declared)
                delattr(cls, name)
            elif name in inherited:
                inherited[name] = msgspec.structs.replace(
                    inherited[name], default=inherited[name].parse(declared)
                )
                delattr(cls, name)
        cls.parameters = (*own.values(), *inherited.values())

    def __init__(self, **values: object) -> None:
        for name, value in parse_all(self.parameters, values).items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, self.parameter(name).parse(value))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.as_dict().items())
        return f"{type(self).__qualname__}({values})"

    @classmethod
    def parameter(cls, name: str) -> Parameter:
        """The parameter of that name; AttributeError with the nearest names where there is none."""
        for parameter in cls.parameters:
            if parameter.name == name:
                return parameter
        raise AttributeError(unknown("parameter", name, [p.name for p in cls.parameters]))

    def as_dict(self) -> dict[str, Value]:
        """Names and values, in the order of `parameters`."""
        return {p.name: getattr(self, p.name) for p in self.parameters}

    def replace(self, **values: object) -> Self:
        """A copy with other values."""
        return type(self)(**{**self.as_dict(), **values})


_METHODS = {name for name in vars(Params) if not name.startswith("_")}


def parse_all(parameters: Iterable[Parameter], values: Mapping[str, object]) -> dict[str, Value]:
    """Defaults overlaid with `values`, each checked.

    Raises:
        UsageError: naming every unknown name and every refused value at once.
    """
    result, faults = check_all(parameters, values)
    refuse(faults)
    return result


def check_all(
    parameters: Iterable[Parameter], values: Mapping[str, object]
) -> tuple[dict[str, Value], list[str]]:
    """Defaults overlaid with what is sound of `values`, and a sentence for each fault."""
    known = {parameter.name: parameter for parameter in parameters}
    result = {name: parameter.default for name, parameter in known.items()}
    faults = []
    for name, raw in values.items():
        if name not in known:
            faults.append(unknown("parameter", name, known))
            continue
        try:
            result[name] = known[name].parse(raw)
        except ValueError as fault:
            faults.append(str(fault))
    return result, faults


def _own(cls: type) -> tuple[Parameter, ...]:
    own = vars(cls).get("parameters", ())
    return own if isinstance(own, tuple) else ()


def _parameter(name: str, hint: object, declared: _Declared) -> Parameter:
    kinds: dict[object, Kind] = {int: "int", float: "float", bool: "bool"}
    details = dict(declared.details)
    kind: Kind | None = details.pop("kind", None) or kinds.get(hint)
    if kind is None:
        raise TypeError(f"parameter {name!r} needs the annotation int, float, bool or str")
    try:
        bare = Parameter(name=name, kind=kind, default=declared.default, **details)
        if bare.log and (bare.low is None or bare.low <= 0):
            raise ValueError(f"{name} is on a logarithmic scale, so low has to be above 0")
        return msgspec.structs.replace(bare, default=bare.parse(declared.default))
    except ValueError as fault:
        raise TypeError(f"the default of a parameter is refused: {fault}") from None
