"""What probes saw of the layers over time, and a diagnosis, as figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from workbench.debugging.findings import SICKNESSES, Finding, table
from workbench.debugging.probes import LayerProbe, Probe
from workbench.figures.data import Curves, Figure, Matrix, Series, Text

Named = tuple[str, Figure]
Measure = Callable[[LayerProbe], float | None]


def of_probes(probes: Sequence[Probe]) -> Iterator[Named]:
    """Gradients as a heat map of layers by time; units, spreads and updates as curves."""
    if not probes:
        return
    yield "gradients", _heat_map("Gradient by each layer's output: power of ten", probes, _power)
    yield "units", _curves("Share of units that are dead or at a bound", probes, _idle)
    yield "spreads", _curves("Spread of each layer's output", probes, lambda layer: layer.spread, True)
    title = "Change of the weights in one step, as a share of their size"
    yield "updates", _curves(title, probes, lambda layer: layer.update, True)


def of_diagnosis(put_in: str, findings: Sequence[Finding]) -> Iterator[Named]:
    """What was found as a table, whose title says what was put in, and in words."""
    title = f"Put in: {SICKNESSES[put_in].title}; found: {findings[0].title}"
    yield "diagnosis", table(title, findings)
    yield "in words", Text(title, "\n\n".join(finding.text() for finding in findings))


def _power(layer: LayerProbe) -> float | None:
    return math.log10(layer.output_gradient) if layer.output_gradient else None


def _idle(layer: LayerProbe) -> float | None:
    if layer.saturated is not None:
        return layer.saturated
    return layer.dead / layer.units if layer.kind == "ReLU" and layer.units else None


def _courses(probes: Sequence[Probe], measure: Measure) -> dict[str, list[float | None]]:
    """A value a probe for each layer of which at least one probe tells it, in the layers' order."""
    names = dict.fromkeys(layer.name for probe in probes for layer in probe.layers)
    seen = [{layer.name: measure(layer) for layer in probe.layers} for probe in probes]
    courses = {name: [values.get(name) for values in seen] for name in names}
    return {name: course for name, course in courses.items() if any(v is not None for v in course)}


def _heat_map(title: str, probes: Sequence[Probe], measure: Measure) -> Matrix:
    courses = _courses(probes, measure)
    columns = [str(probe.step) for probe in probes]
    return Matrix(title, [*courses.values()], [*courses], columns, "layer", "step")


def _curves(title: str, probes: Sequence[Probe], measure: Measure, log_y: bool = False) -> Curves:
    steps = [float(probe.step) for probe in probes]
    lines = [Series(name, steps, course) for name, course in _courses(probes, measure).items()]
    return Curves(title, lines, x_label="step", log_y=log_y)
