"""Passes of single samples through a network: what each call gave, kept while one looks at it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from workbench.debugging.capture import Captured, Place, capturing, modules_of, watching
from workbench.debugging.samples import One
from workbench.errors import UsageError, WorkbenchError, unknown
from workbench.training.recipe import Training
from workbench.training.trees import tensors_in

CallT = TypeVar("CallT")

KEPT_PASSES = 4
KEPT_BYTES = 128 << 20  # of a pass; what is beyond is computed again when it is asked for


@dataclass
class Call:
    """One call of a module in a pass.

    Attributes:
        shapes: of the tensors that it gave; `outputs` are copies of them, on the CPU.
        outputs: None where there was no room to keep them.
    """

    place: Place
    shapes: tuple[tuple[int, ...], ...]
    outputs: tuple[Tensor, ...] | None


@dataclass
class Pass:
    """What a sample made of the network: its calls in the order in which they returned, its answer."""

    sample: One
    answer: Any
    calls: list[Call] = field(default_factory=list)

    def of(self, layer: str) -> list[Call]:
        """The calls of a module."""
        return [call for call in self.calls if call.place.name == layer]

    @property
    def output(self) -> Tensor | None:
        """The first tensor of the answer; None where it holds none."""
        return next(tensors_in(self.answer), None)


class Passes:
    """Makes passes and keeps the last ones, so that the next layer of a sample costs none."""

    def __init__(self, recipe: Training) -> None:
        self._recipe = recipe
        self._kept: OrderedDict[int, Pass] = OrderedDict()

    def of(self, sample: One) -> Pass:
        """The pass of a sample."""
        kept = self._kept.get(sample.index)
        if kept is None:
            kept = self._made(sample)
            self._kept[sample.index] = kept
            while len(self._kept) > KEPT_PASSES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(sample.index)
        return kept

    def call(self, sample: One, layer: str, number: int) -> Captured:
        """What a call of a module was given and gave.

        Raises:
            UsageError: when there is no such module or call.
        """
        checked_layer(self._recipe.net, layer)
        with torch.no_grad(), capturing(self._recipe.net, [layer]) as calls:
            predicted(self._recipe, sample)
        return _numbered(calls, layer, number)

    def outputs(self, sample: One, layer: str, number: int) -> tuple[Call, tuple[Tensor, ...]]:
        """What a call of a module gave: from the pass that is kept, else from a new one.

        Raises:
            UsageError: when there is no such module or call.
        """
        checked_layer(self._recipe.net, layer)
        calls = self.of(sample).of(layer)
        call = _numbered(calls, layer, number)
        return call, call.outputs or self.call(sample, layer, number).outputs

    def _made(self, sample: One) -> Pass:
        calls: list[Call] = []
        room = KEPT_BYTES

        def see(
            place: Place, _module: nn.Module, _inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]
        ) -> None:
            nonlocal room
            size = sum(tensor.nbytes for tensor in outputs)
            room -= size
            kept = tuple(map(_copy, outputs)) if room >= 0 else None
            calls.append(Call(place, tuple(tuple(t.shape) for t in outputs), kept))

        with torch.no_grad(), watching(self._recipe.net, see):
            answer = predicted(self._recipe, sample)
        return Pass(sample, answer, calls)


def predicted(recipe: Training, sample: One) -> Any:
    """The network's answer to a sample, by the recipe's `predict_step`.

    Raises:
        WorkbenchError: when that step fails.
    """
    recipe.net.eval()
    try:
        return recipe.predict_step(sample.batch)
    except WorkbenchError:
        raise
    except (RuntimeError, TypeError, ValueError, IndexError, KeyError, AttributeError) as fault:
        raise WorkbenchError(
            f"predict_step of {type(recipe).__name__} failed: {type(fault).__name__}: "
            f"{str(fault).partition(chr(10))[0]}",
            "let it take a batch of the data and give the network's answer to it",
        ) from fault


def checked_layer(net: nn.Module, layer: str) -> nn.Module:
    """The module of that path.

    Raises:
        UsageError: naming the nearest paths.
    """
    modules = dict(modules_of(net))
    if layer not in modules:
        raise UsageError(
            unknown("layer", layer, [name for name in modules if name]),
            "`workbench inspect` without --layer lists them",
        )
    return modules[layer]


def _numbered(calls: Sequence[CallT], layer: str, number: int) -> CallT:
    if not calls:
        raise UsageError(
            f"{layer or 'the network'} is not called when a sample is predicted",
            "choose a layer of the table",
        )
    if not 0 <= number < len(calls):
        raise UsageError(
            f"{layer or 'the network'} has no call {number} in a pass",
            f"it is called {len(calls)} times: 0 to {len(calls) - 1}",
        )
    return calls[number]


def _copy(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", copy=True)
