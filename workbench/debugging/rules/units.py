"""Units that do nothing: ReLUs that are 0 for every sample, sigmoids and tanhs at their bounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from workbench.debugging.evidence import Evidence
from workbench.debugging.findings import Finding
from workbench.debugging.probes import LayerProbe, Probe
from workbench.debugging.rules.looking import called, lasting

RELUS = ("ReLU", "ReLU6")
# A. Karpathy, CS231n, Neural networks 1, 2016: "as much as 40 % of your network can be dead" where the
# learning rate is too high.
DEAD_SHARE = 0.4
FEWEST_UNITS = 4  # of fewer, each one is a large share
# X. Glorot and Y. Bengio, 2010, show whole layers at the bounds; half of the outputs there is far from
# what trained gates and sparse codes show, and leaves a layer less than half of its gradient.
SATURATED_SHARE = 0.5


def dead_relus(evidence: Evidence) -> Iterator[Finding]:
    """Layers most of whose rectified units are 0 for every sample of the probe."""
    since = lasting(evidence.probes, lambda probe: bool(_dead(probe)))
    if since is None:
        return
    now = _dead(evidence.probes[-1])
    first = now[0]
    others = f"; as bad: {_named(now[1:])}" if len(now) > 1 else ""
    yield Finding(
        sickness="dead_relus",
        layer=first.name,
        step=since.step,
        evidence=f"{first.dead:,} of {first.units:,} units are 0 for every sample of the probe, and "
        f"get no gradient{others}",
        advice=(
            "begin anew with weights as He et al. (2015) draw them (kaiming_normal_) and biases of 0",
            f"lower lr{_value(evidence, 'lr')}, or warm_up=0.1: a step too large kills units for good",
            f"a LeakyReLU, whose slope below 0 is not 0{_option(evidence, 'activation', 'leaky_relu')}",
        ),
    )


def saturated_units(evidence: Evidence) -> Iterator[Finding]:
    """Hidden layers of sigmoids or tanhs most of whose outputs lie at a bound."""
    since = lasting(evidence.probes, lambda probe: bool(_saturated(probe)))
    if since is None:
        return
    now = _saturated(evidence.probes[-1])
    first = now[0]
    others = f"; as bad: {_named(now[1:])}" if len(now) > 1 else ""
    yield Finding(
        sickness="saturated_units",
        layer=first.name,
        step=since.step,
        evidence=f"{first.saturated:.0%} of the outputs of {first.kind} lie within 1 % of its bounds, "
        f"where its slope is next to 0{others}",
        advice=(
            "begin with smaller weights, as Glorot and Bengio (2010) draw them (xavier_uniform_)",
            f"lower lr{_value(evidence, 'lr')}",
            "a norm before the activation, or ReLU in its place"
            f"{_option(evidence, 'activation', 'relu')}",
        ),
    )


def _dead(probe: Probe) -> list[LayerProbe]:
    return [
        layer
        for layer in probe.layers
        if layer.kind in RELUS
        and layer.units >= FEWEST_UNITS
        and layer.dead >= DEAD_SHARE * layer.units
    ]


def _saturated(probe: Probe) -> list[LayerProbe]:
    """Without what networks end in: a probability near 0 or a black pixel is what they are to give."""
    ends = _ends(probe)
    return [
        layer
        for layer in probe.layers
        if layer.saturated is not None and layer.saturated >= SATURATED_SHARE and layer.name not in ends
    ]


def _ends(probe: Probe) -> set[str]:
    """The last layer, and where there are several networks (generator, critic) that of each."""
    layers = called(probe)
    parts = [(layer.name.partition(".")[0], layer) for layer in layers]
    weighted = Counter(part for part, layer in parts if layer.weights)
    networks = [part for part, count in weighted.items() if count > 1]
    last = {part: layer.name for part, layer in parts if part in networks}
    return {layers[-1].name, *(last.values() if len(networks) > 1 else ())}


def _named(layers: list[LayerProbe]) -> str:
    names = list(dict.fromkeys(layer.name for layer in layers))
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _value(evidence: Evidence, name: str) -> str:
    return f" (it is {evidence.params[name]})" if name in evidence.params else ""


def _option(evidence: Evidence, name: str, value: str) -> str:
    return f" ({name}={value})" if name in evidence.params else ""
