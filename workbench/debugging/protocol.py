"""What is asked of an inspecting worker, and what it answers: figures as data, with their captions.

Each message is a frame: its length as four bytes, the high one first, then msgpack. A request carries
a number that its answer repeats. Of requests of one kind the newest counts: an older one that has not
been answered yet is answered by `Superseded`.
"""

from __future__ import annotations

import struct
from typing import Literal, get_args

import msgspec

from workbench.debugging.findings import Finding
from workbench.debugging.probes import Probe
from workbench.figures.data import Bars, Figure
from workbench.params import Value
from workbench.rehearsal import Layer

MAPS_A_PAGE = 64
LARGEST_FRAME_BYTES = 256 << 20
LENGTH = struct.Struct(">I")

Method = Literal["grad_cam", "integrated_gradients", "occlusion"]
METHODS: tuple[Method, ...] = get_args(Method)
InputKind = Literal["picture", "series", "tokens", "numbers", "graph", "other", "none"]


class Ask(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="ask"):
    """Base of all requests."""


class OpenRun(Ask, frozen=True, kw_only=True, tag="open_run"):
    """Load the network of a run's checkpoint; answered by Opened.

    Attributes:
        folder: the run's.
        checkpoint: `last`, `best`, `step-00000500.pt` or `500`; empty for the best, else the last one.
        device: in the words of `--device`.
    """

    folder: str
    checkpoint: str = ""
    device: str = "cpu"


class OpenRecipe(Ask, frozen=True, kw_only=True, tag="open_recipe"):
    """Build the network of a recipe, untrained; answered by Opened.

    `parameters` are overlaid on the recipe's own, and may be texts.
    """

    file: str
    parameters: dict[str, Value] = {}
    seed: int = 0
    device: str = "cpu"


class Layers(Ask, frozen=True, kw_only=True, tag="layers"):
    """The table of layers, in the order of their calls; answered by LayerTable."""


class Maps(Ask, frozen=True, kw_only=True, tag="maps"):
    """What a layer gives for a sample; answered by View.

    Attributes:
        layer: the module's path; empty for the whole network.
        call: 0 for the first time that it is called in a pass.
        page: of MAPS_A_PAGE maps.
        number: of a map that is shown alone; -1 for the page.
        beside: what the layer was given stands beside it, as before and after pooling.
        common: one scale of grey for all maps, instead of one for each.
    """

    layer: str
    call: int = 0
    sample: int = 0
    page: int = 0
    number: int = -1
    beside: bool = False
    common: bool = False


class Kernels(Ask, frozen=True, kw_only=True, tag="kernels"):
    """The kernels of a convolution, or the weights of a linear layer as a matrix; answered by View."""

    layer: str
    page: int = 0


class ClassMap(Ask, frozen=True, kw_only=True, tag="class_map"):
    """What of a picture speaks for a class, laid over it; answered by View.

    Attributes:
        layer: for grad_cam; empty for the last one that gives maps.
        target: the class's number; -1 for the one that the network sees.
    """

    sample: int = 0
    method: Method = "grad_cam"
    layer: str = ""
    target: int = -1


class Attention(Ask, frozen=True, kw_only=True, tag="attention"):
    """How much each place of a sequence looks at each other, head by head; answered by View.

    `layer` may be empty for the first that attends; `head` -1 shows a page of them.
    """

    layer: str = ""
    call: int = 0
    sample: int = 0
    page: int = 0
    head: int = -1


class Sample(Ask, frozen=True, kw_only=True, tag="sample"):
    """An input, its class and what the network makes of it; answered by SampleView."""

    index: int = 0


class Mistakes(Ask, frozen=True, kw_only=True, tag="mistakes"):
    """The most confident mistakes among the samples, worst first; answered by View."""

    page: int = 0


class OwnPicture(Ask, frozen=True, kw_only=True, tag="own_picture"):
    """Make a picture file of the user's a sample, behind the others; answered by SampleView."""

    path: str


class Examine(Ask, frozen=True, kw_only=True, tag="examine"):
    """Probe the network with a batch, and say what is wrong with it; answered by Examined."""


Request = (
    OpenRun
    | OpenRecipe
    | Layers
    | Maps
    | Kernels
    | ClassMap
    | Attention
    | Sample
    | Mistakes
    | OwnPicture
    | Examine
)


class Tell(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="tell"):
    """Base of all answers."""


class Hello(Tell, frozen=True, kw_only=True, tag="hello"):
    """The worker is there; it carries the number 0."""

    pid: int


class Opened(Tell, frozen=True, kw_only=True, tag="opened"):
    """The network is loaded.

    Attributes:
        title: the run's or the recipe's name.
        checkpoint: its file; empty for an untrained network.
        step: of the checkpoint.
        split: where the samples come from: `validation`, `test` or `train`.
        samples: how many there are.
        input: what a sample is.
        classes: the names of the classes; empty where it tells none apart.
        lacking: by request (`class_map`, `attention`, …) why it cannot be asked here.
        notes: what a person should know.
    """

    title: str
    recipe: str
    checkpoint: str = ""
    step: int = 0
    device: str = "cpu"
    split: str = ""
    samples: int = 0
    input: InputKind = "other"
    classes: tuple[str, ...] = ()
    lacking: dict[str, str] = {}
    notes: tuple[str, ...] = ()


class LayerTable(Tell, frozen=True, kw_only=True, tag="layers"):
    """The layers that a sample went through, in the order in which their calls return.

    `weights` counts those of the whole network once, `multiply_adds` is for one sample.
    """

    layers: tuple[Layer, ...]
    weights: int = 0
    multiply_adds: int = 0


class Examined(Tell, frozen=True, kw_only=True, tag="examined"):
    """What a probe showed and what that means, causes first; a network without fault is found healthy.

    Attributes:
        probe: of the network as it is; None where it could not be probed, and `fault` says why.
        findings: from that, and from all that the run has recorded.
    """

    probe: Probe | None = None
    findings: tuple[Finding, ...] = ()
    fault: str = ""


class View(Tell, frozen=True, kw_only=True, tag="view"):
    """A figure of what a layer or the input holds; terminal, PNG and JSON all draw it.

    Attributes:
        request: the tag of what was asked: `maps`, `kernels`, `class_map`, `attention`, `mistakes`.
        figure: what was asked for; the title says what it is, the captions number its parts.
        beside: what is to stand beside it: the maps before pooling.
        layer, kind, call: of which module; `calls` is how often a pass calls it. Of attention
            that was asked for without a layer, both count all calls that attend.
        shape: of what the figure is a page of, without the dimension of the samples: (maps, height,
            width), (units, steps), (rows, features), of kernels that of the weights.
        low, high: the numbers that the darkest and the lightest stand for, where that is one range.
        ranges: those of each part of the figure, where each has its own.
        first, count: the number of the first part on this page, and of all of them.
        samples: for a gallery, the index of each part's sample.
        target: for a class map, the class that it is about.
    """

    request: str
    figure: Figure
    beside: Figure | None = None
    layer: str = ""
    kind: str = ""
    call: int = 0
    calls: int = 1
    shape: tuple[int, ...] = ()
    low: float | None = None
    high: float | None = None
    ranges: tuple[tuple[float, float], ...] = ()
    page: int = 0
    pages: int = 1
    first: int = 0
    count: int = 1
    sample: int = 0
    samples: tuple[int, ...] = ()
    target: int = -1
    notes: tuple[str, ...] = ()


class SampleView(Tell, frozen=True, kw_only=True, tag="sample"):
    """One input and what the network makes of it.

    Attributes:
        index: among `count` samples; the user's own pictures come last.
        figure: the input: a picture, curves, a matrix or a text.
        true, predicted: classes by name, or numbers in words; empty where there are none.
        sure: the probability of the predicted class.
        probabilities: the likeliest classes; None where the network gives none.
        origin: the file of the user's own picture.
        notes: what was done to the input.
    """

    index: int
    count: int
    figure: Figure
    true: str = ""
    predicted: str = ""
    sure: float | None = None
    probabilities: Bars | None = None
    origin: str = ""
    notes: tuple[str, ...] = ()


class Failed(Tell, frozen=True, kw_only=True, tag="failed"):
    """A request that could not be answered, and why; the worker lives on.

    `wrong` says that the request itself was wrong; `trace` is for the author of the recipe.
    """

    title: str
    remedy: str = ""
    trace: str = ""
    wrong: bool = False


class Superseded(Tell, frozen=True, kw_only=True, tag="superseded"):
    """A newer request of the same kind has come."""


Answer = Hello | Opened | LayerTable | Examined | View | SampleView | Failed | Superseded


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """A request on its way; numbers rise, and begin at 1."""

    number: int
    request: Request


class Answered(msgspec.Struct, frozen=True, array_like=True):
    """An answer on its way."""

    number: int
    answer: Answer


def frame(message: Asked | Answered) -> bytes:
    """The bytes that stand for a message."""
    body = msgspec.msgpack.encode(message)
    return LENGTH.pack(len(body)) + body
