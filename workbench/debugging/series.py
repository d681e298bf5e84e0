"""How layers fared in the course of a run: curves of single layers, and a map of all by time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from workbench.debugging.probes import LayerProbe, Probe, evenly
from workbench.debugging.recorded import decode
from workbench.errors import WorkbenchError, unknown
from workbench.figures.data import Curves, Matrix, Series
from workbench.runs.shown import RecordedProbe

MOST_PROBES = 200  # columns of a map, points of a curve
MOST_CURVES = 8
MOST_ROWS = 120
LEAST = 1e-12  # what a logarithm shows of a 0


class Quantity(NamedTuple):
    """What is drawn of a layer: its title, how it is read, and whether its scale is logarithmic."""

    title: str
    of: Callable[[LayerProbe], float | None]
    log: bool = False


def _dead(layer: LayerProbe) -> float | None:
    return layer.dead / layer.units if layer.units else None


QUANTITIES = {
    "dead": Quantity("dead units, share", _dead),
    "zeros": Quantity("zeros, share of the output", lambda layer: layer.zeros),
    "saturated": Quantity("saturated, share of the output", lambda layer: layer.saturated),
    "mean": Quantity("mean of the output", lambda layer: layer.mean),
    "spread": Quantity("spread of the output", lambda layer: layer.spread, log=True),
    "varying": Quantity("variation over the samples, share of the spread", lambda layer: layer.varying),
    "output_gradient": Quantity(
        "gradient by the output, root mean square", lambda layer: layer.output_gradient, log=True
    ),
    "weight_gradient": Quantity(
        "gradient by the weights, norm", lambda layer: layer.weight_gradient, log=True
    ),
    "weights": Quantity("weights, norm", lambda layer: layer.weights, log=True),
    "update": Quantity("update, share of the weights", lambda layer: layer.update, log=True),
}


class Course:
    """A run's probes, read as they come; of more than MOST_PROBES every second, fourth, … and the last.

    Attributes:
        probes: those that are drawn, in the order of their steps.
        faults: why others could not be read.
    """

    def __init__(self) -> None:
        self.probes: list[Probe] = []
        self.faults: list[str] = []
        self._known: dict[RecordedProbe, Probe] = {}

    def take(self, recorded: Sequence[RecordedProbe]) -> None:
        """Take in `History.probes` as they are now; what was read before is not read again."""
        self.faults = []
        known: dict[RecordedProbe, Probe] = {}
        for one in _some(recorded):
            try:
                known[one] = self._known.get(one) or decode(one.step, one.read())
            except WorkbenchError as fault:
                self.faults.append(fault.title)
        self._known = known
        self.probes = list(known.values())


def curves(probes: Sequence[Probe], quantity: str, layers: Sequence[str] = ()) -> Curves:
    """A quantity of single layers by step: of those named, or of MOST_CURVES over the depth.

    Raises:
        WorkbenchError: where the quantity or a layer does not exist, with the nearest name.
    """
    what, values = _quantity(quantity), _by_layer(probes, quantity)
    for layer in layers:
        if layer not in values:
            raise WorkbenchError(unknown("layer", layer, values), "as the table of layers names them")
    lines = [
        Series(layer, [float(step) for step in values[layer]], list(values[layer].values()))
        for layer in layers or evenly(list(values), MOST_CURVES)
    ]
    return Curves(title=what.title, lines=lines, x_label="step", log_y=what.log)


def heat_map(probes: Sequence[Probe], quantity: str) -> Matrix:
    """A quantity of the layers (rows, in the order of their calls) by step (columns).

    NaN where a layer has none. At most MOST_ROWS layers, evenly over the depth. Of a quantity whose
    scale is logarithmic it is the decimal logarithm.

    Raises:
        WorkbenchError: where the quantity does not exist, with the nearest name.
    """
    what, values = _quantity(quantity), _by_layer(probes, quantity)
    rows = evenly(list(values), MOST_ROWS)
    steps = [probe.step for probe in probes]
    cells = [[_shown(values[row].get(step, math.nan), what) for step in steps] for row in rows]
    return Matrix(
        title=f"{what.title}, log10" if what.log else what.title,
        values=cells,
        rows=rows,
        columns=[f"{step:,}" for step in steps],
        row_label="layer",
        column_label="step",
    )


def label(layer: LayerProbe) -> str:
    """A layer's path (its class for the whole network), and which call it is after the first."""
    name = layer.name or layer.kind
    return f"{name} ({layer.call + 1})" if layer.call else name


def _quantity(name: str) -> Quantity:
    if name not in QUANTITIES:
        raise WorkbenchError(unknown("quantity", name, QUANTITIES), f"one of: {', '.join(QUANTITIES)}")
    return QUANTITIES[name]


def _by_layer(probes: Iterable[Probe], quantity: str) -> dict[str, dict[int, float]]:
    """Of each layer that has any, its values by step; layers in the order of the newest probe."""
    of = QUANTITIES[quantity].of
    found: dict[str, dict[int, float]] = {}
    for probe in reversed(list(probes)):
        for layer in probe.layers:
            value = of(layer)
            if value is not None:
                found.setdefault(label(layer), {}).setdefault(probe.step, value)
    return {name: dict(sorted(values.items())) for name, values in found.items()}


def _shown(value: float, what: Quantity) -> float:
    return math.log10(max(value, LEAST)) if what.log and not math.isnan(value) else value


def _some(recorded: Sequence[RecordedProbe]) -> list[RecordedProbe]:
    """At most MOST_PROBES and the last; those that are chosen stay so while others come."""
    stride = 1
    while len(recorded) > MOST_PROBES * stride:
        stride *= 2
    chosen = list(recorded[::stride])
    return chosen if not recorded or chosen[-1] is recorded[-1] else [*chosen, recorded[-1]]
