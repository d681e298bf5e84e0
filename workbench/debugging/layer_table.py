"""The table of layers that a pass went through."""

from __future__ import annotations

from torch import nn

from workbench.debugging.passes import Pass
from workbench.debugging.protocol import LayerTable
from workbench.rehearsal import Layer


def table(net: nn.Module, made: Pass) -> LayerTable:
    """Modules that call no others, in the order of their first calls, with their output's shape."""
    modules = dict(net.named_modules())
    rows: dict[str, Layer] = {}
    for call in made.calls:
        name = call.place.name
        if not call.place.is_leaf or name in rows:
            continue
        shape = "x".join(map(str, call.shapes[0])) if call.shapes else ""
        weights = sum(weight.numel() for weight in modules[name].parameters())
        rows[name] = Layer(name, call.place.kind, shape, weights)
    return LayerTable(
        layers=tuple(rows.values()), weights=sum(weight.numel() for weight in net.parameters())
    )
