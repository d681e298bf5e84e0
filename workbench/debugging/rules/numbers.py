"""The first number that is NaN or infinite: where, and in which step."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from workbench.debugging.evidence import Evidence
from workbench.debugging.findings import Finding


def non_finite(evidence: Evidence) -> Iterator[Finding]:
    """By the earliest of: a layer's output in a probe, the end of the run, a curve."""
    seen = [*_in_probes(evidence), *_at_the_end(evidence), *_in_curves(evidence)]
    if not seen:
        return
    step, layer, words = min(seen, key=lambda one: (one[0], not one[1]))
    if not layer:
        layer = next((name for _, name, _ in seen if name), "")
    skips = " or leave such steps out with on_nan=skip" if "on_nan" in evidence.params else ""
    lr = f" (it is {evidence.params['lr']})" if "lr" in evidence.params else ""
    yield Finding(
        sickness="non_finite",
        layer=layer,
        step=step,
        evidence=words,
        advice=(
            f"look at what {layer or 'the loss'} computes: a log or root of 0, a division, exp of a "
            "large number; clamp, or add a small constant",
            f"lower lr{lr}, or clip_norm=1{skips}",
        ),
    )


_Seen = tuple[int, str, str]  # step, layer, in words
_LAYER = re.compile(r" of ([\w.]+) \(\w+\)")  # as `training.diagnosis` names it


def _in_probes(evidence: Evidence) -> Iterator[_Seen]:
    for probe in evidence.probes:
        layers = probe.layers
        bad = next((layer for layer in layers if layer.non_finite), None)
        if bad is None:
            continue
        numbers = math.prod(bad.shape)
        place = layers.index(bad)
        before = f"; {layers[place - 1].name} before it gives none" if place else ""
        words = f"{bad.non_finite:,} of {numbers:,} outputs of {bad.kind} are NaN or infinite{before}"
        yield probe.step, bad.name, words
        return


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
