"""What the comparison of runs shows: frozen values that a thread made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase

from textual.content import Content
from textual.strip import Strip

from workbench.figures import palette
from workbench.params import Value
from workbench.runs.folder import Manifest, RunFolder
from workbench.runs.listing import RunSummary
from workbench.runs.state import Status
from workbench.tui.run_facts import Facts, PlotView, Reach, Snapshot

MOST_COMPANIONS = 4


@dataclass(frozen=True)
class CompareView:
    """What is visible and has to be worked out: the curves, or the table of results."""

    plots: PlotView | None = None
    results: bool = False


@dataclass(frozen=True)
class Compared:
    """One of the runs.

    Attributes:
        letter: what stands for it in legends and tables.
        colour: its place in the palette; None while it has no curve.
        parent: the run it was forked from, by letter where that is compared too; empty for no fork.
        values: the parameters that hold now, and the seed.
        monitor: the metric whose best value counts, and `mode` which way is better.
        gone: its folder was deleted; what was read of it stays.
        fault: why it cannot be read.
    """

    name: str
    letter: str
    colour: int | None = None
    recipe: str = ""
    status: Status = field(default_factory=Status)
    parent: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    monitor: str = ""
    mode: str = ""
    gone: bool = False
    fault: str = ""

    @property
    def style(self) -> str:
        """The colour of its curves."""
        if self.colour is None:
            return "$muted"
        red, green, blue = palette.series(self.colour)
        return f"rgb({red},{green},{blue})"


@dataclass(frozen=True)
class Comparison:
    """One reading of all runs for a `view`.

    Attributes:
        results: their table, where the view asks for it.
        reach: how far the x axis of the drawn curves goes.
        metrics: the names of all that the runs have, in order of appearance.
    """

    view: CompareView = field(default_factory=CompareView)
    runs: tuple[Compared, ...] = ()
    drawing: tuple[Strip, ...] = ()
    pages: int = 1
    results: Content | None = None
    reach: Reach = field(default_factory=Reach)
    metrics: tuple[str, ...] = ()
    loading: bool = False

    @property
    def as_snapshot(self) -> Snapshot:
        """The curves as the widget takes those of one run."""
        return Snapshot(
            Facts(),
            drawing=self.drawing,
            pages=self.pages,
            reach=self.reach,
            metrics=self.metrics,
        )


def letter(index: int) -> str:
    """`a` to `z`, then `a2` to `z2`, and so on."""
    turn, place = divmod(index, len(ascii_lowercase))
    return ascii_lowercase[place] + (str(turn + 1) if turn else "")


def companions(
    folder: RunFolder, manifest: Manifest | None, known: Sequence[RunSummary]
) -> list[RunFolder]:
    """A run and what it is compared with unasked: its parent, else the newest runs of its recipe.

    `known` are all runs, newest first.
    """
    others = [run for run in known if run.folder != folder]
    if manifest is None:
        return [folder]
    if manifest.parent is not None:
        parents = [run.folder for run in others if run.name == manifest.parent.run]
        if parents:
            return [*parents, folder]
    same = [run.folder for run in others if run.manifest.recipe.id == manifest.recipe.id]
    return [folder, *same[:MOST_COMPANIONS]]
