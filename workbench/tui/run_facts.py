"""What the page of a run shows: frozen values that a thread made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from textual.strip import Strip

from workbench.params import Parameter, Value
from workbench.runs import events
from workbench.runs.folder import Manifest
from workbench.runs.forks import Child
from workbench.runs.saved import Saved
from workbench.runs.state import Status
from workbench.schema import Schema
from workbench.tui.pictures import TerminalPicture

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
    """Which figure is to be seen, in how much room (cells).

    Attributes:
        place: which of its steps, from 0; None follows the newest.
        image: which of a grid's images is to be seen alone; None for all.
    """

    name: str = ""
    width: int = 0
    height: int = 0
    place: int | None = None
    image: int | None = None


@dataclass(frozen=True)
class FigureSteps:
    """How often a figure was handed over, and at which step the last time."""

    count: int
    newest: int


@dataclass(frozen=True)
class FigureSeen:
    """What of a figure is drawn: the `place`-th of its steps, from 0, and how many images it has."""

    name: str = ""
    place: int = 0
    step: int = 0
    images: int = 0


@dataclass(frozen=True)
class View:
    """What is visible: one of the three drawings, or none.

    Attributes:
        earlier: whether lines of the log are wanted that come before those that were read.
        children: the run's forks, of which its own record knows nothing.
    """

    plots: PlotView | None = None
    system: PlotView | None = None
    figure: FigureView | None = None
    earlier: bool = False
    children: tuple[Child, ...] = ()


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
        figures: the steps of each.
        answers: by request, why it was refused; empty where it was done.
        faults: damaged lines of the record.
        system: the newest sample of what worker and machine use, by name.
        post_mortem: None for a run that neither failed nor is lost.
        read_only: another program wrote it; there is nobody to ask for anything.
        children: the runs that were forked from it.
    """

    manifest: Manifest | None = None
    schema: Schema | None = None
    status: Status = field(default_factory=Status)
    values: Mapping[str, Value] = field(default_factory=dict)
    checkpoints: tuple[Saved, ...] = ()
    messages: tuple[events.Message, ...] = ()
    figures: Mapping[str, FigureSteps] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    ended: events.Ended | None = None
    system: Mapping[str, float] = field(default_factory=dict)
    post_mortem: PostMortem | None = None
    read_only: bool = False
    children: tuple[Child, ...] = ()

    @property
    def live_parameters(self) -> list[Parameter]:
        """The parameters that the run takes while it is alive."""
        return [] if self.schema is None else [p for p in self.schema.parameters if p.live]


@dataclass(frozen=True)
class Snapshot:
    """One reading: facts, new lines of the log, and the drawing that was asked for on its page.

    Attributes:
        earlier: lines of the log that stand before all that were read; they replace the first one.
        reach: how far the x axis of the drawn curves goes.
        metrics: the names of all that the run has, in order of appearance.
        figure: which figure the drawing shows, where it shows one.
        pictures: its images, where the terminal's graphics draw them above the drawing.
    """

    facts: Facts
    log: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()
    drawing: tuple[Strip, ...] = ()
    pages: int = 1
    loading: bool = False
    reach: Reach = Reach()
    metrics: tuple[str, ...] = ()
    figure: FigureSeen = FigureSeen()
    pictures: tuple[TerminalPicture, ...] = ()
