"""Questions that several rules put to probes and curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import median

from workbench.debugging.evidence import Curve
from workbench.debugging.probes import LayerProbe, Probe

# Layers that bring what reaches them to mean 0 and spread 1, whatever it was.
NORMS = ("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "RMSNorm")


def weighted(probe: Probe) -> list[LayerProbe]:
    """Calls of modules with weights of their own, in order; norms, whose scale is 1, left out."""
    return [one for one in called(probe) if one.weights and not one.kind.startswith(NORMS)]


def called(probe: Probe) -> list[LayerProbe]:
    """Without those whose weights were used but who were not called: they stand behind the output."""
    return [layer for layer in probe.layers if layer.shape]


def lasting(probes: Sequence[Probe], holds: Callable[[Probe], bool]) -> Probe | None:
    """The first probe from which on it holds to the end; None where it does not in the last."""
    first = None
    for probe in reversed(probes):
        if not holds(probe):
            break
        first = probe
    return first


def mostly(probes: Sequence[Probe], holds: Callable[[Probe], bool]) -> Probe | None:
    """The first probe for which it holds, where it holds for half of them or more.

    Adam divides by the gradients' size, so that in time it finds its way out of much.
    """
    true = [probe for probe in probes if holds(probe)]
    return true[0] if 2 * len(true) >= len(probes) and true else None


def middle(values: Iterable[float | None]) -> float | None:
    """Their median; None where there are none, or none that are finite."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    return median(known) if known else None


def gradient_flow(layer: LayerProbe) -> float | None:
    """Norm of the loss's gradient by what a layer gives for one sample, but for a factor all share.

    The root of the mean square would fall with the number of units alone.
    """
    if layer.output_gradient is None:
        return None
    return layer.output_gradient * math.sqrt(math.prod(layer.shape[1:]))


def finite(curve: Curve | None) -> Curve:
    """Without values that are none; empty where there is no curve."""
    if curve is None:
        return Curve([], [])
    points = [(s, v) for s, v in zip(curve.steps, curve.values, strict=True) if math.isfinite(v)]
    return Curve([step for step, _ in points], [value for _, value in points])
