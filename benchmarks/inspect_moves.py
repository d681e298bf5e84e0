"""Looking inside: from asking for the next layer or sample to the answer, figures and all."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import measuring, warm
from benchmarks.measuring import AtMost, Measured, Result
from workbench.debugging import protocol
from workbench.debugging.client import Inspector
from workbench.debugging.protocol import LayerTable, Opened, OpenRecipe, View
from workbench.rehearsal import Layer

RECIPE = Path(__file__).with_name("small_resnet.py")
LIMIT_MS = 150.0
PERCENTILE = 0.99


def measure(rounds: int = 3) -> Result:
    """Walk through all layers with maps and through samples, with a worker from a warm standby."""
    with measuring.own_folders(), warm.warm_standby() as standby, Inspector(standby) as inspector:
        began = time.perf_counter()
        inspector.ask(OpenRecipe(file=str(RECIPE)), Opened)
        opening_s = time.perf_counter() - began
        layers = with_maps(inspector.ask(protocol.Layers(), LayerTable).layers)
        to_layer = Measured("to the next layer", tuple(next_layers(inspector, layers, rounds)), "ms")
        to_sample = Measured("to the next sample", tuple(next_samples(inspector, layers)), "ms")
    checks = [
        AtMost(f"{one.what}, {name}", value, LIMIT_MS, "ms")
        for one in (to_layer, to_sample)
        for name, value in (("median", one.median), ("99th percentile", percentile(one.values)))
    ]
    return Result(
        name="inspect_moves",
        title="Moving through a network",
        what=f"ResNet-18 on 64 x 64 pixels, untrained, on the CPU. All {len(layers)} calls that give "
        "maps, one after the other, and then the first 64 maps of the last block for sample after "
        "sample, each of which costs a pass. Time from the request to the decoded answer with its "
        "figures.",
        target=f"at most {LIMIT_MS:g} ms to the next layer or sample",
        measured=(to_layer, to_sample),
        checks=tuple(checks),
        notes=(f"opened in {opening_s:.2f} s by a worker from a warm standby",),
    )


def with_maps(layers: tuple[Layer, ...]) -> list[Layer]:
    """Those that give maps (1, C, H, W)."""
    return [layer for layer in layers if len(layer.shape) == 4]


def next_layers(inspector: Inspector, layers: list[Layer], rounds: int) -> Iterator[float]:
    """Milliseconds to each layer; the first one of a round makes the pass of another sample."""
    for sample in range(rounds):
        for layer in layers:
            yield _asked(inspector, protocol.Maps(layer=layer.name, call=layer.call, sample=sample))


def next_samples(inspector: Inspector, layers: list[Layer], count: int = 100) -> Iterator[float]:
    """Milliseconds to each of `count` samples that nobody has looked at."""
    last = next(layer for layer in reversed(layers) if layer.shape[2] > 1)
    for sample in range(100, 100 + count):
        yield _asked(inspector, protocol.Maps(layer=last.name, call=last.call, sample=sample))


def percentile(values: tuple[float, ...], share: float = PERCENTILE) -> float:
    """The value that `share` of them do not exceed; NaN where there are none."""
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else math.nan


def _asked(inspector: Inspector, request: protocol.Maps) -> float:
    began = time.perf_counter()
    inspector.ask(request, View)
    return (time.perf_counter() - began) * 1e3
