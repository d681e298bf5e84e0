"""Nested tuples, lists and dicts of tensors, as batches and states are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """The same tree with every leaf changed; what can move itself (has `.to`) is a leaf."""
    if hasattr(value, "to"):
        return change(value)
    if isinstance(value, Mapping):
        return {key: mapped(item, change) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(mapped(item, change) for item in value))
    if isinstance(value, tuple | list):
        return type(value)(mapped(item, change) for item in value)
    return change(value)


def leaves(value: Any) -> Iterator[Any]:
    """Everything in a tree that is no tuple, list or dict, in order."""
    if isinstance(value, Mapping) and not hasattr(value, "to"):
        value = tuple(value.values())
    if isinstance(value, tuple | list) and not hasattr(value, "to"):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Every tensor of a tree, in order; also those of objects that give them by `to_dict` (graphs)."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from tensors_in(item)
    elif hasattr(value, "to_dict"):
        yield from tensors_in(value.to_dict())


def shape_text(value: Any) -> str:
    """The shapes in a tree, `64x10`, `(64x10, 64)`; what is no tensor by its class."""
    if isinstance(value, Tensor):
        return "nested" if value.is_nested else "x".join(map(str, value.shape)) or "number"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {shape_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "(" + ", ".join(map(shape_text, value)) + ")"
    return "none" if value is None else type(value).__name__


def to_device(batch: Any, device: torch.device, *, wait: bool = True) -> Any:
    """A batch moved: whatever has `.to`, and tuples, lists and dicts of it.

    Without waiting, copies from pinned memory run beside what the host does next.
    """

    def move(leaf: Any) -> Any:
        if isinstance(leaf, Tensor):
            return leaf.to(device, non_blocking=not wait)
        return leaf.to(device) if hasattr(leaf, "to") else leaf

    return mapped(batch, move)
