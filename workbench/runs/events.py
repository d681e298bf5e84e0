"""What happened in a run: the records of `events.jsonl`, one JSON object a line.

Times are seconds since 1970 (UTC). Steps count optimizer steps (or what a recipe calls a step)
from 1 over all attempts of a run; 0 is before the first.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from workbench.errors import FaultKind
from workbench.params import Value

Step = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]  # more digits are a damaged line

# JSON knows no NaN and no infinity: they are written as these words.
NON_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}

PREEMPTION = "SIGTERM"  # what clusters send before they take a machine away


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """What all records share."""

    time: float


class Queued(Record, frozen=True, tag="queued"):
    """The worker waits for a device; `waiting_for` says in words for which, and who is before it.

    Without such words it has waited, and has the device now.
    """

    pid: int
    host: str
    device: str
    waiting_for: str = ""


class Started(Record, frozen=True, tag="started"):
    """An attempt begins at `step`; metrics of earlier attempts beyond it are abandoned."""

    pid: int
    host: str
    device: str
    attempt: int = 1
    step: Step = 0
    checkpoint: str = ""
    warm: bool = False


class Metrics(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="metrics", gc=False):
    """Named numbers at a step."""

    time: float
    step: Step
    values: dict[str, float | str]


class Best(msgspec.Struct, frozen=True):
    """The best value so far of the metric that the recipe watches."""

    metric: str
    value: float
    step: Step


class Progress(Record, frozen=True, tag="progress"):
    """How far the run is; at most a few a second, and one as the last before the end.

    `total` steps and `epochs` are 0 where the recipe cannot know them; `eta_s` is None until
    it can be told.
    """

    step: Step
    device: str = ""
    attempt: int = 1
    total: int = 0
    epoch: int = 0
    epochs: int = 0
    elapsed_s: float = 0.0
    eta_s: float | None = None
    best: Best | None = None
    phase: str = ""
    stopping: bool = False


class Paused(Record, frozen=True, tag="paused"):
    """The worker stands still between two steps and keeps its device."""

    step: Step


class Resumed(Record, frozen=True, tag="resumed"):
    """The worker goes on after a pause."""

    step: Step


class Stopping(Record, frozen=True, tag="stopping"):
    """The worker has read a request to stop: `now` after this step, or at the end of the epoch."""

    step: Step
    by: str
    when: Literal["now", "epoch"] = "now"


class Checkpoint(Record, frozen=True, tag="checkpoint"):
    """A file was written whole: `reason` is best, last, kept (under its step's name), asked or stop."""

    step: Step
    file: str
    reason: str
    metrics: dict[str, float | str] = {}


class FigureShown(Record, frozen=True, tag="figure"):
    """The recipe handed a figure over: in `figure` when small, else in `file` under `figures/`."""

    step: Step
    name: str
    figure: msgspec.Raw = msgspec.Raw(b"")
    file: str = ""


class ProbeTaken(Record, frozen=True, tag="probe"):
    """What the network did inside after `step`; `probe` is what `debugging.recorded` encodes."""

    step: Step
    probe: msgspec.Raw
    request: str = ""


class ParameterSet(Record, frozen=True, tag="parameter"):
    """A live parameter has a new value from this step on."""

    step: Step
    name: str
    old: Value
    value: Value
    request: str = ""


class Answered(Record, frozen=True, tag="answered"):
    """What became of a request of `control.jsonl`: done, or refused for a reason."""

    request: str
    refused: str = ""


class Message(Record, frozen=True, tag="message"):
    """A sentence for the user."""

    text: str
    level: Literal["info", "warning"] = "info"


class System(Record, frozen=True, tag="system"):
    """What the worker and its machine were using: `values` by names that end in a unit."""

    values: dict[str, float]


class Finished(Record, frozen=True, tag="finished"):
    """The recipe ran to its end; `results` are its last and best numbers."""

    step: Step
    results: dict[str, float | str] = {}


class Stopped(Record, frozen=True, tag="stopped"):
    """The run left early because it was asked to: by a user, or by a signal (`SIGTERM`)."""

    step: Step
    by: str

    @property
    def preempted(self) -> bool:
        """Whether the machine was taken away, which no user of the run asked for."""
        return self.by == PREEMPTION


class Failed(Record, frozen=True, tag="failed"):
    """The run ended with an error.

    `kind` tells a full memory or disk, and numbers that are not finite, from the recipe's own errors.
    """

    step: Step
    title: str
    remedy: str = ""
    kind: FaultKind = "error"
    exception: str = ""
    traceback: str = ""


Ended = Finished | Stopped | Failed
Lifecycle = Queued | Started | Progress | Paused | Resumed | Stopping | Ended
Event = (
    Queued
    | Started
    | Metrics
    | Progress
    | Paused
    | Resumed
    | Stopping
    | Checkpoint
    | FigureShown
    | ProbeTaken
    | ParameterSet
    | Answered
    | Message
    | System
    | Finished
    | Stopped
    | Failed
)

METRICS_PREFIX = b'{"type":"metrics"'
