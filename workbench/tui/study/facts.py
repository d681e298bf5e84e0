"""What the page of a study shows: frozen values that a thread made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from textual.strip import Strip

from workbench.tui.run_facts import Snapshot
from workbench.tuning.study import Plan
from workbench.tuning.trials import TrialRecord

if TYPE_CHECKING:
    from workbench.tuning.standing import Standing

PlotName = Literal["history", "importances", "parallel", "slices", "contour", "workers"]
Format = Literal["png", "csv"]


@dataclass(frozen=True)
class StudyView:
    """What is to be seen of a study.

    Attributes:
        plot: which plot; None where no plot is open.
        place: which page of several panels, or which single one where it is alone; the pages go round.
        alone: one panel has all the room.
        metric: of several metrics, which one is drawn.
        across: the parameter (of a Pareto front the metric) on the x axis of a plane, by its place.
        up: that on its y axis.
        earlier: whether lines of the log are wanted that come before those that were read.
        notes: whether the notes on trials are to be seen.
    """

    plot: PlotName | None = None
    width: int = 0
    height: int = 0
    place: int = 0
    alone: bool = False
    log_y: bool = False
    metric: int = 0
    across: int = 0
    up: int = 1
    earlier: bool = False
    notes: bool = False


@dataclass(frozen=True)
class Reach:
    """What of a plot can be chosen.

    Attributes:
        pages: pages of panels.
        panels: how many panels it has in all.
        metrics: how many metrics it can be drawn for.
        planes: how many parameters, or metrics, can be on the axes of a plane.
        log_y: whether its values can be drawn on a logarithmic axis.
    """

    pages: int = 1
    panels: int = 1
    metrics: int = 1
    planes: int = 0
    log_y: bool = False


@dataclass(frozen=True)
class StudyFacts:
    """What is known of a study.

    Attributes:
        plan: None while it is not read, or cannot be.
        now: limits and space as they stand since people changed them; None as long as the plan is.
        trials: by number; the same object while nothing new came.
        best: the best complete trial of a study with one metric.
        outstanding: the numbers of the best trial, or of all on the front of a study with several.
        notes: what people noted on trials, by their numbers; the same object while nothing new came.
        fault: why the study cannot be read.
        caution: what is wrong with the metric that trials are compared by.
    """

    plan: Plan | None = None
    now: Standing | None = None
    trials: Mapping[int, TrialRecord] = field(default_factory=dict)
    best: TrialRecord | None = None
    outstanding: frozenset[int] = frozenset()
    notes: Mapping[int, str] = field(default_factory=dict)
    fault: str = ""
    caution: str = ""


@dataclass(frozen=True)
class StudySnapshot:
    """One reading: what is new of the study's run, how the study stands, and the plot.

    `run` is None where nothing of it changed; `note` says what is to know of the plot.
    """

    facts: StudyFacts
    run: Snapshot | None = None
    drawing: tuple[Strip, ...] = ()
    reach: Reach = Reach()
    note: str = ""
