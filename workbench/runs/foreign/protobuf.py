"""The few fields of TensorBoard's events that hold scalars, and where in a record they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10

# Field numbers of event.proto, summary.proto and tensor.proto.
_EVENT_WALL_TIME, _EVENT_STEP, _EVENT_SUMMARY, _EVENT_SESSION_LOG = 1, 2, 5, 7
_SUMMARY_VALUE = 1
_VALUE_TAG, _VALUE_SIMPLE, _VALUE_TENSOR, _VALUE_METADATA = 1, 2, 8, 9
_TENSOR_DTYPE, _TENSOR_CONTENT = 1, 4
_SESSION_STATUS, _SESSION_START = 1, 1

HPARAMS_PLUGIN = b"hparams"

# numpy's name of the number by TensorFlow's number of the type.
_CONTENT_KINDS = {
    1: "<f4", 2: "<f8", 3: "<i4", 4: "|u1", 5: "<i2", 6: "|i1", 9: "<i8", 10: "|u1", 19: "<f2",
}  # fmt: skip
_PACKED_KINDS = {5: ("<f4", _FIXED32), 6: ("<f8", _FIXED64)}
_INTEGER_FIELDS = {7, 10, 11}


class Scalar(NamedTuple):
    """A scalar of an event: its number stands at `at` as numpy's `kind`; without one it is `number`."""

    tag: bytes
    at: int
    kind: str
    number: float = 0.0


class Event(NamedTuple):
    """Where an event's parts stand, counted from the start of its record; -1 where they are absent.

    `metadata` is that of the values that carry hyperparameters. `restarts` says that a session began:
    what was recorded from its step on is void.
    """

    wall_time_at: int
    step_at: int
    step_end: int
    step: int
    scalars: tuple[Scalar, ...]
    metadata: tuple[bytes, ...]
    restarts: bool


class Field(NamedTuple):
    """A field of a message; its content stands from `at` to `end`."""

    number: int
    wire: int
    at: int
    end: int


def fields(data: bytes, at: int = 0, end: int | None = None) -> Iterator[Field]:
    """The fields of the message that stands from `at` to `end`.

    Raises:
        ValueError: when it is damaged.
    """
    end = len(data) if end is None else end
    while at < end:
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            stop = varint(data, at)[1]
        elif wire == _FIXED64:
            stop = at + 8
        elif wire == _FIXED32:
            stop = at + 4
        elif wire == _BYTES:
            size, at = varint(data, at)
            stop = at + size
        else:
            raise ValueError(f"no such kind of field: {wire}")
        if stop > end:
            raise ValueError("a field goes beyond its message")
        yield Field(number, wire, at, stop)
        at = stop


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that stands at `at`, and where it ends.

    Raises:
        ValueError: when it does not end.
    """
    number = shift = 0
    for byte in data[at : at + _LONGEST_VARINT]:
        number |= (byte & 0x7F) << shift
        shift += 7
        at += 1
        if byte < 0x80:
            return number, at
    raise ValueError("a number does not end")


def signed(number: int) -> int:
    """A 64-bit number as protobuf means it."""
    number &= (1 << 64) - 1
    return number - (1 << 64) if number >> 63 else number


def parse(record: bytes) -> Event:
    """What an event holds of scalars.

    Raises:
        ValueError: when it is damaged.
    """
    wall_time_at = step_at = step_end = -1
    step = 0
    scalars: list[Scalar] = []
    metadata: list[bytes] = []
    restarts = False
    for number, wire, at, end in fields(record):
        if (number, wire) == (_EVENT_WALL_TIME, _FIXED64):
            wall_time_at = at
        elif (number, wire) == (_EVENT_STEP, _VARINT):
            step_at, step_end, step = at, end, signed(varint(record, at)[0])
        elif (number, wire) == (_EVENT_SUMMARY, _BYTES):
            _parse_summary(record, at, end, scalars, metadata)
        elif (number, wire) == (_EVENT_SESSION_LOG, _BYTES):
            restarts = _is_start(record, at, end)
    return Event(wall_time_at, step_at, step_end, step, tuple(scalars), tuple(metadata), restarts)


def _parse_summary(
    record: bytes, at: int, end: int, scalars: list[Scalar], metadata: list[bytes]
) -> None:
    for value in fields(record, at, end):
        if (value.number, value.wire) == (_SUMMARY_VALUE, _BYTES):
            scalar = _parse_value(record, value, metadata)
            if scalar is not None:
                scalars.append(scalar)


def _parse_value(record: bytes, value: Field, metadata: list[bytes]) -> Scalar | None:
    tag, scalar = b"", None
    for number, wire, at, end in fields(record, value.at, value.end):
        if (number, wire) == (_VALUE_TAG, _BYTES):
            tag = record[at:end]
        elif (number, wire) == (_VALUE_SIMPLE, _FIXED32):
            scalar = Scalar(b"", at, "<f4")
        elif (number, wire) == (_VALUE_TENSOR, _BYTES):
            scalar = _parse_tensor(record, at, end)
        elif (number, wire) == (_VALUE_METADATA, _BYTES):
            metadata += [record[at:end]] if HPARAMS_PLUGIN in record[at:end] else []
    return None if scalar is None else scalar._replace(tag=tag)


def _parse_tensor(record: bytes, at: int, end: int) -> Scalar | None:
    """The number of a tensor that holds but one; None for any other."""
    parts = list(fields(record, at, end))
    dtype = next((varint(record, part.at)[0] for part in parts if part.number == _TENSOR_DTYPE), 0)
    for part in parts:
        size = part.end - part.at
        if part.number == _TENSOR_CONTENT and part.wire == _BYTES and size:
            kind = _CONTENT_KINDS.get(dtype, "")
            return Scalar(b"", part.at, kind) if kind and int(kind[2]) == size else None
        if part.number in _PACKED_KINDS:
            kind, single = _PACKED_KINDS[part.number]
            whole = part.wire in {_BYTES, single} and size == int(kind[2])
            return Scalar(b"", part.at, kind) if whole else None
        if part.number in _INTEGER_FIELDS and size:
            number, stop = varint(record, part.at)
            return Scalar(b"", -1, "", float(signed(number))) if stop == part.end else None
    return None


def _is_start(record: bytes, at: int, end: int) -> bool:
    return any(
        part.number == _SESSION_STATUS and varint(record, part.at)[0] == _SESSION_START
        for part in fields(record, at, end)
    )
