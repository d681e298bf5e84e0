"""What is looked into, where in it one is, and what was made of that: frozen values for threads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from textual.strip import Strip

from workbench.debugging.protocol import (
    METHODS,
    Examined,
    LayerTable,
    Method,
    Opened,
    SampleView,
    View,
)
from workbench.tui.pictures import TerminalPicture

Tab = Literal[
    "findings",
    "layers",
    "maps",
    "kernels",
    "class_map",
    "attention",
    "sample",
    "mistakes",
    "over_time",
]
TABS: Mapping[Tab, str] = {
    "findings": "Findings",
    "layers": "Layers",
    "maps": "Maps",
    "kernels": "Kernels",
    "class_map": "Class maps",
    "attention": "Attention",
    "sample": "Samples",
    "mistakes": "Mistakes",
    "over_time": "Over time",
}
# Those that show a figure which the inspecting worker makes.
LOOKS: tuple[Tab, ...] = ("maps", "kernels", "class_map", "attention", "sample", "mistakes")


@dataclass(frozen=True)
class Place:
    """What of the network is to be seen, in how much room (cells).

    Attributes:
        layer: the module's path, and which of its calls in a pass.
        sample: which of the samples.
        page: of maps, kernels, heads or mistakes.
        number: of a map, head or mistake that is seen alone; -1 for the page.
        beside: whether what the layer was given stands beside it.
        common: one scale of grey for all maps.
        weighed: the layer whose maps Grad-CAM weighs; empty for the last one.
        target: the class that a class map is about; -1 for the one that the network sees.
        attending: which of all calls that attend.
    """

    tab: Tab = "findings"
    layer: str = ""
    call: int = 0
    sample: int = 0
    page: int = 0
    number: int = -1
    beside: bool = False
    common: bool = False
    method: Method = "grad_cam"
    weighed: str = ""
    target: int = -1
    attending: int = 0
    width: int = 0
    height: int = 0

    def next_method(self) -> Method:
        """The method of class maps that comes after this one."""
        methods: tuple[Method, ...] = METHODS
        return methods[(methods.index(self.method) + 1) % len(methods)]


@dataclass(frozen=True)
class Network:
    """A network that is loaded."""

    opened: Opened = field(default_factory=lambda: Opened(title="", recipe=""))
    table: LayerTable = field(default_factory=lambda: LayerTable(layers=()))
    examined: Examined | None = None


@dataclass(frozen=True)
class Shot:
    """What is to be seen at a place: lines, pictures, and the answer that they were drawn from.

    `fault` and `remedy` stand in place of an answer.
    """

    place: Place
    answer: View | SampleView | None = None
    strips: tuple[Strip, ...] = ()
    pictures: tuple[TerminalPicture, ...] = ()
    fault: str = ""
    remedy: str = ""
