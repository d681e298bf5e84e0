"""What the network is given: numbers far from 0 and 1, and labels among the features."""

from __future__ import annotations

from collections.abc import Iterator

from workbench import units
from workbench.debugging.evidence import Evidence
from workbench.debugging.findings import Finding
from workbench.debugging.probes import Probe, TellingFeature
from workbench.debugging.rules.looking import NORMS, finite

# Y. LeCun et al., Efficient BackProp, 1998: inputs should have a mean of 0 and a spread of 1. Pixels
# from 0 to 1 are near enough, and so is most of what a person scales by hand; ten times that is not.
LARGE = 10.0
LOOKED_UP = ("Embedding", "EmbeddingBag")  # their inputs are numbers of rows, not quantities

# Of the tables and digits of scikit-learn one feature alone tells 96 % at the most (Fisher's irises, by
# their petals); a label that was copied tells all of them.
TELLS = 0.98
FEWEST_FEATURES = 8  # where there are few, one that says all may well be the task


def raw_inputs(evidence: Evidence) -> Iterator[Finding]:
    """The first layer with weights is given numbers ten times as large as it is made for."""
    probe = evidence.probes[0] if evidence.probes else None
    reached = None if probe is None else _before_weights(probe)
    if probe is None or reached is None or max(abs(reached[1]), reached[2]) < LARGE:
        return
    where, mean, spread = reached
    span = ""
    if probe.inputs is not None and probe.inputs.high is not None and probe.inputs.low is not None:
        span = f"; the input reaches from {units.number(probe.inputs.low, 3)} to " + units.number(
            probe.inputs.high, 3
        )
    yield Finding(
        sickness="raw_inputs",
        layer=where,
        step=probe.step,
        evidence=f"what reaches {where} has a mean of {units.number(mean, 3)} and a spread of "
        f"{units.number(spread, 3)}, where 0 and 1 are best{span}",
        advice=(
            "subtract the mean, divide by the spread of the training data; of each feature in tables",
            "divide pixels by 255",
            "a BatchNorm as the first layer",
        ),
    )


def _before_weights(probe: Probe) -> tuple[str, float, float] | None:
    """The first layer with weights, mean and spread of what reaches it; None behind a norm."""
    mean = probe.inputs.mean if probe.inputs is not None else None
    spread = probe.inputs.spread if probe.inputs is not None else None
    for layer in probe.layers:
        if layer.kind.startswith(NORMS) or layer.kind in LOOKED_UP:
            return None
        if layer.weights is not None:
            known = mean is not None and spread is not None
            return (layer.name, mean, spread) if known else None  # type: ignore[return-value]
        mean, spread = layer.mean, layer.spread
    return None


def leaked_label(evidence: Evidence) -> Iterator[Finding]:
    """One of many input features tells the label by itself."""
    probe = next((probe for probe in evidence.probes if _tells(probe.telling)), None)
    telling = None if probe is None else probe.telling
    if probe is None or telling is None:
        return
    words = (
        f"feature {telling.number} of {telling.of:,} tells {telling.share:.1%} of the labels of the "
        "probe's batch by itself"
    )
    accuracy = finite(evidence.curves.get("val/accuracy"))
    if accuracy.values:
        words += f"; the validation accuracy is {accuracy.values[-1]:.1%}, perhaps by that alone"
    yield Finding(
        sickness="leaked_label",
        step=probe.step,
        evidence=words,
        advice=(
            f"find out where feature {telling.number} comes from, and if it is known later, in use",
            "leave it out and train again: what is reached then is what can be hoped for",
        ),
    )


def _tells(telling: TellingFeature | None) -> bool:
    return telling is not None and telling.of >= FEWEST_FEATURES and telling.share >= TELLS
