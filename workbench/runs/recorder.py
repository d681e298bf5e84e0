"""Writes `events.jsonl`: one record, one write, in the kernel's hands when the call returns."""

from __future__ import annotations

import math
import time
from pathlib import Path

import msgspec

from workbench.runs import events
from workbench.runs.jsonl import Appender


class Recorder:
    """The one writer of a run's events."""

    def __init__(self, events_file: Path) -> None:
        self._file = Appender(events_file)
        self._encode = msgspec.json.Encoder().encode

    def record(self, event: events.Event) -> None:
        """Append one record.

        Raises:
            OSError: when the disk is full or the folder is gone.
        """
        try:
            line = self._encode(event)
        except UnicodeEncodeError:
            line = self._encode(_encodable(event))
        self._file.write(line)

    def metrics(self, step: int, values: dict[str, float]) -> None:
        """Append named numbers at a step; NaN and infinities are kept as words."""
        written: dict[str, float | str] = values  # type: ignore[assignment]  # only read from here on
        if not all(map(math.isfinite, values.values())):
            written = {name: finite_or_word(value) for name, value in values.items()}
        now = round(time.time(), 3)
        self._file.write(self._encode(events.Metrics(time=now, step=step, values=written)))

    def close(self) -> None:
        self._file.close()


def _encodable(event: events.Event) -> events.Event:
    """`event` with `?` for what is no text: the bytes of a file's name in an exception, for one."""
    texts = {
        name: value.encode(errors="replace").decode()
        for name in event.__struct_fields__
        if isinstance(value := getattr(event, name), str)
    }
    return msgspec.structs.replace(event, **texts)


def finite_or_word(value: float) -> float | str:
    """`value` as JSON can hold it."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def now() -> float:
    """Seconds since 1970, to the millisecond: what records carry."""
    return round(time.time(), 3)
