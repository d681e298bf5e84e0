"""The state of a run, derived from its last records and its lock; it is stored nowhere."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass, replace

import msgspec

from workbench import units
from workbench.runs import control, events, lock
from workbench.runs.folder import RunFolder
from workbench.runs.jsonl import DAMAGED
from workbench.runs.states import State

TAIL_BYTES = 32_768
LAUNCH_PATIENCE_S = 30.0  # a cold interpreter; the lock is taken before torch is imported
REMOTE_SILENCE_S = 6 * lock.HEARTBEAT_S


@dataclass(frozen=True)
class Status:
    """Where a run stands, as far as its last records tell; `kind` is that of a failure."""

    state: State = State.STARTING
    step: int = 0
    total: int = 0
    epoch: int = 0
    epochs: int = 0
    elapsed_s: float = 0.0
    eta_s: float | None = None
    best: events.Best | None = None
    device: str = ""
    attempt: int = 1
    phase: str = ""
    pid: int = 0
    host: str = ""
    updated: float = 0.0
    reason: str = ""
    remedy: str = ""
    kind: str = ""

    @property
    def fraction(self) -> float | None:
        """How much is done, 0 to 1, or None where the total is not known."""
        if self.state is State.FINISHED:
            return 1.0
        return min(self.step / self.total, 1.0) if self.total else None

    def after(self, record: events.Lifecycle) -> Status:
        """The status once `record` has happened."""
        seen = replace(self, updated=record.time)
        match record:
            case events.Queued(device=device, waiting_for=whom):
                state = State.QUEUED if whom else State.STARTING
                waiting = replace(seen, state=state, device=device, reason=whom)
                return replace(waiting, remedy="", kind="")
            case events.Started():
                return replace(
                    seen,
                    state=State.RUNNING,
                    step=record.step,
                    device=record.device,
                    attempt=record.attempt,
                    pid=record.pid,
                    host=record.host,
                    eta_s=None,
                    reason="",
                    remedy="",
                    kind="",
                )
            case events.Progress():
                return seen._progressed(record)
            case events.Paused(step=step):
                return replace(seen, state=State.PAUSED, step=step)
            case events.Resumed(step=step):
                return replace(seen, state=State.RUNNING, step=step)
            case events.Stopping(step=step, by=by):
                return replace(seen, state=State.STOPPING, step=step, reason=f"asked by {by}")
            case _:
                return seen._ended(record)

    def _progressed(self, record: events.Progress) -> Status:
        return replace(
            self,
            state=State.STOPPING if record.stopping else State.RUNNING,
            step=record.step,
            total=record.total,
            epoch=record.epoch,
            epochs=record.epochs,
            elapsed_s=record.elapsed_s,
            eta_s=record.eta_s,
            best=record.best,
            device=record.device or self.device,
            attempt=record.attempt,
            phase=record.phase,
        )

    def _ended(self, record: events.Ended) -> Status:
        done = replace(self, step=record.step, eta_s=None, phase="", remedy="", kind="")
        match record:
            case events.Finished():
                return replace(done, state=State.FINISHED, reason="")
            case events.Stopped(by=by) if record.preempted:
                reason = f"preempted ({by}) at step {record.step:,}"
                return replace(done, state=State.PREEMPTED, reason=reason)
            case events.Stopped(by=by):
                return replace(done, state=State.STOPPED, reason=f"stopped by {by}")
            case events.Failed():
                return replace(
                    done,
                    state=State.FAILED,
                    reason=record.title,
                    remedy=record.remedy,
                    kind=record.kind,
                )


def status_of(folder: RunFolder) -> Status:
    """The state now, from the end of `events.jsonl`: its cost does not grow with the run."""
    return with_life(folder, _from_tail(folder))


def with_life(folder: RunFolder, recorded: Status) -> Status:
    """`recorded` corrected by what the lock and the last launch say: no dead worker is ever running."""
    status = _corrected(folder, recorded)
    if status.state is not State.PREEMPTED:
        return status
    return replace(status, remedy=f"resume it with: workbench resume {folder.name}")


def _corrected(folder: RunFolder, recorded: Status) -> Status:
    holding = lock.holder(folder.lock_file)
    if holding is None and not recorded.state.ended:
        # It may have ended since `recorded` was read: only what is read now can be its last word.
        recorded = _from_tail(folder)
    launches = control.launches(folder.control_file)
    launched = max((launch.time for launch in launches), default=0.0)
    # A new attempt of which nothing is recorded yet; the count settles it where clocks differ.
    anew = recorded.attempt < len(launches) and recorded.updated < launched
    if holding is not None:
        alive = replace(recorded, pid=holding.pid, host=holding.host)
        if anew:
            return _starting(alive)
        return recorded if recorded.state.ended else alive
    if recorded.state.ended and not anew:
        return recorded
    asked = (launched or _created(folder)) if anew or not recorded.updated else 0.0
    # A clock that was set back must not make it wait for what never comes.
    if abs(time.time() - asked) < LAUNCH_PATIENCE_S:
        return _starting(recorded)
    return _without_worker(folder, recorded, launched)


def _starting(recorded: Status) -> Status:
    return replace(recorded, state=State.STARTING, eta_s=None, reason="", remedy="", kind="")


def _without_worker(folder: RunFolder, recorded: Status, launched: float) -> Status:
    last = lock.last_holder(folder.lock_file)
    if last is not None and last.host != socket.gethostname():
        silence_s = time.time() - max(last.seen, recorded.updated)
        if abs(silence_s) < REMOTE_SILENCE_S:
            return replace(recorded, pid=last.pid, host=last.host)
    return replace(
        recorded,
        state=State.LOST,
        eta_s=None,
        kind="",
        pid=0 if last is None else last.pid,
        host=recorded.host if last is None else last.host,
        reason=_why_lost(recorded, last, launched),
        remedy=f"continue it with: workbench resume {folder.name}",
    )


def _why_lost(recorded: Status, last: lock.Holder | None, launched: float) -> str:
    heard = max(recorded.updated, 0.0 if last is None else last.seen)
    if heard <= launched:
        return "its worker never started; output.log may say why"
    who = "" if last is None else f" (pid {last.pid} on {last.host})"
    if not recorded.updated:
        return f"its worker{who} died before its first record; output.log may say why"
    silence = units.age(time.time() - recorded.updated)
    return f"its worker{who} died without a last word; last record at step {recorded.step}, {silence}"


def _created(folder: RunFolder) -> float:
    """When run.json was written; its first launch is asked for a moment later."""
    try:
        return folder.manifest_file.stat().st_mtime
    except OSError:
        return 0.0


_decoder: msgspec.json.Decoder[events.Event] = msgspec.json.Decoder(events.Event)


def _from_tail(folder: RunFolder) -> Status:
    size = TAIL_BYTES
    while True:
        tail, whole = _tail(folder, size)
        status = Status()
        found = False  # a record that tells all that a status holds
        for line in tail.split(b"\n"):
            if line.startswith(events.METRICS_PREFIX):
                continue
            try:
                record = _decoder.decode(line)
            except DAMAGED:
                continue  # cut by the start of the tail, half-written, or damaged: History reports it
            if isinstance(record, events.Lifecycle):
                status = status.after(record)
                found = found or isinstance(record, events.Progress | events.Started)
        if whole or found:
            return status
        size *= 8


def _tail(folder: RunFolder, size: int) -> tuple[bytes, bool]:
    try:
        with folder.events_file.open("rb", buffering=0) as file:
            end = os.fstat(file.fileno()).st_size
            start = max(end - size, 0)
            return os.pread(file.fileno(), end - start, start), start == 0
    except FileNotFoundError:
        return b"", True
