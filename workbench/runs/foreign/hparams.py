"""The hyperparameters that `SummaryWriter.add_hparams` keeps in an event's metadata."""

from __future__ import annotations

import struct

from workbench.params import Value
from workbench.runs.foreign.protobuf import fields, varint

# Field numbers on the way from SummaryMetadata to the map's entries; see plugin_data.proto of hparams.
_PLUGIN_DATA, _CONTENT, _SESSION_START, _HPARAMS = 1, 2, 3, 1
_KEY, _VALUE = 1, 2
_NUMBER, _STRING, _BOOL = 2, 3, 4


def read_hparams(metadata: bytes) -> dict[str, Value]:
    """Names and values; none where the metadata holds no start of a session, or is damaged."""
    messages = [metadata]
    try:
        for number in (_PLUGIN_DATA, _CONTENT, _SESSION_START, _HPARAMS):
            messages = [part for message in messages for part in _parts(message, number)]
        return dict(_entry(message) for message in messages)
    except (ValueError, struct.error):
        return {}


def _parts(message: bytes, number: int) -> list[bytes]:
    return [message[part.at : part.end] for part in fields(message) if part.number == number]


def _entry(message: bytes) -> tuple[str, Value]:
    parts = {part.number: message[part.at : part.end] for part in fields(message)}
    return parts.get(_KEY, b"").decode(errors="replace"), _value(parts.get(_VALUE, b""))


def _value(message: bytes) -> Value:
    for part in fields(message):
        content = message[part.at : part.end]
        if part.number == _NUMBER:
            (number,) = struct.unpack("<d", content)
            return float(number)
        if part.number == _STRING:
            return content.decode(errors="replace")
        if part.number == _BOOL:
            return bool(varint(content, 0)[0])
    return ""
