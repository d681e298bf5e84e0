"""A probe as a run records it: columns over its layers, in few digits."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from workbench.debugging.probes import (
    InputProbe,
    LayerProbe,
    OddShape,
    Probe,
    TellingFeature,
    evenly,
)
from workbench.errors import WorkbenchError
from workbench.runs.events import NON_FINITE
from workbench.runs.recorder import finite_or_word

MOST_LAYERS = 400  # 30 kB a record: a run may have thousands of them
DIGITS = 4

Numbers = list[float | str | None]


class Columns(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fields of `LayerProbe` by name, one entry a layer; a column without any value is left out.

    `left_out` counts the layers that were seen and are not recorded, between those that are.
    """

    loss: float | str | None = None
    left_out: int = 0
    name: list[str] = []
    kind: list[str] = []
    call: list[int] = []
    shape: list[list[int]] = []
    mean: Numbers = []
    spread: Numbers = []
    zeros: Numbers = []
    units: list[int] = []
    dead: list[int] = []
    saturated: Numbers = []
    non_finite: list[int] = []
    varying: Numbers = []
    output_gradient: Numbers = []
    weights: Numbers = []
    weight_gradient: Numbers = []
    update: Numbers = []
    inputs: dict[str, Any] = {}
    telling: TellingFeature | None = None
    odd_shapes: tuple[OddShape, ...] = ()


_FIELDS = {field.name: field.default for field in msgspec.structs.fields(LayerProbe)}
_decoder: msgspec.json.Decoder[Columns] = msgspec.json.Decoder(Columns)


def encode(probe: Probe) -> bytes:
    """The probe without its step, as JSON."""
    layers = evenly(probe.layers, MOST_LAYERS)
    columns: dict[str, Any] = {}
    for name, unset in _FIELDS.items():
        values = [getattr(layer, name) for layer in layers]
        if any(value != unset for value in values):
            columns[name] = [_short(value) for value in values]
    inputs = {} if probe.inputs is None else msgspec.structs.asdict(probe.inputs)
    return msgspec.json.encode(
        Columns(
            loss=_short(probe.loss),
            left_out=probe.left_out + len(probe.layers) - len(layers),
            inputs={name: _short(value) for name, value in inputs.items() if value is not None},
            telling=probe.telling,
            odd_shapes=probe.odd_shapes,
            **columns,
        )
    )


def decode(step: int, data: bytes) -> Probe:
    """The probe that `encode` wrote.

    Raises:
        WorkbenchError: when it is none, or its columns differ in length.
    """
    try:
        columns = _decoder.decode(data)
        return Probe(
            step=step,
            loss=_number(columns.loss),
            left_out=columns.left_out,
            layers=tuple(_layers(columns)),
            inputs=_inputs(columns.inputs) if columns.inputs else None,
            telling=columns.telling,
            odd_shapes=columns.odd_shapes,
        )
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as fault:
        raise WorkbenchError(f"the probe of step {step:,} cannot be read: {fault}") from None


def _layers(columns: Columns) -> list[LayerProbe]:
    count = len(columns.name)
    given = {name: getattr(columns, name) for name in _FIELDS}
    given = {name: values for name, values in given.items() if values or name == "kind"}
    for name, values in given.items():
        if len(values) != count:
            raise ValueError(f"{len(values)} values of {name} for {count} layers")
    numbers = {
        name: [_number(value) if not isinstance(value, list) else tuple(value) for value in values]
        for name, values in given.items()
        if name not in {"name", "kind"}
    }
    rows: dict[str, list[Any]] = {**numbers, "name": [*columns.name], "kind": [*columns.kind]}
    return [LayerProbe(**{name: rows[name][index] for name in rows}) for index in range(count)]


def _inputs(given: dict[str, Any]) -> InputProbe:
    return msgspec.convert({name: _number(value) for name, value in given.items()}, InputProbe)


def _short(value: Any) -> Any:
    """Numbers in few digits, those that JSON does not know as words, all else as it is."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else finite_or_word(value)


def _number(value: Any) -> Any:
    return NON_FINITE.get(value, math.nan) if isinstance(value, str) else value
