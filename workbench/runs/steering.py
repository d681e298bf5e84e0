"""What a worker does between two steps: reads `control.jsonl` and obeys."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from workbench.params import Params
from workbench.runs import control, events
from workbench.runs.progress import ProgressMeter
from workbench.runs.recorder import Recorder, now

CONTROL_INTERVAL_S = 0.05
PAUSE_POLL_S = 0.05


class Steerable(Protocol):
    """The part of a recipe that steering touches."""

    params: Any

    def parameter_changed(self, name: str) -> None: ...


class NothingToSaveError(Exception):
    """The recipe has no state that a checkpoint could hold."""


class Steering:
    """Requests obeyed so far, and what they ask of the loop.

    Attributes:
        stopping: leave after this step.
        stopping_after_epoch: leave at the end of this epoch.
        stopped_by: who asked, a client or a signal's name; empty while nobody did.
        save_now: writes `last.pt` for a reason; set by whoever knows the state.
        look_inside: takes the request for a probe, and answers it; set by whoever knows the network.
        before_waiting: what is to be done before the run stands still, where no step may follow.
    """

    def __init__(
        self,
        control_file: Path | None,
        recorder: Recorder,
        meter: ProgressMeter,
        recipe: Steerable | None = None,
    ) -> None:
        self._control = None if control_file is None else control.ControlReader(control_file)
        self._waiting: list[control.AnyRequest] = []
        self._recorder = recorder
        self._meter = meter
        self._recipe = recipe
        self._due = 0.0
        self._paused = False
        self._signal = ""
        self.stopping = False
        self.stopping_after_epoch = False
        self.stopped_by = ""
        self.save_now: Callable[[str], None] = _nothing_to_save
        self.look_inside: Callable[[str], None] | None = None
        self.before_waiting: Callable[[], None] = _nothing
        if self._control is not None:
            self._skip_to_last_launch(self._control)

    def signal(self, name: str) -> None:
        """A signal asks to leave; safe to call from a signal handler, obeyed between two steps."""
        self._signal = name

    def pause(self) -> None:
        """Stand still before the next step, as if a person had asked for it."""
        self._paused = True
        self._due = 0.0

    def between_steps(self) -> None:
        """Obey what was asked; costs a clock reading where nothing is due. Returns after a pause."""
        if self._signal and not self.stopping:
            self._stop("now", by=self._signal)
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + CONTROL_INTERVAL_S
        self._obey_new()
        if self._paused and not self.stopping:
            self._wait_while_paused()

    def _skip_to_last_launch(self, reader: control.ControlReader) -> None:
        requests = reader.read()
        launches = [i for i, r in enumerate(requests) if isinstance(r, control.Launch)]
        self._waiting = requests[launches[-1] + 1 :] if launches else requests

    def _obey_new(self) -> None:
        if self._control is None:
            return
        waiting, self._waiting = self._waiting, []
        for request in waiting + self._control.read():
            self._obey(request)
        for fault in self._control.faults:
            self._recorder.record(events.Message(time=now(), text=fault, level="warning"))
        self._control.faults.clear()

    def _obey(self, request: control.AnyRequest) -> None:
        match request:
            case control.Stop(when=when, client=client):
                self._stop(when, by=client)
            case control.Pause():
                self._paused = True
            case control.Resume():
                self._paused = False
            case control.SaveCheckpoint():
                self._answer(request, self._save())
                return
            case control.Probe():
                self._look_inside(request)
                return
            case control.SetParameter():
                self._set(request)
                return
            case control.Launch():
                self._answer(request, "this run is alive already")
                return
            case control.Enqueue() | control.Prune():
                self._answer(request, "this run is no study: it has no trials")
                return
        self._answer(request, "")

    def _answer(self, request: control.AnyRequest, refused: str) -> None:
        self.answer(request.id, refused)

    def answer(self, request: str, refused: str = "") -> None:
        """Record what became of the request with that id."""
        self._recorder.record(events.Answered(time=now(), request=request, refused=refused))

    def _stop(self, when: str, by: str) -> None:
        at_epoch = when == "epoch" and self._meter.epochs > 0
        self.stopping = self.stopping or not at_epoch
        self.stopping_after_epoch = True
        self.stopped_by = by
        self._meter.stopping = True
        self._recorder.record(
            events.Stopping(
                time=now(), step=self._meter.step, by=by, when="epoch" if at_epoch else "now"
            )
        )

    def _save(self) -> str:
        try:
            self.save_now("asked")
        except NothingToSaveError:
            return "this recipe has nothing to save"
        except OSError as fault:  # a full disk is no reason to end a run that has not asked for room
            return f"it could not be written: {fault.strerror or fault}"
        return ""

    def _look_inside(self, request: control.Probe) -> None:
        if self.look_inside is None:
            self._answer(request, "no network is being trained here by the loop: nothing can be probed")
        else:
            self.look_inside(request.id)

    def _set(self, request: control.SetParameter) -> None:
        refused = self._apply(request)
        if refused:
            self._answer(request, refused)

    def _apply(self, request: control.SetParameter) -> str:
        """Give the parameter its value; what speaks against it, or nothing."""
        params: Params | None = self._recipe.params if self._recipe else None
        if self._recipe is None or params is None:
            return "this run has no parameters that it would take while running"
        live = [p.name for p in params.parameters if p.live]
        if request.name not in live:
            return f"{request.name} cannot be set while the run is alive; " + (
                f"these can: {', '.join(live)}" if live else "this recipe has none that can"
            )
        old = getattr(params, request.name)
        try:
            setattr(params, request.name, request.value)
        except ValueError as fault:
            return str(fault)
        self._recipe.parameter_changed(request.name)
        self._recorder.record(
            events.ParameterSet(
                time=now(),
                step=self._meter.step,
                name=request.name,
                old=old,
                value=getattr(params, request.name),
                request=request.id,
            )
        )
        return ""

    def _wait_while_paused(self) -> None:
        began = time.monotonic()
        self._recorder.record(events.Paused(time=now(), step=self._meter.step))
        while self._paused and not self.stopping and not self._signal:
            self.before_waiting()
            time.sleep(PAUSE_POLL_S)
            self._obey_new()
        self._meter.rest(time.monotonic() - began)
        self._paused = False
        if self._signal and not self.stopping:
            self._stop("now", by=self._signal)
        if not self.stopping:
            self._recorder.record(events.Resumed(time=now(), step=self._meter.step))


def _nothing() -> None:
    """What is done where there is nothing to do."""


def _nothing_to_save(reason: str) -> None:
    raise NothingToSaveError(reason)
