"""What of a training a checkpoint holds, and how it is put back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from workbench.errors import WorkbenchError
from workbench.runs import events
from workbench.training import random_state

if TYPE_CHECKING:
    from workbench.training.loop import Loop

SHOWN_KEYS = 12


def captured(loop: Loop) -> dict[str, Any]:
    """All that exact resumption needs, where the last step left it."""
    return {
        "model": loop.recipe.net.state_dict(),
        "optimizers": loop.optimizers.state_dict(),
        "scaler": loop.stepper.precision.scaler.state_dict(),
        "plateau": loop.plateau.state_dict(),
        "random": random_state.capture(),
        "epoch": loop.epoch,
        "position": loop.position,
        "steps_per_epoch": loop.steps_per_epoch,
        "train_averages": loop.stepper.averages.state_dict(),
        "epochs_without_gain": loop.epochs_without_gain,
        "results": dict(loop.run.results),
        "best": _plain(loop.run.meter.best),
        "best_of_epochs": _plain(loop.best_of_epochs),
    }


def restore(loop: Loop, state: Mapping[str, Any]) -> None:
    """Put a loop where `captured` found one.

    A fork keeps neither the best value nor the patience spent on it. One that asked for a partial
    start takes the weights that fit, and begins its optimizers anew where any did not.

    Raises:
        WorkbenchError: naming the weights that do not fit.
    """
    run, net = loop.run, loop.recipe.net
    whole = True
    if run.partial:
        left_out = load_fitting_weights(net, state["model"])
        whole = not left_out
        if left_out:
            run.message(f"weights that did not fit begin anew: {listed(left_out, ', ')}", "warning")
    else:
        load_weights(net, state["model"])
    if whole:
        for replaced in loop.optimizers.load_state_dict(state["optimizers"]):
            run.message(f"the optimizer begins anew: the checkpoint holds the state of {replaced}")
    scaler = loop.stepper.precision.scaler
    if scaler.is_enabled() and state["scaler"]:
        scaler.load_state_dict(state["scaler"])
    random_state.restore(state["random"])
    loop.epoch = state["epoch"]
    loop.position = state["position"] * loop.steps_per_epoch // state["steps_per_epoch"]
    loop.uncounted_steps = run.step - loop.epoch * loop.steps_per_epoch - loop.position
    loop.stepper.averages.load_state_dict(state["train_averages"])
    if run.forked:
        loop.plateau.factor = state["plateau"]["factor"]
        return
    loop.plateau.load_state_dict(state["plateau"])
    loop.epochs_without_gain = state["epochs_without_gain"]
    run.results.update(state["results"])
    run.meter.best = _best_of(state["best"], loop.recipe.monitor)
    loop.best_of_epochs = _best_of(state["best_of_epochs"], loop.recipe.monitor)


def _plain(best: events.Best | None) -> list[Any] | None:
    return None if best is None else [best.metric, best.value, best.step]


def _best_of(saved: list[Any] | None, monitor: str) -> events.Best | None:
    """The saved best value, if it is one of the metric that is monitored now."""
    if saved is None or saved[0] != monitor:
        return None
    metric, value, step = saved
    return events.Best(metric=metric, value=value, step=step)


def load_weights(net: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Load weights that have to fit the network.

    Raises:
        WorkbenchError: naming the keys that are missing, unknown, or of another shape.
    """
    differing = differences(net, weights)
    if differing:
        raise WorkbenchError(
            "the checkpoint does not fit the network",
            f"{listed(list(differing.values()), chr(10))}\nthe code has changed, or a parameter that "
            "makes the shape: start a new run, or take the weights that fit with "
            "workbench fork RUN … --partial",
        )
    net.load_state_dict(dict(weights))


def load_fitting_weights(net: nn.Module, weights: Mapping[str, Tensor]) -> list[str]:
    """Load what fits, and leave the rest as it was made; what was left out, and why."""
    differing = differences(net, weights)
    net.load_state_dict(
        {key: value for key, value in weights.items() if key not in differing}, strict=False
    )
    return list(differing.values())


def differences(net: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, str]:
    """Keys of one side that the other does not have in the same shape, each with a sentence."""
    own = net.state_dict()
    found = {
        key: f"{key}: {_shape(weights[key])} saved, {_shape(own[key])} wanted"
        for key in own
        if key in weights and _shape(weights[key]) != _shape(own[key])
    }
    found |= {key: f"{key}: not in the checkpoint" for key in own if key not in weights}
    found |= {key: f"{key}: not in the network" for key in weights if key not in own}
    return found


def _shape(value: Any) -> Any:
    """A module's extra state may be anything; it has no shape to compare."""
    return tuple(value.shape) if isinstance(value, torch.Tensor) else None


def listed(sentences: list[str], between: str) -> str:
    more = len(sentences) - SHOWN_KEYS
    return between.join(sentences[:SHOWN_KEYS]) + (f"{between}and {more} more" if more > 0 else "")
