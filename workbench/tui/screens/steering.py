"""What the list of runs and the page of a run share: steering a run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from textual.message import Message

from workbench.errors import WorkbenchError
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.state import State
from workbench.tui import keys
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.screens.question import QuestionScreen

KEYS = keys.bindings("run.stop", "run.pause", "run.resume", "run.continue", "run.delete")

_STEERABLE = {State.RUNNING, State.PAUSED}
_ENDED = {state for state in State if state.ended}
_ALLOWED = {
    "stop": {State.QUEUED, State.STARTING, State.RUNNING, State.PAUSED},
    "pause": {State.RUNNING, State.STARTING},
    "resume": {State.PAUSED},
    "set": _STEERABLE,
    "checkpoint": _STEERABLE,
    "continue": _ENDED,
    "delete": _ENDED,
}


@dataclass(frozen=True)
class Target:
    """The run that the keys mean."""

    folder: RunFolder
    state: State


class SteeringScreen(WorkbenchScreen[None]):
    """Its actions ask the worker; what becomes of it is seen in the run's record."""

    @dataclass
    class Asked(Message):
        """A request is in the run's control file; `wish` says what for, in words."""

        folder: RunFolder
        request: control.Request
        wish: str

    @dataclass
    class Started(Message):
        """Another attempt of a run was started."""

        folder: RunFolder

    @dataclass
    class Deleted(Message):
        """A run is no more."""

        folder: RunFolder

    @property
    def target(self) -> Target | None:
        """The run that the keys mean, if there is one."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what the run's state allows is offered."""
        if action in _ALLOWED:
            target = self.target if self.is_mounted else None
            if target is None or target.folder.read_only:
                return False
            return target.state in _ALLOWED[action]
        return super().check_action(action, parameters)

    def ask(self, folder: RunFolder, request: control.Request, wish: str) -> None:
        """Write a request down for the worker."""

        def write() -> Message:
            try:
                return self.Asked(folder, control.ask(folder.control_file, request), wish)
            except OSError as fault:
                raise WorkbenchError(f"{folder.name} cannot be asked: {fault.strerror}") from None

        self.in_thread(write, "ask", exclusive=False)

    def action_pause(self) -> None:
        if self.target is not None:
            self.ask(self.target.folder, control.Pause(), "pause")

    def action_resume(self) -> None:
        if self.target is not None:
            self.ask(self.target.folder, control.Resume(), "resume")

    def action_stop(self) -> None:
        if self.target is None:
            return
        folder = self.target.folder
        question = QuestionScreen(
            f"Stop {folder.name}?",
            "It writes a checkpoint first, and can be continued from there.",
            yes="stop now",
            other="after this epoch",
        )
        self.app.push_screen(question, partial(self._stop, folder))

    def _stop(self, folder: RunFolder, way: str | None) -> None:
        if way:
            when = control.Stop(when="now" if way == "yes" else "epoch")
            self.ask(folder, when, "stop")

    def action_continue(self) -> None:
        if self.target is None:
            return
        folder = self.target.folder

        def start() -> Message:
            from workbench.workers.launch import resume  # noqa: PLC0415  # it brings numpy

            resume(folder, standby=self.session.standby)
            return self.Started(folder)

        self.in_thread(start, "continue")

    def on_steering_screen_started(self, message: Started) -> None:
        self.tell(f"{message.folder.name} trains on")
        self.workbench.read_runs()

    def action_delete(self) -> None:
        if self.target is None:
            return
        folder = self.target.folder
        question = QuestionScreen(
            f"Delete {folder.name}?",
            "Its curves, log and checkpoints are gone for good.",
            yes="delete it",
        )
        self.app.push_screen(question, partial(self._delete, folder))

    def _delete(self, folder: RunFolder, way: str | None) -> None:
        if way != "yes":
            return

        def remove() -> Message:
            from workbench.workers.launch import delete  # noqa: PLC0415  # it brings numpy

            delete(folder)
            return self.Deleted(folder)

        self.in_thread(remove, "delete")

    def on_steering_screen_deleted(self, message: Deleted) -> None:
        self.tell(f"{message.folder.name} is deleted")
        self.workbench.read_runs()
