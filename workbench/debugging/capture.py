"""Hooks on the modules of a network: what each call gave, and the loss's gradient by that."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parallel import DataParallel, DistributedDataParallel
from torch.nn.utils.parametrize import is_parametrized, type_before_parametrizations

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


def unwrapped(module: nn.Module) -> nn.Module:
    """The module itself, where DDP, DataParallel or `torch.compile` has wrapped it."""
    while True:
        if isinstance(module, DistributedDataParallel | DataParallel):
            module = module.module
        elif "_orig_mod" in module._modules:  # torch.compile; to import its class takes seconds
            module = module.get_submodule("_orig_mod")
        else:
            return module


def modules_of(net: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Each module once, by its path in the network as it was written: wrappers add no step to it.

    What computes a weight from another (`torch.nn.utils.parametrizations`) is part of the module whose
    weight that is.
    """
    seen: set[nn.Module] = set()
    waiting = [("", net)]
    while waiting:
        path, wrapped = waiting.pop()
        module = unwrapped(wrapped)
        if module in seen:
            continue
        seen.add(module)
        yield path, module
        children = [
            (f"{path}.{name}" if path else name, child)
            for name, child in module.named_children()
            if not (name == "parametrizations" and is_parametrized(module))
        ]
        waiting += reversed(children)


def own_weights(module: nn.Module) -> list[nn.Parameter]:
    """The parameters of a module without those of its children."""
    own = list(module.parameters(recurse=False))
    if is_parametrized(module):
        own += module.get_submodule("parametrizations").parameters()
    return own


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
    meanwhile. Calls that a backward pass makes again (`torch.utils.checkpoint`) are not shown twice.
    The hooks are removed at the end, whatever happens.
    """
    watch = _Watch(sees_output, sees_gradient, names, sees_call)
    handles = []
    try:
        for name, module in modules_of(net):
            before = module.register_forward_pre_hook(watch.before, prepend=True, with_kwargs=True)
            handles.append(before)
            after = watch.after(name, type_before_parametrizations(module).__name__)
            handles.append(module.register_forward_hook(after, with_kwargs=True))
        with as_written():
            yield
    finally:
        for handle in [*handles, *watch.on_tensors]:
            handle.remove()


def as_written() -> AbstractContextManager[Any]:
    """Compiled code, which passes hooks by, runs as it was written."""
    # Where nothing was compiled, loading the compiler would cost seconds.
    return torch.compiler.set_stance("force_eager") if "torch._dynamo" in sys.modules else nullcontext()


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
        self._going_on: list[tuple[nn.Module, bool]] = []  # and whether it has called another one
        self.on_tensors: list[Any] = []

    def before(self, module: nn.Module, inputs: Any, keywords: Any) -> None:
        if _is_backward():
            return
        if self._going_on:
            self._going_on[-1] = (self._going_on[-1][0], True)
        self._going_on.append((module, False))
        if self._sees_call is not None:
            self._sees_call(module, tuple(tensors_in((inputs, keywords))))

    def after(self, name: str, kind: str) -> Callable[[nn.Module, Any, Any, Any], None]:
        def hook(module: nn.Module, inputs: Any, keywords: Any, output: Any) -> None:
            if _is_backward():
                return
            place = Place(name, kind, self._calls[name], not self._has_called(module))
            self._calls[name] += 1
            if self._names is None or name in self._names:
                given = (*tensors_in(inputs), *(tensors_in(keywords) if keywords else ()))
                self._show(place, module, given, tuple(tensors_in(output)))

        return hook

    def _has_called(self, module: nn.Module) -> bool:
        """Whether the call that ends has called others; those that ended in an error are forgotten."""
        while self._going_on:
            going_on, has_called = self._going_on.pop()
            if going_on is module:
                return has_called
        return False

    def _show(
        self,
        place: Place,
        module: nn.Module,
        inputs: tuple[Tensor, ...],
        outputs: tuple[Tensor, ...],
    ) -> None:
        self._sees_output(place, module, inputs, outputs)
        if self._sees_gradient is None:
            return
        for number, output in enumerate(outputs):
            if output.requires_grad:
                hook = self._gradient_hook(place, number)
                self.on_tensors.append(output.register_hook(hook))  # type: ignore[no-untyped-call]

    def _gradient_hook(self, place: Place, number: int) -> Callable[[Tensor], None]:
        sees_gradient = self._sees_gradient
        assert sees_gradient is not None

        def hook(gradient: Tensor) -> None:
            sees_gradient(place, number, gradient)

        return hook


def _is_backward() -> bool:
    """Whether a backward pass is going on in this thread, as torch's own checkpointing asks it."""
    return bool(torch._C._current_graph_task_id() != -1)


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
