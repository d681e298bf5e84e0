"""What a probe of a network showed, as data that travels between processes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

T = TypeVar("T")


class LayerProbe(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call of a module in the forward and backward pass of a probe's batch.

    What could not be measured (a layer without weights, a probe without a step of training) is None.

    Attributes:
        name: the module's path in the network, `encoder.0`; empty for the network itself. Of a function
            behind a module's output (`F.relu`), as the next module is given it: `encoder.0/relu`.
        kind: its class; of a function that of the module that does the same, `ReLU`.
        call: 0 for the first time that the module is called in a pass.
        shape: of its output, batch included; of the first one where it gives several.
        mean: of its output.
        spread: standard deviation of its output.
        zeros: share of the output that is exactly 0.
        units: channels of an output with places (N, C, ...), features of one without (N, F); 0 for
            an output (N).
        dead: units that are 0 for every sample at every place.
        saturated: share of the outputs of a sigmoid or tanh within 1 % of its range of a bound.
        non_finite: numbers of the output that are NaN or infinite.
        varying: standard deviation over the samples, in the mean over units and places, as a share of
            `spread`; 0 where the output does not depend on the input.
        output_gradient: root of the mean square of the loss's gradient by the output.
        weights: Euclidean norm of its own parameters, and of modules in it that it does not call; told
            at its first call.
        weight_gradient: Euclidean norm of the loss's gradient by them.
        update: Euclidean norm of the last step's change of them, as a share of `weights`.

    How a layer's inputs, gates or attention weights look inside of it is not measured.
    """

    name: str
    kind: str
    call: int = 0
    shape: tuple[int, ...] = ()
    mean: float | None = None
    spread: float | None = None
    zeros: float | None = None
    units: int = 0
    dead: int = 0
    saturated: float | None = None
    non_finite: int = 0
    varying: float | None = None
    output_gradient: float | None = None
    weights: float | None = None
    weight_gradient: float | None = None
    update: float | None = None


class InputProbe(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The numbers that the first layer was given: over all of them, and over single features.

    A feature is a unit as in `LayerProbe`. Of whole numbers, such as words, the bounds alone are known.
    """

    shape: tuple[int, ...] = ()
    mean: float | None = None
    spread: float | None = None
    low: float | None = None
    high: float | None = None
    largest_feature_spread: float | None = None
    smallest_feature_spread: float | None = None


class TellingFeature(msgspec.Struct, frozen=True):
    """The feature of the batch's input that tells most of its labels by itself.

    Attributes:
        number: its place in a sample's flattened input.
        of: how many features a sample has.
        share: of the labels that it tells, 0 to 1.
    """

    number: int
    of: int
    share: float


class OddShape(msgspec.Struct, frozen=True):
    """Something that torch computed of shapes that it makes fit, but that are seldom meant.

    Attributes:
        function: torch's name for it, such as `sub`.
        shapes: of what it was given.
        over_samples: it is a softmax over the samples; else an answer (N, 1) meets a target (N,).
    """

    function: str
    shapes: tuple[tuple[int, ...], ...]
    over_samples: bool = False


class Probe(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A pass of the probe's batch after `step` steps; layers in the order in which their calls ended.

    Layers are modules that call no other or have weights of their own. Behind them come those whose
    weights were used without a call: of them, only `weights`, `weight_gradient` and `update` are known.
    `loss` is None where a step minimizes several. `left_out` counts layers that were not recorded.
    """

    step: int
    loss: float | None = None
    layers: tuple[LayerProbe, ...] = ()
    inputs: InputProbe | None = None
    left_out: int = 0
    telling: TellingFeature | None = None
    odd_shapes: tuple[OddShape, ...] = ()


def evenly(items: Sequence[T], most: int) -> list[T]:
    """At most so many of them (2 at least), evenly spread, with the first and the last."""
    if len(items) <= most:
        return list(items)
    return [items[round(index * (len(items) - 1) / (most - 1))] for index in range(most)]
