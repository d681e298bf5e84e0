"""Which runs were forked from a run, and where they left it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.runs.folder import Manifest
from workbench.runs.listing import RunSummary


@dataclass(frozen=True, order=True)
class Child:
    """A run that was forked from another one after `step` of it."""

    step: int
    name: str


def children(parent: Manifest, known: Iterable[RunSummary]) -> tuple[Child, ...]:
    """The forks of a run among the known ones, in the order in which they left it."""
    return tuple(
        sorted(
            Child(run.manifest.parent.step, run.name)
            for run in known
            if run.manifest.parent is not None
            and run.manifest.parent.run == parent.name
            # A deleted run's name can be given again.
            and run.manifest.created >= parent.created
        )
    )
