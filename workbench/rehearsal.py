"""What a rehearsal measured, as data that travels between processes, and its text."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from workbench import units


class Layer(msgspec.Struct, frozen=True):
    """A module without children that the first batch went through.

    Attributes:
        name: its path in the network, `encoder.0`.
        kind: its class.
        output: the shape of what it gave, `64x10`.
        weights: how many numbers it learns.
    """

    name: str
    kind: str
    output: str
    weights: int


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
        """The table of layers and the facts below it, 80 characters wide."""
        facts = [f"{name:<14}{value}" for name, value in self.facts()]
        return "\n".join([*self._table(), "", *facts])

    def _table(self) -> Iterator[str]:
        yield f"{'layer':<24}{'type':<20}{'output':<24}{'parameters':>12}"
        for layer in self.layers:
            named = f"{layer.name[:23]:<24}{layer.kind[:19]:<20}"
            yield f"{named}{layer.output[:23]:<24}{layer.weights:>12,}"
        yield f"{'total':<68}{self.weights:>12,}"
