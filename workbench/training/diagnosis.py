"""Finds the layer in which a loss or gradient ceases to be a finite number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from workbench.training.trees import tensors_in

if TYPE_CHECKING:
    from workbench.training.stepping import Stepper


def first_bad_place(stepper: Stepper, batch: Any) -> str:
    """Look at the step on `batch` again, with the weights as they are: where it goes wrong first.

    `in the data`, `in the weights of …`, `in the layer …`, `in the gradient of …`, or nothing where all
    is well on second sight.
    """
    net = stepper.recipe.net
    gradients = _bad(net, gradients=True)
    if _is_bad(batch):
        return "in the data: the batch itself holds such values"
    weights = _bad(net, gradients=False)
    if weights:
        return f"in the weights of {_layer(net, weights[0])}"
    outputs: list[str] = []
    stepper.minimizer.begin()
    # Compiled code passes hooks by.
    with (
        stepper.minimizer.only_looking(),
        torch.compiler.set_stance("force_eager"),
        _watched(net, outputs),
    ):
        stepper.forward(batch)
    if outputs:
        return f"in the output of {outputs[0]}"
    # Gradients flow from the last layer to the first: the last bad one was the first to be bad.
    return f"in the gradient of {_layer(net, gradients[-1])}" if gradients else ""


@contextmanager
def _watched(net: nn.Module, outputs: list[str]) -> Iterator[None]:
    """Hooks on every leaf that note, in order, the layers whose output is bad."""

    def watch(name: str, module: nn.Module) -> Any:
        def note(_module: nn.Module, _inputs: Any, output: Any) -> None:
            if _is_bad(output):
                outputs.append(_named(name, module))

        return module.register_forward_hook(note)

    leaves = [(name, module) for name, module in net.named_modules() if not any(module.children())]
    handles = [watch(name, module) for name, module in leaves]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _bad(net: nn.Module, *, gradients: bool) -> list[str]:
    """Names of the parameters that are bad, or whose gradients are."""
    found = ((name, p.grad if gradients else p) for name, p in net.named_parameters())
    return [name for name, value in found if value is not None and _is_bad(value)]


def _is_bad(value: Any) -> bool:
    return any(
        not bool(torch.isfinite(tensor).all())
        for tensor in tensors_in(value)
        if tensor.is_floating_point() and tensor.layout == torch.strided
    )


def _layer(net: nn.Module, parameter: str) -> str:
    name = parameter.rpartition(".")[0]
    return _named(name, net.get_submodule(name))


def _named(name: str, module: nn.Module) -> str:
    kind = type(module).__name__
    return f"{name} ({kind})" if name else kind
