"""From what probes and curves show to findings in words: what is wrong, and what to try."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workbench.debugging.evidence import Evidence
from workbench.debugging.findings import HEALTHY, Finding, in_order
from workbench.debugging.rules import (
    course,
    gradients,
    inputs,
    learning_rate,
    numbers,
    outputs,
    units,
)

Rule = Callable[[Evidence], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    numbers.non_finite,
    outputs.wrong_shape,
    outputs.constant_output,
    inputs.leaked_label,
    inputs.raw_inputs,
    units.dead_relus,
    units.saturated_units,
    gradients.exploding_gradients,
    gradients.vanishing_gradients,
    learning_rate.learning_rate_too_high,
    learning_rate.learning_rate_too_low,
    course.overfitting,
)


def diagnose(evidence: Evidence) -> tuple[Finding, ...]:
    """All that is wrong, causes first; where nothing is, one finding that says what was looked at.

    What could not be looked at (no probes, no validation) is found healthy, and said.
    """
    found = [finding for rule in RULES for finding in rule(evidence)]
    return in_order(found) or (_healthy(evidence),)


def _healthy(evidence: Evidence) -> Finding:
    advice = []
    if not evidence.probes:
        advice.append("probe_every=100 looks into the layers too; here only curves were looked at")
    if "val/loss" not in evidence.curves:
        advice.append("a validation part would show overfitting")
    return Finding(sickness=HEALTHY, evidence=_looked_at(evidence), advice=tuple(advice))


def _looked_at(evidence: Evidence) -> str:
    words = []
    if evidence.probes:
        first, last = evidence.probes[0], evidence.probes[-1]
        layers = len({layer.name for layer in last.layers})
        count = len(evidence.probes)
        many = f"{count} probes, steps {first.step:,} to {last.step:,}"
        probed = many if count > 1 else f"one probe, step {last.step:,}"
        words.append(f"{layers} layers in {probed}")
    words.append(f"{len(evidence.curves)} curves")
    rules = ", ".join(rule.__name__.replace("_", " ") for rule in RULES)
    return f"nothing was found in {' and '.join(words)}; looked for: {rules}"
