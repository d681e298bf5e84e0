"""The states that a run can be in; apart, since every screen colours them before any run is read."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """What a run is doing."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    FINISHED = "finished"
    STOPPED = "stopped"
    PREEMPTED = "preempted"
    FAILED = "failed"
    LOST = "lost"
    LIVE = "live"  # another program's, whose files still grow
    RECORDED = "recorded"  # another program's, whose files have long been silent

    @property
    def ended(self) -> bool:
        return self in _ENDED


_ENDED = {State.FINISHED, State.STOPPED, State.PREEMPTED, State.FAILED, State.LOST, State.RECORDED}
