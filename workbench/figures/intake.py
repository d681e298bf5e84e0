"""Values as recipes have them (lists, arrays, tensors) turned into plain, storable ones."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from workbench import units

# JSON readers agree on integers up to here.
_LARGEST_INT = 2**63 - 1


def listed(values: Any) -> Any:
    """`values` with arrays and tensors as (nested) lists, also those inside a list."""
    if hasattr(values, "tolist"):
        return values.tolist()
    if isinstance(values, Iterable) and not isinstance(values, str | bytes):
        return [listed(value) for value in values]
    return values


def numbers(values: Any, what: str) -> list[float | None]:
    """A flat list of finite floats, None for every other number.

    Raises ValueError that names `what` where an entry is no number.
    """
    flat = listed(values)
    if not isinstance(flat, list):
        raise ValueError(f"{what} must be a list of numbers, not {type(values).__name__}")
    return [_number(value, what) for value in flat]


def _number(value: Any, what: str) -> float | None:
    if value is None:
        return None
    try:
        number = float("no number" if isinstance(value, str) else value)
    except OverflowError:
        return None
    except (TypeError, ValueError):
        raise ValueError(f"{what} must hold numbers, not {type(value).__name__}") from None
    return number if math.isfinite(number) else None


def grid(values: Any, what: str) -> list[list[float | None]]:
    """Rows of finite floats or None, all of one length; raises ValueError otherwise."""
    rows = listed(values)
    if not isinstance(rows, list):
        raise ValueError(f"{what} must be rows of numbers, not {type(values).__name__}")
    table = [numbers(row, f"row {index} of {what}") for index, row in enumerate(rows)]
    lengths = sorted({len(row) for row in table})
    if len(lengths) > 1:
        raise ValueError(f"{what} has rows of {lengths[0]} and of {lengths[-1]} numbers")
    return table


def labels(given: Sequence[Any], count: int, what: str) -> list[str]:
    """`count` texts, none given counting as none wanted; raises ValueError for another number."""
    if len(given) not in (0, count):
        raise ValueError(f"{len(given)} labels for {count} {what}")
    return [text(label) for label in given]


def text(value: Any) -> str:
    """`value` as text that UTF-8 can hold."""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def cell(value: Any) -> str | int | float | None:
    """What a table cell stores for `value`: its number, its text, or None."""
    if hasattr(value, "item"):
        value = value.item()
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST_INT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else units.number(value)
    return text(value)


def pixels(image: Any) -> tuple[int, int, int, bytes]:
    """(height, width, channels, raw bytes) of a picture; raises ValueError for what is none."""
    # An array has its bytes at hand; going through lists takes a hundred times as long.
    raw_array = str(getattr(image, "dtype", "")) == "uint8" and hasattr(image, "tobytes")
    rows = image if raw_array else listed(image)
    shape = tuple(image.shape) if raw_array else _shape(rows)
    if len(shape) not in (2, 3) or shape[2:] not in ((), (1,), (3,)) or 0 in shape:
        shown = " x ".join(map(str, shape)) or "a single number"
        raise ValueError(f"an image is H x W or H x W x 3, channels last; this is {shown}")
    height, width, channels = (*shape, 1)[:3]
    raw = image.tobytes() if raw_array else _bytes(rows, shape)
    return height, width, channels, raw


def _bytes(nested: Any, shape: tuple[int, ...]) -> bytes:
    """The numbers in `nested` lists of `shape`, one byte each."""
    if not isinstance(nested, list) or len(nested) != shape[0]:
        raise ValueError("the rows of an image must have one length")
    if len(shape) > 1:
        return b"".join(_bytes(part, shape[1:]) for part in nested)
    try:
        return bytes(nested)
    except (TypeError, ValueError):
        raise ValueError("the values of an image are whole numbers from 0 to 255") from None


def _shape(nested: Any) -> tuple[int, ...]:
    shape: list[int] = []
    while isinstance(nested, list):
        shape.append(len(nested))
        nested = nested[0] if nested else None
    return tuple(shape)
