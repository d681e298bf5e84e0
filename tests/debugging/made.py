"""A healthy network's evidence as plain data, for tests to spoil in one respect."""

from __future__ import annotations

from typing import Any

import msgspec

from workbench.debugging.evidence import Curve, Evidence
from workbench.debugging.probes import InputProbe, LayerProbe, Probe

STEPS = (1, 20, 40, 60, 80, 100)
N = 64  # samples of the probe's batch


def dense(name: str, units: int = 32, **changes: Any) -> LayerProbe:
    """A linear layer in which all is well."""
    healthy: dict[str, Any] = {
        "name": name,
        "kind": "Linear",
        "shape": (N, units),
        "mean": 0.1,
        "spread": 1.0,
        "zeros": 0.0,
        "units": units,
        "varying": 0.9,
        "output_gradient": 1e-3,
        "weights": 8.0,
        "weight_gradient": 0.1,
        "update": 1e-3,
    }
    return LayerProbe(**healthy | changes)


def active(name: str, kind: str = "ReLU", units: int = 32, **changes: Any) -> LayerProbe:
    """An activation in which all is well."""
    healthy: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "shape": (N, units),
        "mean": 0.4,
        "spread": 0.6,
        "zeros": 0.5,
        "units": units,
        "varying": 0.8,
        "output_gradient": 1e-3,
    }
    return LayerProbe(**healthy | changes)


def layers() -> tuple[LayerProbe, ...]:
    """Two hidden layers and the output."""
    names = ("one", "two")
    hidden = (one for name in names for one in (dense(name), active(f"relu_{name}")))
    return (*hidden, dense("output", 10))


def probe(step: int = 1, *changed: LayerProbe, **changes: Any) -> Probe:
    """A healthy pass with some layers exchanged for others of their names."""
    by_name = {layer.name: layer for layer in changed}
    seen = tuple(by_name.get(layer.name, layer) for layer in layers())
    inputs = InputProbe(shape=(N, 64), mean=0.0, spread=1.0, low=-1.0, high=3.0)
    return msgspec.structs.replace(Probe(step=step, loss=1.0, layers=seen, inputs=inputs), **changes)


def probes(*changed: LayerProbe, **changes: Any) -> tuple[Probe, ...]:
    """One a step of STEPS."""
    return tuple(probe(step, *changed, **changes) for step in STEPS)


def curve(*values: float) -> Curve:
    """Values ten steps apart."""
    return Curve([10 * place for place in range(1, len(values) + 1)], list(values))


def curves(**changes: Curve) -> dict[str, Curve]:
    """Losses that fall."""
    falling = [2.3, 1.5, 1.0, 0.7, 0.5, 0.4, 0.35, 0.3, 0.28, 0.26]
    healthy = {"train/loss": curve(*falling), "val/loss": curve(*falling)}
    return healthy | {name.replace("_", "/", 1): value for name, value in changes.items()}


def healthy() -> Evidence:
    """A training in which all is well."""
    return Evidence(probes(), curves(), {"lr": 1e-3, "clip_norm": 0.0, "on_nan": "stop"})


def of(*changed: LayerProbe, **changes: Any) -> Evidence:
    """The same with layers or other parts of each probe exchanged."""
    return Evidence(probes(*changed, **changes), curves(), healthy().params)
