"""The table of a network's layers, made while a batch goes through it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode

from workbench.debugging.capture import Place, own_weights, watching
from workbench.debugging.formulas import formula
from workbench.debugging.multiply_adds import multiply_adds
from workbench.debugging.operators import is_plain, operator_of
from workbench.debugging.receptive import Sights
from workbench.rehearsal import Layer
from workbench.training.trees import shape_text


@contextmanager
def recorded_layers(net: nn.Module) -> Iterator[list[Layer]]:
    """A list that fills with the calls that have something of their own, in the order they return.

    Those are modules that call no other, and others with weights or products of their own, such as
    attention by hand. Every operator inside the network is looked at, a layer takes about 0.3 ms more.
    """
    trace = _Trace()
    is_fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # it runs whole encoders as one kernel
    try:
        with watching(net, trace.returned, sees_call=trace.called), _Operators(trace):
            yield trace.layers
    finally:
        torch.backends.mha.set_fastpath_enabled(is_fast)


@dataclass
class _Call:
    """A call that goes on: whose it is, and what it multiplied itself."""

    module: nn.Module
    multiply_adds: int = 0


class _Trace:
    """The calls that go on and those that have returned."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.sights = Sights()
        self._going_on: list[_Call] = []
        self._used: set[int] = set()  # weights, by identity

    @property
    def going_on(self) -> _Call | None:
        """The innermost call; None outside of the network, as in a backward pass."""
        return self._going_on[-1] if self._going_on else None

    def called(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        """A module begins."""
        if not self._going_on:
            self.sights.begin(inputs)
        self._going_on.append(_Call(module))

    def returned(
        self, place: Place, module: nn.Module, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]
    ) -> None:
        """A module has ended: what it did itself is its row."""
        call = self._going_on.pop()
        while call.module is not module:  # a call that failed, of which somebody made the best
            call = self._going_on.pop()
        own = list(module.parameters()) if place.is_leaf else own_weights(module)
        if place.is_leaf or own or call.multiply_adds:
            self.layers.append(self._layer(place, call, own, inputs, outputs))

    def _layer(
        self,
        place: Place,
        call: _Call,
        own: Sequence[Tensor],
        inputs: tuple[Tensor, ...],
        outputs: tuple[Tensor, ...],
    ) -> Layer:
        again = [weight for weight in own if id(weight) in self._used]
        self._used.update(map(id, own))
        field, jump = self.sights.field(outputs[0]) if outputs else ((), ())
        return Layer(
            name=place.name,
            kind=place.kind,
            output=shape_text(outputs[0] if len(outputs) == 1 else outputs),
            weights=_numbers(own),
            call=place.call,
            shape=tuple(outputs[0].shape) if outputs and not outputs[0].is_nested else (),
            formula=formula(call.module, list(filter(is_plain, inputs)), outputs),
            shared=_numbers(again),
            multiply_adds=call.multiply_adds,
            weight_bytes=sum(weight.nbytes for weight in own),
            output_bytes=sum(output.nbytes for output in outputs if is_plain(output)),
            field=field,
            jump=jump,
        )


def _numbers(weights: Sequence[Tensor]) -> int:
    return sum(weight.numel() for weight in weights)


class _Operators(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Shows every operator inside the network to a trace."""

    supports_higher_order_operators = True

    def __init__(self, trace: _Trace) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._trace = trace

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No: that would load the compiler, which takes seconds, and nothing is compiled meanwhile."""
        return False

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = kwargs or {}
        call = self._trace.going_on
        if call is None:
            return func(*args, **named)
        if isinstance(func, OpOverload) and _is_composite(func):  # in inference mode they come whole
            with self:
                return func.decompose(*args, **named)
        output = func(*args, **named)
        operator = operator_of(func, args, named, output) if isinstance(func, OpOverload) else None
        if operator is not None and not operator.is_ragged:
            call.multiply_adds += multiply_adds(operator)
            self._trace.sights.follow(operator)
        else:
            self._trace.sights.lose(output, (args, named))
        return output


@cache
def _is_composite(func: OpOverload[..., Any]) -> bool:
    key = torch._C.DispatchKey.CompositeImplicitAutograd
    name: str = func.name()  # type: ignore[no-untyped-call]
    return torch._C._dispatch_has_kernel_for_dispatch_key(name, key)
