"""What all foreign runs share: curves that grow, and a state told by the age of their files."""

from __future__ import annotations

import time

from workbench.params import Value
from workbench.runs.foreign.folder import ForeignFolder
from workbench.runs.history import READ_BUDGET_S, History
from workbench.runs.state import Status
from workbench.runs.states import State

# TensorBoard's writers flush every two minutes unless told otherwise: less silence means nothing.
LIVE_SILENCE_S = 300.0


class ForeignHistory(History):
    """A history that is filled from another program's files; what those do not tell stays empty.

    Attributes:
        parameters: what the files themselves tell of how the run was called.
    """

    folder: ForeignFolder

    def __post_init__(self) -> None:
        super().__post_init__()
        self.parameters: dict[str, Value] = {}

    def read(self, budget_s: float = READ_BUDGET_S) -> bool:
        """Take in what is new until the budget is spent; true when more is waiting to be read."""
        deadline = time.perf_counter() + budget_s
        try:
            while self._take_next():
                if time.perf_counter() > deadline:
                    return True
        except OSError as refused:  # another user's files: what can be read is shown
            fault = f"{refused.filename} cannot be read: {refused.strerror}"
            self.faults += [] if fault in self.faults else [fault]
        return False

    def status(self) -> Status:
        """The state now: live while the files change, recorded once they have been silent for long."""
        steps = [int(series.steps[-1]) for series in self.series.values() if len(series)]
        ends = [(series.times[0], series.times[-1]) for series in self.series.values() if len(series)]
        elapsed_s = max((last for _, last in ends), default=0.0) - min(
            (first for first, _ in ends), default=0.0
        )
        epochs = self.series.get("epoch")
        epoch = epochs.last if epochs is not None and len(epochs) else 0.0
        return status_now(
            self.folder,
            step=max(steps, default=0),
            epoch=int(epoch) if 0 <= epoch < 1 << 53 else 0,
            elapsed_s=max(float(elapsed_s), 0.0),
        )

    def _take_next(self) -> bool:
        """Take in the next block; false where nothing is waiting."""
        raise NotImplementedError


def status_now(folder: ForeignFolder, step: int, epoch: int = 0, elapsed_s: float = 0.0) -> Status:
    """The status of a foreign run that has come to `step`."""
    written = folder.written()
    live = time.time() - written < LIVE_SILENCE_S
    return Status(
        state=State.LIVE if live else State.RECORDED,
        step=step,
        epoch=epoch,
        elapsed_s=elapsed_s,
        updated=written,
        reason=f"read-only: {folder.kind.value} in {folder.path}",
    )
