"""A person's hands on a study: jobs, limits and space, single trials, and runs made of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Lock

from textual.message import Message

from workbench.errors import WorkbenchError
from workbench.params import Value
from workbench.runs import control, marks
from workbench.runs.folder import RunFolder
from workbench.runs.saved import Saved, saved
from workbench.runs.states import State
from workbench.tui import keys
from workbench.tui.screens.enqueue import EnqueueScreen
from workbench.tui.screens.note import NoteScreen
from workbench.tui.screens.page import PageScreen
from workbench.tui.screens.question import QuestionScreen
from workbench.tui.screens.set_parameter import NewValue, SetParameterScreen
from workbench.tui.screens.steering import SteeringScreen
from workbench.tui.study.asking import settable, wanted
from workbench.tui.study.facts import StudyFacts
from workbench.tui.widgets.checkpoints_table import latest
from workbench.tuning.study import JOBS, StudyFolder
from workbench.tuning.trials import ENDED, TrialRecord, run_of

HANDS = keys.bindings("steer")

_ALIVE = {State.RUNNING, State.PAUSED}
_WHILE_ALIVE = {"jobs", "set", "enqueue", "prune"}
_OF_MARKED = {"prune", "note", "launch_marked", "fork"}


class StudySteering(PageScreen):
    """Its actions ask the study's driver; the answer is told as a worker's is.

    Attributes:
        study: how the study stands, as last read.
    """

    @dataclass
    class NoteRead(Message):
        """What was noted on a trial so far."""

        trial: TrialRecord
        text: str

    @dataclass
    class Noted(Message):
        """The note on a trial is written."""

        trial: TrialRecord

    @dataclass
    class Forkable(Message):
        """A trial's checkpoint to train on from."""

        folder: RunFolder
        checkpoint: Saved

    def __init__(self, folder: RunFolder) -> None:
        super().__init__(folder)
        self.study = StudyFacts()
        self._jobs: int | None = None  # asked for, and not answered yet
        self._in_line: deque[tuple[Callable[[StudyFolder], control.Request], str]] = deque()
        self._one_writes = Lock()

    @property
    def marked(self) -> TrialRecord | None:
        """The trial under the cursor, where the trials are to be seen."""
        raise NotImplementedError

    # What can be done now.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is asked of a driver takes one that is alive; what is done to a trial, that trial."""
        if action in _OF_MARKED | _WHILE_ALIVE | {"launch_best"}:
            return self.is_mounted and self._may(action, parameters)
        return super().check_action(action, parameters)

    def _may(self, action: str, parameters: tuple[object, ...]) -> bool:
        plan, now, marked = self.study.plan, self.study.now, self.marked
        if plan is None or now is None or (action in _OF_MARKED and marked is None):
            return False
        if action in _WHILE_ALIVE and self.facts.status.state not in _ALIVE:
            # While the trials at work come to their end, one of them may still be pruned.
            return action == "prune" and self._state is State.STOPPING and _is_running(marked)
        match action:
            case "jobs":
                wished = self._wished(now.jobs, int(str(parameters[0])))
                return wished != (now.jobs if self._jobs is None else self._jobs)
            case "enqueue":
                return not plan.search and plan.sampler != "grid"
            case "launch_best":
                return self.study.best is not None
            case "prune":
                return _is_running(marked)
            case "fork":
                # Of folds a checkpoint has no weights.
                return marked is not None and marked.state in ENDED and not plan.folds
        return True

    @property
    def _state(self) -> State:
        return self.facts.status.state

    def _wished(self, jobs: int, by: int) -> int:
        most = int(JOBS.high or jobs)
        return min(max((jobs if self._jobs is None else self._jobs) + by, 1), most)

    # Jobs, limits and space.

    def action_jobs(self, by: int) -> None:
        """More or fewer; a key that is pressed again before the answer counts from what was asked."""
        if self.study.now is not None:
            self._jobs = self._wished(self.study.now.jobs, by)
            self._set(NewValue(JOBS.name, self._jobs))

    def action_set(self) -> None:
        plan, now, schema = self.study.plan, self.study.now, self.facts.schema
        if plan is not None and now is not None:
            fields, values = settable(plan, now, () if schema is None else schema.parameters)
            remark = "another range, or one value, which freezes it"
            self.app.push_screen(
                SetParameterScreen(fields, values, "" if plan.search else remark), self._set
            )

    def _set(self, chosen: NewValue | None) -> None:
        if chosen is None:
            return
        name, value = chosen.name, chosen.value

        def ask(study: StudyFolder) -> control.Request:
            from workbench.tuning.hands_on import change  # noqa: PLC0415  # it brings numpy

            return change(study, name, value)

        self._ask_driver(ask, f"{name}={value}")

    def _ask_driver(self, ask: Callable[[StudyFolder], control.Request], wish: str) -> None:
        study = StudyFolder(self.folder)
        self._in_line.append((ask, wish))

        def write() -> Message:
            # In the order of the keys, whichever thread comes first.
            with self._one_writes:
                ask, wish = self._in_line.popleft()
                return SteeringScreen.Asked(study.run, ask(study), wish)

        self.in_thread(write, "ask", exclusive=False)

    def tell_answers(self) -> None:
        """As of any run; once jobs are answered, the next key counts from those that hold."""
        refused = any(
            wish.startswith(f"{JOBS.name}=") and self.facts.answers.get(request)
            for request, wish in self._asked.items()
        )
        super().tell_answers()
        now = self.study.now
        if refused or now is None or self._jobs == now.jobs or self._state.ended:
            self._jobs = None

    def on_workbench_screen_refused(self, message: SteeringScreen.Refused) -> None:
        """What could not even be asked is no wish any more."""
        super().on_workbench_screen_refused(message)
        message.prevent_default()
        self._jobs = None

    # Single trials.

    def action_enqueue(self) -> None:
        plan, now = self.study.plan, self.study.now
        if plan is None or now is None:
            return
        like = self.marked or self.study.best
        whose = "" if like is None else f"as {like.full_name}"
        fields = wanted(plan, now, {} if like is None else like.parameters)
        self.app.push_screen(EnqueueScreen(fields, whose), self._enqueue)

    def _enqueue(self, values: dict[str, Value] | None) -> None:
        def ask(study: StudyFolder) -> control.Request:
            from workbench.tuning.hands_on import enqueue  # noqa: PLC0415  # it brings numpy

            return enqueue(study, values or {})

        if values is not None:
            self._ask_driver(ask, "add a trial")

    def action_prune(self) -> None:
        trial = self.marked
        if trial is not None:
            question = QuestionScreen(
                f"Prune {trial.run}?",
                "It writes a checkpoint and ends. It counts as one of the trials, as a pruned one.",
                yes="prune it",
            )
            self.app.push_screen(question, partial(self._prune, trial.run))

    def _prune(self, run: str, way: str | None) -> None:
        def ask(study: StudyFolder) -> control.Request:
            from workbench.tuning.hands_on import prune  # noqa: PLC0415  # it brings numpy

            return prune(study, run)

        if way == "yes":
            self._ask_driver(ask, f"prune {run}")

    def action_note(self) -> None:
        trial = self.marked
        if trial is not None:
            self.in_thread(lambda: self.NoteRead(trial, marks.read(self.run_of(trial)).note), "note")

    def on_study_steering_note_read(self, message: NoteRead) -> None:
        self.app.push_screen(
            NoteScreen(message.trial.run, message.text), partial(self._note, message.trial)
        )

    def _note(self, trial: TrialRecord, text: str | None) -> None:
        def write() -> Message:
            marks.annotate(self.run_of(trial), text or "")
            return self.Noted(trial)

        if text is not None:
            self.in_thread(write, "note")

    def on_study_steering_noted(self, message: Noted) -> None:
        self.tell(f"{message.trial.run}: noted")

    # Runs made of trials.

    def action_launch_best(self) -> None:
        best = self.study.best
        if best is not None:
            try:
                self._launch_as(self.run_of(best), best)
            except WorkbenchError:  # the study knows what it ran
                self._launch_as(self.folder, best)

    def action_launch_marked(self) -> None:
        trial = self.marked
        if trial is not None:
            try:
                self._launch_as(self.run_of(trial), trial)
            except WorkbenchError as fault:
                self.tell_error(fault)

    def _launch_as(self, origin: RunFolder, trial: TrialRecord) -> None:
        from workbench.tui.screens.again import AgainScreen  # noqa: PLC0415  # a form as any other

        name = trial.full_name if trial.study else f"{self.folder.name}/{trial.run}"
        self.app.push_screen(AgainScreen(origin, name))

    def action_fork(self) -> None:
        """Train the marked trial on, from its last checkpoint: a run of its own."""
        trial = self.marked

        def look() -> Message:
            assert trial is not None
            folder = self.run_of(trial)
            last = latest(saved(folder, ()))
            if last is None:
                raise WorkbenchError(f"{trial.run} has no checkpoint to train on from")
            return self.Forkable(folder, last)

        if trial is not None:
            self.in_thread(look, "fork")

    def on_study_steering_forkable(self, message: Forkable) -> None:
        self.workbench.show_fork(message.folder, message.checkpoint)

    def run_of(self, trial: TrialRecord) -> RunFolder:
        """The trial's run.

        Raises:
            NotFoundError: when it is not there.
        """
        return run_of(StudyFolder(self.folder), trial)


def _is_running(trial: TrialRecord | None) -> bool:
    return trial is not None and trial.state == "running"
