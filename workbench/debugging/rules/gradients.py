"""Gradients on their way back through the layers: that vanish, that explode, that are no numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from workbench import units
from workbench.debugging.evidence import Evidence
from workbench.debugging.findings import Finding
from workbench.debugging.probes import Probe
from workbench.debugging.rules.looking import gradient_flow, lasting, mostly, weighted

# X. Glorot and Y. Bengio, 2010, follow the gradient back through the layers of nets that learn badly:
# in each it loses or gains up to a factor of two. A thousandfold is ten such layers, and more than a
# learning rate that all layers share can bridge.
VANISHED = 1e-3
EXPLODED = 1e3
FEWEST_LAYERS = 3  # of fewer there is no way on which it could vanish


class _Way(NamedTuple):
    """The gradient's norm at the last and at the first layer with weights, and their ratio."""

    first: str
    last: str
    at_first: float
    at_last: float
    layers: int

    @property
    def ratio(self) -> float:
        return self.at_first / self.at_last


def vanishing_gradients(evidence: Evidence) -> Iterator[Finding]:
    """Gradients that lose all but a thousandth of themselves on their way to the first layer."""
    since = lasting(evidence.probes, _has_vanished) or mostly(evidence.probes, _has_vanished)
    way = _way(since) if since is not None else None
    if since is None or way is None:
        return
    yield Finding(
        sickness="vanishing_gradients",
        layer=way.first,
        step=since.step,
        evidence=f"on its way back through {way.layers} layers the gradient falls from "
        f"{units.number(way.at_last, 2)} at {way.last} to {units.number(way.at_first, 2)} at "
        f"{way.first}, to {units.number(way.ratio, 2)} of what it was",
        advice=(
            "ReLU or a relative of it in place of sigmoid or tanh"
            + (" (activation=relu)" if "activation" in evidence.params else ""),
            "weights as He et al. (2015) or Glorot and Bengio (2010) draw them",
            "fewer layers, residual connections (He et al., 2016), or a norm after each layer",
        ),
    )


def exploding_gradients(evidence: Evidence) -> Iterator[Finding]:
    """Gradients that grow a thousandfold on their way to the first layer."""
    grown = next((probe for probe in evidence.probes if _ratio_of(probe) >= EXPLODED), None)
    way = _way(grown) if grown is not None else None
    if grown is None or way is None:
        return
    clipped = evidence.params.get("clip_norm", 0)
    yield Finding(
        sickness="exploding_gradients",
        layer=way.first,
        step=grown.step,
        evidence=f"on its way back through {way.layers} layers the gradient grows from "
        f"{units.number(way.at_last, 2)} at {way.last} to {units.number(way.at_first, 2)} at "
        f"{way.first}, {units.number(way.ratio, 2)} times as much",
        advice=(
            "smaller weights to begin with: as He et al. (2015) or Glorot and Bengio (2010) draw them",
            f"clip_norm=1 (Pascanu et al., 2013){'' if not clipped else f'; it is {clipped}'}",
            "a norm after each layer, or residual connections",
        ),
    )


def _has_vanished(probe: Probe) -> bool:
    return _ratio_of(probe) <= VANISHED


def _ratio_of(probe: Probe) -> float:
    """How much is left of the gradient at the first layer; 1 where that cannot be told."""
    way = _way(probe)
    return 1.0 if way is None else way.ratio


def _way(probe: Probe) -> _Way | None:
    """None where the gradient cannot be followed, or is 0 somewhere: then it is cut, not weak."""
    flows = [
        (layer.name, flow) for layer in weighted(probe) if (flow := gradient_flow(layer)) is not None
    ]
    if len(flows) < FEWEST_LAYERS or not all(math.isfinite(flow) and flow for _, flow in flows):
        return None
    (first, at_first), (last, at_last) = flows[0], flows[-1]
    return _Way(first, last, at_first, at_last, len(flows))
