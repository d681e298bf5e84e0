"""`torch.compile` for a recipe's network, with the eager step wherever it does not work."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from torch import nn

from workbench import units
from workbench.training.trials import undone

if TYPE_CHECKING:
    from workbench.training.stepping import Stepper


def compile_net(stepper: Stepper, batches: list[Any], say: Callable[[str], None]) -> None:
    """Compile the network in place, try a step that then has not happened, and say how it went.

    Names of weights and modules stay as they are, so that checkpoints and hooks fit either way.
    """
    parts = _called_parts(stepper.recipe.net)
    began = time.monotonic()
    for part in parts:
        part.compile()
    try:
        with undone(stepper):
            stepper.step(1, batches)
    except Exception as fault:  # noqa: BLE001 - a compiler fails in many ways, and eager is always there
        for part in parts:
            part._compiled_call_impl = None
        reason = str(fault).strip().partition("\n")[0] or type(fault).__name__
        say(f"not compiled, goes on without: {reason}")
        return
    say(f"compiled in {units.duration(time.monotonic() - began)}")


def _called_parts(net: nn.Module) -> list[nn.Module]:
    """What the recipe calls: the network, or, where that only holds several, each of them."""
    holds_only = type(net).forward is nn.Module.forward
    return list(net.children()) if holds_only else [net]
