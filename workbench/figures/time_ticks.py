"""Ticks of an axis of time, on values that people count in: minutes, hours, days."""

from __future__ import annotations

import math
import time

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_STEPS_S = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *(1, 2, 5, 10, 15, 30),
    *(_MINUTE_S * count for count in (1, 2, 5, 10, 15, 30)),
    *(_HOUR_S * count for count in (1, 2, 3, 6, 12)),
    *(_DAY_S * count for count in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
)
_LOG_VALUES_S = (
    *(10.0**power for power in range(-6, 0)),
    *(1.0, 3.0, 10.0, 30.0),
    *(float(_MINUTE_S * count) for count in (1, 3, 10, 30)),
    *(float(_HOUR_S * count) for count in (1, 3, 10)),
    *(float(_DAY_S * count) for count in (1, 3, 10, 30, 100, 300, 1000)),
)

Labelled = tuple[float, str]


def clock_ticks(low: float, high: float, most: int) -> list[Labelled]:
    """At most `most` + 1 round times of the local day between two, in seconds since 1970."""
    step = _step(low, high, most)
    offset = _utc_offset_s(low)
    return [
        (value - offset, _clock(value, step)) for value in _multiples(low + offset, high + offset, step)
    ]


def clock(moment: float) -> str:
    """A moment as it is read from a clock: `12:31:05`; its day too where it is not today's."""
    local = _utc_offset_s(moment) + moment
    today = int(local // _DAY_S) == int((time.time() + _utc_offset_s(time.time())) // _DAY_S)
    return _clock(local, 1) if today else f"{_clock(local, _DAY_S)} {_clock(local, 1, midnight=False)}"


def duration_ticks(low: float, high: float, most: int, *, log: bool) -> list[Labelled]:
    """At most `most` + 1 round spans of seconds between two."""
    if not log:
        return [(value, span(value)) for value in _multiples(low, high, _step(low, high, most))]
    values = [value for value in _LOG_VALUES_S if low <= value <= high]
    stride = math.ceil(len(values) / most) or 1
    return [(value, span(value)) for value in values[::stride]]


def span(seconds: float) -> str:
    """A span of time in its two largest units: `0.5 s`, `1 min 30 s`, `2 h 05 min`, `3 d 04 h`."""
    if seconds < 0:
        return f"-{span(-seconds)}"
    if seconds < _MINUTE_S - 0.5:
        return f"{float(f'{seconds:.3g}'):g} s" if seconds else "0"
    whole = round(seconds)
    for size, unit, small, small_unit in (
        (_DAY_S, "d", _HOUR_S, "h"),
        (_HOUR_S, "h", _MINUTE_S, "min"),
        (_MINUTE_S, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // small
            return (
                f"{whole // size} {unit} {rest:02d} {small_unit}" if rest else f"{whole // size} {unit}"
            )
    raise AssertionError("unreachable: less than a minute has been told")


def _step(low: float, high: float, most: int) -> float:
    """The smallest round step that gives no more ticks than wanted."""
    wanted = (high - low) / max(most, 1)
    return next(
        (step for step in _STEPS_S if step >= wanted),
        _DAY_S * 10 ** math.ceil(math.log10(max(wanted / _DAY_S, 1))),
    )


def _multiples(low: float, high: float, step: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def _utc_offset_s(moment: float) -> int:
    try:
        return time.localtime(moment).tm_gmtoff
    except (OverflowError, ValueError, OSError):  # no year that a calendar knows
        return 0


def _clock(local: float, step: float, *, midnight: bool = True) -> str:
    """A local time as finely as `step` asks; midnight gives its date."""
    try:
        parts = time.gmtime(math.floor(local + 1e-6))
    except (OverflowError, ValueError, OSError):
        return "?"
    if step >= _DAY_S or (midnight and step >= _MINUTE_S and not (parts.tm_hour or parts.tm_min)):
        return time.strftime("%b %d", parts)
    if step >= _MINUTE_S:
        return time.strftime("%H:%M", parts)
    text = time.strftime("%H:%M:%S", parts)
    places = max(math.ceil(-math.log10(step) - 1e-9), 0)
    return f"{text}.{f'{local % 1:.{places}f}'[2:]}" if places else text
