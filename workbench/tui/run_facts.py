"""What the page of a run shows: frozen values that a thread made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from textual.strip import Strip

from workbench.params import Parameter, Value
from workbench.runs import events
from workbench.runs.folder import Manifest
from workbench.runs.saved import Saved
from workbench.runs.state import Status
from workbench.schema import Schema

Axis = Literal["step", "epoch", "time", "clock"]
AXES: tuple[Axis, ...] = ("step", "epoch", "time", "clock")


@dataclass(frozen=True)
class PlotView:
    """What of the curves is to be seen: room in cells, scales, which page or single plot.

    Attributes:
        axis: what x counts.
        smoothing: the weight of the moving average, 0 for none.
        span: how much of the x axis is seen, in its units (decades where it is logarithmic); 0 for all.
        end: where that ends; None follows the newest point.
        crosshair: the x whose values are read out.
        metrics: those that are drawn; None for all.
    """

    width: int = 0
    height: int = 0
    log_x: bool = False
    log_y: bool = False
    zoomed: bool = False
    place: int = 0
    axis: Axis = "step"
    smoothing: float = 0.0
    span: float = 0.0
    end: float | None = None
    crosshair: float | None = None
    metrics: frozenset[str] | None = None


@dataclass(frozen=True)
class Reach:
    """From where to where the curves of a run go on the x axis that is drawn.

    Attributes:
        columns: about how many cells of a plot show what is seen.
        room: where the axis ends while all of it is seen, so that what comes has room; None at `high`.
        axes: what the x axis of this run can count.
    """

    low: float = 0.0
    high: float = 1.0
    log: bool = False
    columns: int = 1
    axes: tuple[Axis, ...] = ("step",)
    room: float | None = None


@dataclass(frozen=True)
class FigureView:
    """Which figure is to be seen, in how much room (cells)."""

    name: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class View:
    """What is visible: one of the three drawings, or none."""

    plots: PlotView | None = None
    system: PlotView | None = None
    figure: FigureView | None = None


@dataclass(frozen=True)
class PostMortem:
    """What a failed or lost run left behind, in words; what is not known is empty."""

    title: str
    remedy: str = ""
    exception: str = ""
    kind: str = ""
    step: int = 0
    non_finite: str = ""
    memory: tuple[str, ...] = ()
    worker: str = ""
    log: tuple[str, ...] = ()
    traceback: str = ""


@dataclass(frozen=True)
class Facts:
    """What is known of a run.

    Attributes:
        schema: None where the recipe's parameters are not known.
        values: the parameters that hold now.
        checkpoints: those that are there, the latest step first.
        figures: the newest step of each.
        answers: by request, why it was refused; empty where it was done.
        faults: damaged lines of the record.
        system: the newest sample of what worker and machine use, by name.
        post_mortem: None for a run that neither failed nor is lost.
        read_only: another program wrote it; there is nobody to ask for anything.
    """

    manifest: Manifest | None = None
    schema: Schema | None = None
    status: Status = field(default_factory=Status)
    values: Mapping[str, Value] = field(default_factory=dict)
    checkpoints: tuple[Saved, ...] = ()
    messages: tuple[events.Message, ...] = ()
    figures: Mapping[str, int] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    ended: events.Ended | None = None
    system: Mapping[str, float] = field(default_factory=dict)
    post_mortem: PostMortem | None = None
    read_only: bool = False

    @property
    def live_parameters(self) -> list[Parameter]:
        """The parameters that the run takes while it is alive."""
        return [] if self.schema is None else [p for p in self.schema.parameters if p.live]


@dataclass(frozen=True)
class Snapshot:
    """One reading: facts, new lines of the log, and the drawing that was asked for on its page.

    Attributes:
        reach: how far the x axis of the drawn curves goes.
        metrics: the names of all that the run has, in order of appearance.
    """

    facts: Facts
    log: tuple[str, ...] = ()
    drawing: tuple[Strip, ...] = ()
    pages: int = 1
    loading: bool = False
    reach: Reach = Reach()
    metrics: tuple[str, ...] = ()
