"""Optimizers by name, their learning rates, and what of them a checkpoint keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from workbench.errors import WorkbenchError

MOMENTUM = 0.9
FUSED_ON = {"cpu", "cuda", "mps"}  # where torch has the update of all weights as one kernel

Make = Callable[[Iterable[nn.Parameter], float, float], torch.optim.Optimizer]
Closure = Callable[[], Tensor]


def fused(weights: list[nn.Parameter], devices: set[str] = FUSED_ON) -> bool | None:
    """Whether torch can update all weights with one kernel; None leaves it its own choice."""
    fits = all(weight.device.type in devices and weight.is_floating_point() for weight in weights)
    return True if fits else None


def _adamw(weights: Iterable[nn.Parameter], lr: float, decay: float) -> torch.optim.Optimizer:
    listed = list(weights)
    return torch.optim.AdamW(listed, lr=lr, weight_decay=decay, fused=fused(listed))


def _adam(weights: Iterable[nn.Parameter], lr: float, decay: float) -> torch.optim.Optimizer:
    listed = list(weights)
    return torch.optim.Adam(listed, lr=lr, weight_decay=decay, fused=fused(listed))


def _sgd(
    weights: Iterable[nn.Parameter],
    lr: float,
    decay: float,
    momentum: float = 0.0,
    nesterov: bool = False,
) -> torch.optim.Optimizer:
    listed = list(weights)
    made = torch.optim.SGD(
        listed, lr=lr, weight_decay=decay, momentum=momentum, nesterov=nesterov, fused=fused(listed)
    )
    for weight in listed if momentum else []:
        # A first step that is left out for its overflow would leave the momentum uninitialised.
        made.state[weight]["momentum_buffer"] = torch.zeros_like(weight)
    return made


def _momentum(weights: Iterable[nn.Parameter], lr: float, decay: float) -> torch.optim.Optimizer:
    return _sgd(weights, lr, decay, momentum=MOMENTUM)


def _nesterov(weights: Iterable[nn.Parameter], lr: float, decay: float) -> torch.optim.Optimizer:
    return _sgd(weights, lr, decay, momentum=MOMENTUM, nesterov=True)


def _rmsprop(weights: Iterable[nn.Parameter], lr: float, decay: float) -> torch.optim.Optimizer:
    return torch.optim.RMSprop(weights, lr=lr, weight_decay=decay)


def _adagrad(weights: Iterable[nn.Parameter], lr: float, decay: float) -> torch.optim.Optimizer:
    listed = list(weights)
    return torch.optim.Adagrad(listed, lr=lr, weight_decay=decay, fused=fused(listed, {"cpu"}))


def _lbfgs(weights: Iterable[nn.Parameter], lr: float, decay: float) -> torch.optim.Optimizer:
    if decay:
        raise WorkbenchError(f"lbfgs knows no weight_decay, which is {decay:g}", "set weight_decay=0")
    return torch.optim.LBFGS(weights, lr=lr, line_search_fn="strong_wolfe")


# Each takes weights, learning rate and weight decay.
OPTIMIZERS: dict[str, Make] = {
    "adamw": _adamw,
    "adam": _adam,
    "sgd": _sgd,
    "momentum": _momentum,
    "nesterov": _nesterov,
    "rmsprop": _rmsprop,
    "adagrad": _adagrad,
    "lbfgs": _lbfgs,
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
        for group in self._groups():
            group["initial_lr"] = group["lr"]
            group["declared_lr"] = lr
            group["follows_weight_decay"] = group.get("weight_decay") == weight_decay

    @property
    def lr(self) -> float:
        """The learning rate of the first group now."""
        return float(self._groups()[0]["lr"])

    @property
    def is_lbfgs(self) -> bool:
        """Whether the one optimizer there is wants the loss again and again within a step."""
        return [type(one) for one in self.by_name.values()] == [torch.optim.LBFGS]

    def named(self, name: str) -> torch.optim.Optimizer:
        """The optimizer of that name; the only one where no name is given.

        Raises:
            KeyError: naming the optimizers there are.
        """
        if not name and len(self.by_name) == 1:
            return next(iter(self.by_name.values()))
        if name not in self.by_name:
            raise KeyError(f"no optimizer {name!r}; configure_optimizers gave: {list(self.by_name)}")
        return self.by_name[name]

    def set_learning_rate(self, factor: float, lr: float) -> None:
        """Apply the schedule's factor, and `lr` relative to what it was at the start."""
        for group in self._groups():
            group["lr"] = group["initial_lr"] * (factor * lr / group["declared_lr"])

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

        An optimizer of another kind than the saved one, or of other groups, has no use for its state
        and begins anew; the saved kinds that this happened to are returned. Of a group whose learning
        rate does not follow `lr`, the `lr` it was made beside is kept: a live change holds on.
        """
        replaced = []
        for name, optimizer in self.by_name.items():
            saved = state.get(name, {"kind": "other optimizers"})
            if saved["kind"] != _kind(optimizer) or not _fits(optimizer, saved["param_groups"]):
                replaced.append(saved["kind"])
                continue
            settings = [
                {key: value for key, value in group.items() if key != "params"}
                for group in optimizer.param_groups
            ]
            optimizer.load_state_dict(saved)
            for group, kept in zip(optimizer.param_groups, settings, strict=True):
                if group["initial_lr"] == kept["initial_lr"]:
                    kept["declared_lr"] = group["declared_lr"]
                group.update(kept)
        return replaced

    def _groups(self) -> list[dict[str, Any]]:
        return [group for optimizer in self.by_name.values() for group in optimizer.param_groups]


def unfuse(optimizer: torch.optim.Optimizer) -> None:
    """Have the weights updated one by one, which is the only way for sparse gradients."""
    for group in optimizer.param_groups:
        group["fused"] = group["foreach"] = False
    optimizer._step_supports_amp_scaling = False  # type: ignore[attr-defined]


def _fits(optimizer: torch.optim.Optimizer, groups: list[dict[str, Any]]) -> bool:
    own = [len(group["params"]) for group in optimizer.param_groups]
    return own == [len(group["params"]) for group in groups]


def _kind(optimizer: torch.optim.Optimizer) -> str:
    return type(optimizer).__name__
