"""Optimizers by name, and the one verb that steps them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

MOMENTUM = 0.9

Make = Callable[[Iterable[nn.Parameter], float, float], torch.optim.Optimizer]

# Each takes weights, learning rate and weight decay.
OPTIMIZERS: dict[str, Make] = {
    "adamw": lambda weights, lr, decay: torch.optim.AdamW(weights, lr=lr, weight_decay=decay),
    "adam": lambda weights, lr, decay: torch.optim.Adam(weights, lr=lr, weight_decay=decay),
    "sgd": lambda weights, lr, decay: torch.optim.SGD(weights, lr=lr, weight_decay=decay),
    "momentum": lambda weights, lr, decay: torch.optim.SGD(
        weights, lr=lr, weight_decay=decay, momentum=MOMENTUM, nesterov=True
    ),
    "rmsprop": lambda weights, lr, decay: torch.optim.RMSprop(weights, lr=lr, weight_decay=decay),
    "adagrad": lambda weights, lr, decay: torch.optim.Adagrad(weights, lr=lr, weight_decay=decay),
}


class Optimizers:
    """The optimizers of a recipe by name; a recipe with one calls it nothing.

    Learning rates follow three factors: what the optimizer was made with, the schedule, and what a
    person made of `lr` since then.
    """

    def __init__(
        self,
        made: torch.optim.Optimizer | Mapping[str, torch.optim.Optimizer],
        lr: float,
        weight_decay: float = 0.0,
    ) -> None:
        self.by_name = dict(made) if isinstance(made, Mapping) else {"": made}
        self.minimized = False
        self._declared_lr = lr
        for group in self._groups():
            group["initial_lr"] = group["lr"]
            group["follows_weight_decay"] = group.get("weight_decay") == weight_decay

    @property
    def lr(self) -> float:
        """The learning rate of the first group now."""
        return float(self._groups()[0]["lr"])

    def minimize(self, loss: Tensor | Callable[[], Tensor], name: str = "") -> Tensor:
        """Step the named optimizer down the loss; the loss, detached.

        Raises:
            KeyError: naming the optimizers there are.
        """
        optimizer = self._named(name)
        self.minimized = True
        if isinstance(loss, Tensor):
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
            optimizer.step()
            return loss.detach()
        closure = loss

        def evaluate() -> Tensor:
            optimizer.zero_grad(set_to_none=True)
            value = closure()
            value.backward()  # type: ignore[no-untyped-call]
            return value

        return torch.as_tensor(optimizer.step(cast("Callable[[], float]", evaluate))).detach()

    def set_learning_rate(self, factor: float, lr: float) -> None:
        """Apply the schedule's factor, and `lr` relative to what it was at the start."""
        scale = factor * lr / self._declared_lr
        for group in self._groups():
            group["lr"] = group["initial_lr"] * scale

    def set_weight_decay(self, value: float) -> None:
        """Give another pull to every group that was made with the parameter's; others keep theirs."""
        for group in self._groups():
            if group["follows_weight_decay"]:
                group["weight_decay"] = value

    def state_dict(self) -> dict[str, Any]:
        return {
            name: {"kind": _kind(optimizer), **optimizer.state_dict()}
            for name, optimizer in self.by_name.items()
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> list[str]:
        """Take momenta and counters back, but keep the settings that this attempt was started with.

        An optimizer of another kind than the saved one has no use for its state and begins anew; the
        saved kinds that this happened to are returned.
        """
        replaced = []
        for name, optimizer in self.by_name.items():
            if state[name]["kind"] != _kind(optimizer):
                replaced.append(state[name]["kind"])
                continue
            settings = [
                {key: value for key, value in group.items() if key != "params"}
                for group in optimizer.param_groups
            ]
            optimizer.load_state_dict(state[name])
            for group, kept in zip(optimizer.param_groups, settings, strict=True):
                group.update(kept)
        return replaced

    def _groups(self) -> list[dict[str, Any]]:
        return [group for optimizer in self.by_name.values() for group in optimizer.param_groups]

    def _named(self, name: str) -> torch.optim.Optimizer:
        if not name and len(self.by_name) == 1:
            return next(iter(self.by_name.values()))
        if name not in self.by_name:
            raise KeyError(f"no optimizer {name!r}; configure_optimizers gave: {list(self.by_name)}")
        return self.by_name[name]


def _kind(optimizer: torch.optim.Optimizer) -> str:
    return type(optimizer).__name__
