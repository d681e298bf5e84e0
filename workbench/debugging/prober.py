"""A look inside a network that is being trained, after which the training is as it was before."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import torch
from torch import Tensor, nn

from workbench.debugging.probes import Probe
from workbench.debugging.shapes import watching_shapes
from workbench.debugging.statistics import Measured, measuring
from workbench.training import random_state
from workbench.training.data import batch_length
from workbench.training.values import loss_of

if TYPE_CHECKING:
    from workbench.training.loop import Loop
    from workbench.training.stepping import Stepper

_CONTAINERS = (list, dict, set)


def weights_now(loop: Loop) -> dict[nn.Parameter, Tensor]:
    """Copies of the weights that the optimizers train, to measure the next step by."""
    groups = (group for one in loop.optimizers.by_name.values() for group in one.param_groups)
    trained = [weight for group in groups for weight in group["params"] if weight.requires_grad]
    return {weight: weight.detach().clone() for weight in trained}


def probe(loop: Loop, batch: Any, before: Mapping[nn.Parameter, Tensor]) -> Probe:
    """A forward and backward pass of the recipe's step on the batch, seen layer by layer.

    `before` holds what the weights were before the last step, or nothing. Randomness within it begins
    from the seed, so that what probes of one batch show differs by the weights alone. Weights, buffers,
    gradients, optimizers, averages, modes and random states are afterwards as they were; what a step
    changes in place of its own, beside lists, dicts and sets that the recipe holds, is not put back.
    """
    recipe, stepper = loop.recipe, loop.stepper
    with (
        random_state.isolated(recipe.seed),
        _unchanged(recipe, recipe.net),
        loop.run.unheard(),
        measuring(recipe.net) as seen,
    ):
        if not recipe.net.training:
            recipe.net.train()
        with stepper.minimizer.only_looking(_gradients(seen, stepper)):
            stepper.minimizer.begin()
            with watching_shapes(batch_length(batch)) as odd_shapes:
                values = stepper.forward(batch)
            if not stepper.minimizer.minimized:
                stepper.minimizer.minimize(loss_of(values))
    seen.updated(before)
    loss = values.get("loss")
    known = loss if isinstance(loss, Tensor) and loss.numel() == 1 else None
    return msgspec.structs.replace(seen.probe(loop.run.step, known), odd_shapes=tuple(odd_shapes))


def _gradients(seen: Measured, stepper: Stepper) -> Callable[[Tensor, torch.optim.Optimizer], None]:
    """Measures a loss's gradients in place of the update; scaled, where the training scales them."""
    precision = stepper.precision

    def measure(loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        scale = precision.scaler.scale(torch.ones((), device=loss.device))
        with precision.outside():
            seen.backward(loss, [one for one in weights if one.requires_grad], scale=scale)

    return measure


@contextmanager
def _unchanged(recipe: Any, net: nn.Module) -> Iterator[None]:
    """Put back what a forward pass may change: attributes, modes, buffers, and what they hold."""
    modules = list(net.modules())
    tables = [vars(recipe), *map(vars, modules), *(one._buffers for one in modules)]
    attributes = [(table, dict(table)) for table in tables]
    contents = [(buffer, buffer.clone()) for buffer in net.buffers() if not _is_expanded(buffer)]
    held = [one for one in vars(recipe).values() if type(one) in _CONTAINERS]
    containers = [(one, copy.copy(one)) for one in held]
    try:
        yield
    finally:
        for table, before in attributes:
            _put_back(table, before)
        with torch.no_grad():
            for buffer, content in contents:
                buffer.copy_(content)
        for container, kept in containers:
            _refill(container, kept)


def _is_expanded(buffer: Tensor) -> bool:
    """Whether places share memory: nothing can be written to such a tensor."""
    return buffer.layout == torch.strided and 0 in buffer.stride()


def _put_back(table: dict[str, Any], before: Mapping[str, Any]) -> None:
    """Change what differs and nothing else: compiled code notices each write to its module."""
    for name in table.keys() - before.keys():
        del table[name]
    for name, value in before.items():
        if name not in table or table[name] is not value:
            table[name] = value


def _refill(container: Any, kept: Any) -> None:
    container.clear()
    if isinstance(container, list):
        container.extend(kept)
    else:
        container.update(kept)
