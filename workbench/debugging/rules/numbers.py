"""The first number that is NaN or infinite: where, and in which step."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from workbench.debugging.evidence import Evidence
from workbench.debugging.findings import Finding
from workbench.debugging.probes import LayerProbe, Probe


def non_finite(evidence: Evidence) -> Iterator[Finding]:
    """By the earliest of: a layer's output in a probe, the end of the run, a curve."""
    seen = [*_in_probes(evidence), *_at_the_end(evidence), *_in_curves(evidence)]
    if not seen:
        return
    step, layer, words = min(seen, key=lambda one: (one[0], not one[1]))
    if not layer:
        layer = next((name for _, name, _ in seen if name), "")
    skips = ", or leave such steps out with on_nan=skip" if "on_nan" in evidence.params else ""
    lr = f" (it is {evidence.params['lr']})" if "lr" in evidence.params else ""
    yield Finding(
        sickness="non_finite",
        layer=layer,
        step=step,
        evidence=words,
        advice=(
            f"look at what {layer or 'the loss'} computes: a log or root of 0, a division, exp of a "
            "large number; clamp, or add a small constant",
            f"lower lr{lr}, clip_norm=1{skips}",
        ),
    )


_Seen = tuple[int, str, str]  # step, layer, in words
_LAYER = re.compile(r" of ([\w.]+) \(\w+\)")  # as `training.diagnosis` names it


def _in_probes(evidence: Evidence) -> Iterator[_Seen]:
    for probe in evidence.probes:
        bad = next((layer for layer in probe.layers if layer.non_finite), None)
        if bad is not None:
            yield _first_in(probe, bad)
            return


def _first_in(probe: Probe, bad: LayerProbe) -> _Seen:
    """A layer whose weights are bad as well need not be where it began."""
    numbers = math.prod(bad.shape)
    words = f"{bad.non_finite:,} of {numbers:,} outputs of {bad.kind} are NaN or infinite"
    if bad.weights is not None and not math.isfinite(bad.weights):
        words += f", and the weights of {bad.name} already: it began in an earlier step"
        return probe.step, "", words
    place = probe.layers.index(bad)
    before = f"; {probe.layers[place - 1].name} before it gives none" if place else ""
    return probe.step, bad.name, words + before


def _at_the_end(evidence: Evidence) -> Iterator[_Seen]:
    failure = evidence.failure
    if failure is not None:
        named = _LAYER.search(failure.title)
        yield failure.step, named[1] if named else "", f"the run ended: {failure.title}"


def _in_curves(evidence: Evidence) -> Iterator[_Seen]:
    for name, curve in evidence.curves.items():
        for step, value in zip(curve.steps, curve.values, strict=True):
            if not math.isfinite(value):
                word = "NaN" if math.isnan(value) else "infinite"
                yield step, "", f"{name} is {word} in step {step:,}"
                break
