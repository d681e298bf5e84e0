"""One operator that ran inside a module, with its arguments by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload

from workbench.training.trees import tensors_in


@dataclass(frozen=True)
class Operator:
    """An operator of torch's, as it is below autograd, where few kinds are left.

    Attributes:
        name: `convolution`, `add`; the one that works in place has the same name.
        arguments: by the names of torch's schema, defaults among them.
        outputs: the tensors that it gave.
    """

    name: str
    function: OpOverload[..., Any]
    arguments: Mapping[str, Any]
    outputs: tuple[Tensor, ...]

    def __getitem__(self, name: str) -> Any:
        return self.arguments[name]

    @property
    def inputs(self) -> list[Tensor]:
        """Every tensor among its arguments, those in lists included."""
        found: list[Tensor] = []
        for value in self.arguments.values():
            if isinstance(value, Tensor):
                found.append(value)
            elif isinstance(value, list):
                found += [item for item in value if isinstance(item, Tensor)]
        return found

    @property
    def is_ragged(self) -> bool:
        """Whether rows of different lengths take part, which have no shape."""
        return any(tensor.is_nested for tensor in (*self.inputs, *self.outputs))


def is_plain(tensor: Tensor) -> bool:
    """Whether its numbers lie in memory in equal steps, unlike those of sparse and nested tensors."""
    return tensor.layout is torch.strided and not tensor.is_nested


def operator_of(
    function: OpOverload[..., Any], args: Sequence[Any], named: Mapping[str, Any], output: Any
) -> Operator:
    """A call of `function` that gave `output`."""
    names, defaults = _parameters_of(function)
    arguments = {**defaults, **dict(zip(names, args, strict=False)), **named}
    outputs = (output,) if isinstance(output, Tensor) else tuple(tensors_in(output))
    return Operator(name_of(function), function, arguments, outputs)


@cache
def _parameters_of(function: OpOverload[..., Any]) -> tuple[list[str], dict[str, Any]]:
    """The names of all arguments, and the defaults by these in the same order."""
    arguments = function._schema.arguments
    return [one.name for one in arguments], {one.name: one.default_value for one in arguments}


@cache
def name_of(function: OpOverload[..., Any]) -> str:
    """Its name without library, overload, and the mark of working in place."""
    name = function._schema.name.partition("::")[2]
    return name if name.endswith("__") else name.rstrip("_")


def numbers_of(value: int | Sequence[int], many: int) -> list[int]:
    """A size for each of so many dimensions: one stands for all."""
    if isinstance(value, int):
        return [value] * many
    return list(value) * many if len(value) == 1 else list(value)
