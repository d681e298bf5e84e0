"""What a rehearsal measured, as data that travels between processes, and its text."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from workbench import units
from workbench.layer_columns import table_text

TEXT_WIDTH = 80


class Layer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One call of a module that called no other, or that has weights or products of its own.

    Attributes:
        name: the module's path in the network, `encoder.0`; empty for the network itself.
        kind: its class.
        output: the shapes of all that it gave, `64x10`.
        weights: how many numbers it learns, those of modules inside it that it did not call included.
        call: 0 for the first time that the module is called in a pass.
        shape: of its output, batch included; of the first one where it gives several.
        formula: how that follows from its input, `(32 + 2·1 − 1·(3−1) − 1)/2 + 1 = 16`; empty where
            nothing is to be worked out, or it is not known.
        shared: how many of its weights an earlier call of the pass has used already.
        multiply_adds: of its matrix products, convolutions and attention, for the whole batch; sums,
            activations, norms and pooling count nothing.
        weight_bytes: of its weights.
        output_bytes: of its output.
        field: receptive field, in steps of the input of the outermost module that was called, along
            each axis over which the network slides a window; padding may lie in it. Statistics of norms
            are left out. Empty where there is none or it is not known.
        jump: along the same axes, from one place of the output to the next; 0 where there is but one
            place, or they do not follow in equal steps.
    """

    name: str
    kind: str
    output: str
    weights: int
    call: int = 0
    shape: tuple[int, ...] = ()
    formula: str = ""
    shared: int = 0
    multiply_adds: int = 0
    weight_bytes: int = 0
    output_bytes: int = 0
    field: tuple[int, ...] = ()
    jump: tuple[float, ...] = ()


class Rehearsal(msgspec.Struct, frozen=True):
    """One batch of a training: its layers in the order of their calls, memory and times.

    Attributes:
        weights: numbers that the whole network learns.
        batch: the shapes of a step's batch.
        step_s: a step, evaluation left out; the first one takes `first_step_s`.
        steps: how many the whole run makes.
        fitting_batch: the batch that would fill the device; 0 where that is not known.
    """

    layers: tuple[Layer, ...]
    weights: int
    device: str
    batch: str
    first_step_s: float
    step_s: float
    steps: int
    peak_memory_bytes: int
    fitting_batch: int = 0

    @property
    def whole_run_s(self) -> float:
        """All steps, evaluation left out."""
        return self.steps * self.step_s

    def facts(self) -> Iterator[tuple[str, str]]:
        """What is known beside the layers: a name and a value in words."""
        yield "device", self.device
        yield "batch", self.batch
        first = units.duration(self.first_step_s)
        yield "first step", f"{first}, then {self.step_s * 1e3:.1f} ms a step"
        whole = units.duration(self.whole_run_s)
        yield "whole run", f"{self.steps:,} steps, about {whole} beside evaluation"
        yield "peak memory", units.size(self.peak_memory_bytes)
        if self.fitting_batch:
            yield "fits", f"a batch of about {self.fitting_batch:,}"

    def text(self) -> str:
        """The table of layers and the facts below it."""
        facts = [f"{name:<14}{value}" for name, value in self.facts()]
        return "\n".join([*table_text(self.layers, self.weights, TEXT_WIDTH), "", *facts])
