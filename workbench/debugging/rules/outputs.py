"""What comes out: answers in a wrong shape, and one answer for every sample."""

from __future__ import annotations

import math
from collections.abc import Iterator

from workbench import units
from workbench.debugging.evidence import Evidence
from workbench.debugging.findings import Finding
from workbench.debugging.probes import LayerProbe, OddShape, Probe
from workbench.debugging.rules.looking import called, lasting

# An answer that varies by less than a thousandth of its size is the same for all that it is used for.
SAME = 1e-3


def wrong_shape(evidence: Evidence) -> Iterator[Finding]:
    """A probe saw shapes that torch makes fit, and that are seldom meant."""
    probe = next((probe for probe in evidence.probes if probe.odd_shapes), None)
    if probe is None:
        return
    odd = probe.odd_shapes[0]
    words, advice = _softmax(odd) if odd.over_samples else _stretched(odd)
    yield Finding(sickness="wrong_shape", step=probe.step, evidence=words, advice=advice)


def _stretched(odd: OddShape) -> tuple[str, tuple[str, ...]]:
    left, right = odd.shapes[0], odd.shapes[1]
    samples = max(left)
    words = (
        f"{odd.function} of {left} and {right} stretches both to {(samples, samples)}: each answer is "
        "compared with the target of every sample, so that the best answer is the mean of all targets"
    )
    return words, (
        f"give both one shape: answer.squeeze(1) makes ({samples},) of the one, target[:, None] makes "
        f"({samples}, 1) of the other",
    )


def _softmax(odd: OddShape) -> tuple[str, tuple[str, ...]]:
    words = (
        f"{odd.function} of {odd.shapes[0]} is taken over dimension 0, that of the samples: what sums "
        "to 1 are the shares of a class over the batch, not those of a sample over the classes"
    )
    return words, ("dim=1, or dim=-1, in its place",)


def constant_output(evidence: Evidence) -> Iterator[Finding]:
    """The network's answer hardly depends on what it is given."""
    since = lasting(evidence.probes, _is_constant)
    if since is None:
        return
    last = called(evidence.probes[-1])[-1]
    yield Finding(
        sickness="constant_output",
        layer=last.name,
        step=since.step,
        evidence=f"over the samples of the probe the output varies by {units.number(_varies(last), 2)} "
        f"of its size (mean {units.number(last.mean, 3)}, spread {units.number(last.spread, 3)})",
        advice=(
            "look for the layer from which on all samples look alike: weights that begin as 0, a mean "
            "over the samples (dim=0), units that died",
            "begin anew with random weights (kaiming_normal_, xavier_uniform_)",
        ),
    )


def _is_constant(probe: Probe) -> bool:
    """Of the layer that is called last, whose output is the answer in all but a few networks."""
    layers = called(probe)
    return bool(layers) and layers[-1].shape[:1] > (1,) and _varies(layers[-1]) <= SAME


def _varies(layer: LayerProbe) -> float:
    """Spread over the samples, as a share of the output's size; 1 where that was not measured."""
    if layer.varying is None or layer.spread is None or layer.mean is None:
        return 1.0
    size = math.hypot(layer.mean, layer.spread)
    return layer.varying * layer.spread / size if size else 0.0
