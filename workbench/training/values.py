"""What a recipe's step returns: a loss, named values, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from workbench.errors import WorkbenchError


def named(values: Tensor | Mapping[str, Any] | None) -> dict[str, Any]:
    """What a step returned, by name; a loss alone is called loss."""
    if values is None:
        return {}
    return dict(values) if isinstance(values, Mapping) else {"loss": values}


def loss_of(values: Mapping[str, Any]) -> Tensor:
    """The loss among a step's values.

    Raises:
        WorkbenchError: when there is none, or none that could be minimized.
    """
    loss = values.get("loss")
    if not isinstance(loss, Tensor):
        raise WorkbenchError(
            f"training_step returned no loss but: {_kinds(values) or 'nothing'}",
            "return the loss, or {'loss': loss, …}, or call self.minimize(loss) in the step",
        )
    if loss.numel() != 1:
        raise WorkbenchError(
            f"the loss has the shape {tuple(loss.shape)}", "reduce it to one number, as with .mean()"
        )
    if not loss.requires_grad:
        raise WorkbenchError(
            "the loss depends on no weight that could be trained",
            "compute it from self.net, without .detach() and .item()",
        )
    return loss


def _kinds(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} ({type(value).__name__})" for name, value in values.items())
