"""What a diagnosis looks at: probes over time, curves of metrics, and parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from workbench.debugging.probes import Probe
from workbench.params import Value


class Curve(NamedTuple):
    """A metric over the steps; both are of one length, values may be NaN or infinite."""

    steps: Sequence[int]
    values: Sequence[float]


class Failure(NamedTuple):
    """The last word of a run that a number which is not finite has ended."""

    step: int
    title: str


@dataclass(frozen=True)
class Evidence:
    """All that a diagnosis is made from; any part may be empty.

    Attributes:
        probes: in the order of their steps.
        curves: by the names under which they were recorded: `train/loss`, `val/accuracy`, `lr`.
        params: the recipe's parameters, with the values that hold now.
    """

    probes: Sequence[Probe] = ()
    curves: Mapping[str, Curve] = field(default_factory=dict)
    params: Mapping[str, Value] = field(default_factory=dict)
    failure: Failure | None = None
