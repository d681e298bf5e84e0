"""Hooks on the modules of a network: what each call gave, and the loss's gradient by that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from workbench.training.trees import tensors_in


class Place(NamedTuple):
    """A call of a module: its path, its class, how many calls came before, if it called no other."""

    name: str
    kind: str
    call: int
    is_leaf: bool


SeesCall = Callable[[nn.Module, tuple[Tensor, ...]], None]
SeesOutput = Callable[[Place, nn.Module, tuple[Tensor, ...], tuple[Tensor, ...]], None]
SeesGradient = Callable[[Place, int, Tensor], None]


@contextmanager
def watching(
    net: nn.Module,
    sees_output: SeesOutput,
    sees_gradient: SeesGradient | None = None,
    names: Collection[str] | None = None,
    sees_call: SeesCall | None = None,
) -> Iterator[None]:
    """Show each call of the modules called `names` (of all where None) to `sees_output`.

    It is given the place, the module, the tensors of its input and those of its output, as they are
    when the module returns: a later module that works in place changes them, so who keeps them copies
    them. `sees_gradient` is given the place, the number of the output's tensor, and the gradient by it,
    as the backward pass comes by. `sees_call` is given every module before it runs, whatever its name,
    with the tensors of its positional and keyword arguments. Compiled code runs as it was written
    meanwhile. The hooks are removed at the end, whatever happens.
    """
    watch = _Watch(sees_output, sees_gradient, names, sees_call)
    handles = []
    try:
        for name, module in net.named_modules():
            before = module.register_forward_pre_hook(watch.before, prepend=True, with_kwargs=True)
            handles.append(before)
            handles.append(module.register_forward_hook(watch.after(name)))
        with torch.compiler.set_stance("force_eager"):  # compiled code passes hooks by
            yield
    finally:
        for handle in [*handles, *watch.on_tensors]:
            handle.remove()


class _Watch:
    """The hooks, and which calls are going on."""

    def __init__(
        self,
        sees_output: SeesOutput,
        sees_gradient: SeesGradient | None,
        names: Collection[str] | None,
        sees_call: SeesCall | None,
    ) -> None:
        self._sees_output = sees_output
        self._sees_gradient = sees_gradient
        self._names = names
        self._sees_call = sees_call
        self._calls: Counter[str] = Counter()
        self._going_on: list[bool] = []  # for each call whether it has called another module
        self.on_tensors: list[Any] = []

    def before(self, module: nn.Module, inputs: Any, named: Any) -> None:
        if self._going_on:
            self._going_on[-1] = True
        self._going_on.append(False)
        if self._sees_call is not None:
            self._sees_call(module, tuple(tensors_in((inputs, named))))

    def after(self, name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            has_called = self._going_on.pop() if self._going_on else False
            place = Place(name, type(module).__name__, self._calls[name], not has_called)
            self._calls[name] += 1
            if self._names is None or name in self._names:
                self._show(place, module, inputs, tuple(tensors_in(output)))

        return hook

    def _show(self, place: Place, module: nn.Module, inputs: Any, outputs: tuple[Tensor, ...]) -> None:
        self._sees_output(place, module, tuple(tensors_in(inputs)), outputs)
        if self._sees_gradient is None:
            return
        for number, output in enumerate(outputs):
            if output.requires_grad:
                self.on_tensors.append(output.register_hook(self._gradient_hook(place, number)))

    def _gradient_hook(self, place: Place, number: int) -> Callable[[Tensor], None]:
        sees_gradient = self._sees_gradient
        assert sees_gradient is not None

        def hook(gradient: Tensor) -> None:
            sees_gradient(place, number, gradient)

        return hook


@dataclass
class Captured:
    """Copies of what one call gave, and of the gradients by it where a backward pass came by."""

    place: Place
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    gradients: dict[int, Tensor] = field(default_factory=dict)


@contextmanager
def capturing(
    net: nn.Module, names: Collection[str] | None = None, *, gradients: bool = False
) -> Iterator[list[Captured]]:
    """A list that fills with each call of those modules, in the order in which they return."""
    calls: list[Captured] = []
    by_place: dict[Place, Captured] = {}

    def keep(
        place: Place, _module: nn.Module, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]
    ) -> None:
        call = Captured(place, _copies(inputs), _copies(outputs))
        calls.append(call)
        by_place[place] = call

    def keep_gradient(place: Place, number: int, gradient: Tensor) -> None:
        by_place[place].gradients[number] = gradient.detach().clone()

    with watching(net, keep, keep_gradient if gradients else None, names):
        yield calls


def _copies(tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(tensor.detach().clone() for tensor in tensors)
