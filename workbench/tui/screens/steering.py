"""What the list of runs and the page of a run share: steering a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from textual.message import Message

from workbench.errors import WorkbenchError
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.states import State
from workbench.tui import keys
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.screens.question import QuestionScreen

KEYS = keys.bindings(
    "run.stop", "run.stop_by_signal", "run.pause", "run.resume", "run.continue", "run.delete"
)

_STEERABLE = {State.RUNNING, State.PAUSED}
_ENDED = {state for state in State if state.ended}
_ALLOWED = {
    "stop": {state for state in State if not state.ended},
    "pause": {State.RUNNING, State.STARTING},
    "resume": {State.PAUSED},
    "set": _STEERABLE,
    "checkpoint": _STEERABLE,
    "continue": _ENDED,
    "delete": _ENDED,
}
_MOST_NAMES = 5
_OF_MANY = {"stop", "pause", "resume", "delete"}


@dataclass(frozen=True)
class Target:
    """The run that the keys mean."""

    folder: RunFolder
    state: State

    def allows(self, action: str) -> bool:
        """Whether its state does; what another program records is never steered."""
        return not self.folder.read_only and self.state in _ALLOWED[action]


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
        """Runs are in the trash; `fault` is why the others of them are not."""

        folders: Sequence[RunFolder]
        fault: WorkbenchError | None = None

    @property
    def target(self) -> Target | None:
        """The run that the keys mean, if there is one."""
        raise NotImplementedError

    @property
    def targets(self) -> Sequence[Target]:
        """The runs that stop, pause, resume and delete mean; more than one where several are marked."""
        return () if self.target is None else (self.target,)

    def allowed(self, action: str) -> list[RunFolder]:
        """Those of the targets whose state allows an action."""
        return [target.folder for target in self.targets if target.allows(action)]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what the run's state allows is offered."""
        if action in _ALLOWED:
            if not self.is_mounted:
                return False
            if action in _OF_MANY:
                return bool(self.allowed(action))
            return self.target is not None and self.target.allows(action)
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
        self._ask_of_all("pause", control.Pause)

    def action_resume(self) -> None:
        self._ask_of_all("resume", control.Resume)

    def _ask_of_all(self, wish: str, request: Callable[[], control.Request]) -> None:
        folders = self.allowed(wish)

        def ask(way: str | None) -> None:
            for folder in folders if way == "yes" else ():
                self.ask(folder, request(), wish)

        if len(folders) > 1:
            title = f"{wish.capitalize()} {named(folders)}?"
            self.app.push_screen(QuestionScreen(title, _names(folders), yes=f"{wish} them"), ask)
        else:
            ask("yes")

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
        folders = self.allowed("delete")
        if not folders:
            return
        question = QuestionScreen(
            f"Delete {named(folders)}?",
            "For a week u in the list of runs brings back what was deleted last.",
            yes="delete it" if len(folders) == 1 else "delete them",
        )
        self.app.push_screen(question, partial(self._delete, folders))

    def _delete(self, folders: Sequence[RunFolder], way: str | None) -> None:
        if way == "yes":
            self.in_thread(partial(_discard, folders), "delete")

    def on_steering_screen_deleted(self, message: Deleted) -> None:
        if message.folders:
            verb = "is" if len(message.folders) == 1 else "are"
            self.tell(f"{named(message.folders)} {verb} deleted")
        if message.fault is not None:
            self.tell_error(message.fault)
        self.workbench.read_runs()


def named(folders: Sequence[RunFolder]) -> str:
    """One run by its name, several by their number."""
    return folders[0].name if len(folders) == 1 else f"{len(folders)} runs"


def _names(folders: Sequence[RunFolder]) -> str:
    more = f" and {len(folders) - _MOST_NAMES} more" if len(folders) > _MOST_NAMES else ""
    return ", ".join(folder.name for folder in folders[:_MOST_NAMES]) + more


def _discard(folders: Sequence[RunFolder]) -> SteeringScreen.Deleted:
    """All at one time, so that they come back together."""
    from workbench.workers.launch import discard  # noqa: PLC0415  # it brings numpy

    when_ns, gone, faults = time.time_ns(), [], []
    for folder in folders:
        try:
            discard(folder, when_ns)
        except WorkbenchError as fault:
            faults.append(fault)
        else:
            gone.append(folder)
    return SteeringScreen.Deleted(gone, faults[0] if faults else None)
