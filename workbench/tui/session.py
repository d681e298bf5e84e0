"""What all screens share: where runs and recipes are, the warm worker, the runs as last read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from textual.signal import Signal

from workbench.rehearsal import Rehearsal
from workbench.settings import Settings

if TYPE_CHECKING:
    from concurrent.futures import Future

    from workbench.catalog import Catalog
    from workbench.runs.listing import Listing, RunSummary
    from workbench.workers.standby import Standby

    Runs = tuple[RunSummary, ...]


@dataclass
class Session:
    """One sitting at the workbench.

    Attributes:
        standby: the worker that has torch loaded, once it was started.
        settings: what the user has set.
        runs: all runs, newest first, as last read.
        watched: a folder below which runs of other programs are listed too.
        fault: why they could not be read; empty where they could.
        runs_changed: published with `runs` whenever they changed.
        standby_ready: published once recipes can be imported at once.
        metrics: by recipe, which metrics the user chose to see; in this sitting alone.
        rehearsals: of recipes with their defaults, by the fingerprint of the recipe.
        discovered: the recipes, which are looked for since before the first screen; taken once.
    """

    checkpoints: Path
    recipe_dirs: Sequence[Path]
    standby: Standby | None
    runs_changed: Signal[Runs]
    standby_ready: Signal[None]
    settings: Settings = field(default_factory=Settings)
    runs: Runs = ()
    fault: str = ""
    watched: Path | None = None
    metrics: dict[str, frozenset[str]] = field(default_factory=dict)
    rehearsals: dict[str, Rehearsal] = field(default_factory=dict)
    discovered: Future[Catalog] | None = None

    @cached_property
    def listing(self) -> Listing:
        """Reads the runs."""
        from workbench.runs.listing import Listing  # noqa: PLC0415 - after the first picture

        return Listing(self.checkpoints, self.watched)

    def take(self, runs: Runs, fault: str = "") -> None:
        """Keep what was read, and tell the screens if it is new."""
        if (runs, fault) != (self.runs, self.fault):
            self.runs, self.fault = runs, fault
            self.runs_changed.publish(runs)
