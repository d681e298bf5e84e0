"""The process that runs a study: begins trials, follows them, and tells Optuna how they ended."""

from __future__ import annotations

import contextlib
import os
import socket
import time
import traceback
from collections.abc import Callable

import msgspec
from optuna.trial import FrozenTrial, Trial, TrialState

from workbench.catalog import RecipeInfo
from workbench.errors import WorkbenchError
from workbench.params import Value, parse_all
from workbench.runs import control, events
from workbench.runs import folder as folders
from workbench.runs.folder import Manifest, RunFolder
from workbench.runs.recorder import Recorder, now
from workbench.runs.state import State, Status, status_of
from workbench.tuning.asked import Asked
from workbench.tuning.ledger import Ledger
from workbench.tuning.running import RunningTrial
from workbench.tuning.search import CUT_SHORT, RUN, Search
from workbench.tuning.study import Plan, StudyFolder
from workbench.tuning.trials import ENDED, TrialRecord
from workbench.tuning.trials import TrialState as RecordedState
from workbench.workers import launch
from workbench.workers.calling import start_worker
from workbench.workers.faults import describe
from workbench.workers.provenance import git_commit, versions
from workbench.workers.standby import Standby

POLL_S = 0.01
OTHERS_POLL_S = 0.5  # between two looks at what other drivers of the same storage have done
SAME_FAILURES = 3  # of a study in which no trial was complete: then it ends
ANY_FAILURES = 10


class Driver:
    """One attempt of a study; whatever happens is recorded. The lock is held already."""

    def __init__(self, folder: StudyFolder, standby: Standby) -> None:
        self.folder = folder
        self.plan = folder.plan()
        self._standby = standby
        self._recorder = Recorder(folder.run.events_file)
        launches = control.launches(folder.run.control_file)
        self._attempt = max(len(launches), 1)
        self._limits = _limits(self.plan, launches)
        self._ledger = Ledger(
            folder, self._recorder, self.plan, attempt=self._attempt, total=self._limits.trials
        )
        self._asked = Asked(folder.run, self._recorder)
        self._trials: dict[int, tuple[Trial, RunningTrial]] = {}
        self._adopted: set[int] = set()
        self._told_paused = False
        self._enough = False
        self._next_look = 0.0
        self._deadline = time.monotonic() + self._limits.minutes * 60

    def terminate(self, signal_name: str) -> None:
        """SIGTERM and its like: have the trials stop, then leave."""
        self._asked.signal(signal_name)

    def run(self) -> int:
        """Drive the study to its end; 0 when it finished or was stopped, 1 when it failed."""
        try:
            self._drive()
        except BaseException as fault:  # noqa: BLE001 - whatever it is, it is the study's last word
            with contextlib.suppress(WorkbenchError):  # the fault at hand came first
                self._stop_trials()
            self._recorder.record(describe(fault, self._ledger.step, self.folder.name, {}))
            traceback.print_exception(fault)
            return 1
        return 0

    def _drive(self) -> None:
        self._search = Search(self.folder, self.plan)
        ended = len(self._search.counted())
        self._recorder.record(
            events.Started(
                time=now(),
                pid=os.getpid(),
                host=socket.gethostname(),
                device="",
                attempt=self._attempt,
                step=ended,
            )
        )
        self._recover()
        self._ledger.begin(ended)
        self._ledger.progress(len(self._trials), news=True)
        self._maker = _Maker(self.folder, self.plan, self._standby)
        while True:
            news = self._turn()
            if not self._trials and self._is_over():
                break
            if not news:
                time.sleep(POLL_S)
        self._end()

    def _turn(self) -> bool:
        """Look at everything once; whether anything happened."""
        self._asked.read(self._ledger.step)
        self._hand_on_pause()
        if self._asked.stop == "now":
            self._stop_trials()
        news = False
        for number, (trial, running) in list(self._trials.items()):
            self._report(trial, running)
            status = running.end()
            if status is not None:
                self._report(trial, running)  # its last values came after what was read a moment ago
                del self._trials[number]
                self._reap(trial, running, status)
                news = True
        while self._may_begin():
            self._begin()
            news = True
        if not self._asked.paused:
            self._ledger.progress(len(self._trials), stopping=bool(self._asked.stop), news=news)
        elif news:  # what that recorded speaks of a study that goes on
            self._recorder.record(events.Paused(time=now(), step=self._ledger.step))
        return news

    # Beginning.

    def _may_begin(self) -> bool:
        if self._asked.stop or self._asked.paused or len(self._trials) >= self._limits.jobs:
            return False
        return self._maker.ready() and not self._is_out_of_time() and not self._is_enough()

    def _is_over(self) -> bool:
        """Whether no further trial will begin."""
        return bool(self._asked.stop) or self._is_out_of_time() or self._is_enough()

    def _is_out_of_time(self) -> bool:
        return bool(self._limits.minutes) and time.monotonic() >= self._deadline

    def _is_enough(self) -> bool:
        if not self._limits.trials:
            return False
        if self._enough and time.monotonic() < self._next_look:
            return True
        self._next_look = time.monotonic() + OTHERS_POLL_S
        at_work = len(self._trials) + self._search.elsewhere()
        self._enough = len(self._search.counted()) + at_work >= self._limits.trials
        return self._enough

    def _begin(self) -> None:
        trial, searched = self._search.ask()
        values = self._maker.values(searched)
        try:
            folder = self._maker.start(
                trial.number, values, self._search.forerunner(trial), self._noted(trial)
            )
        except BaseException:
            self._search.again(trial, "it could not be started")
            raise
        self._follow(trial, folder, values)

    def _noted(self, trial: Trial) -> Callable[[str], None]:
        return lambda run: self._search.began(trial, run)

    def _follow(self, trial: Trial, folder: RunFolder, values: dict[str, Value]) -> None:
        plan = self.plan
        running = RunningTrial(folder, trial.number, values, plan.metric, plan.direction)
        self._trials[trial.number] = (trial, running)
        self._ledger.write(_record(running, "running"))

    # Following.

    def _report(self, trial: Trial, running: RunningTrial) -> None:
        for reported in running.news():
            self._search.report(trial, reported.value, reported.epoch)
            if self.plan.pruner == "none" or running.pruning or self._asked.stop == "now":
                continue
            if self._search.should_prune(trial):
                running.pruning = True
                running.stop(f"pruner {self.plan.pruner}")

    def _stop_trials(self) -> None:
        for _, running in self._trials.values():
            if not running.stopping:
                running.stopping = True
                running.stop(self.folder.name)

    def _hand_on_pause(self) -> None:
        if self._asked.paused == self._told_paused:
            return
        self._told_paused = self._asked.paused
        for _, running in self._trials.values():
            running.pause(self._told_paused)

    # Ending.

    def _reap(self, trial: Trial, running: RunningTrial, status: Status) -> None:
        """Tell Optuna and the record how a trial ended."""
        state, reason = self._judge(running, status)
        value = running.best()
        match state:
            case "complete" if value is not None:
                self._search.complete(trial, value)
            case "pruned":
                self._search.pruned(trial)
            case "again":
                self._search.again(trial, reason)
                self._ledger.write(_record(running, "again", reason))
                return
            case _:
                self._search.failed(trial, reason)
        self._adopted.discard(trial.number)
        record = _record(running, state, reason, None if state == "failed" else value)
        self._ledger.ended(record, len(self._search.counted()))
        self._refuse_hopeless(running)

    def _judge(self, running: RunningTrial, status: Status) -> tuple[RecordedState, str]:
        match status.state:
            case State.FINISHED if running.best() is not None:
                return "complete", ""
            case State.FINISHED:
                return "failed", running.missing_metric() or f"it has no finite {self.plan.metric}"
            case State.STOPPED if running.stopping:
                return "again", f"the study was stopped by {self._asked.stopped_by}"
            case State.STOPPED if running.best() is not None:
                return "pruned", status.reason
            case State.PREEMPTED:
                return "again", status.reason
            case State.LOST if running.number in self._adopted:
                return "again", status.reason
            case State.LOST:  # in words that are the same for each
                return "failed", "its worker died without a last word"
        return "failed", running.failure()

    def _refuse_hopeless(self, last: RunningTrial) -> None:
        """End a study in which nothing works.

        Raises:
            WorkbenchError: with what its trials have in common.
        """
        ended = [trial for trial in self._ledger.trials.values() if trial.state in ENDED]
        if not ended or any(trial.state != "failed" for trial in ended):
            return
        missing = last.missing_metric()
        if missing and status_of(last.folder).state is State.FINISHED:
            raise WorkbenchError(
                f"{self.plan.recipe.id} does not report what counts: {missing}",
                "name one that it reports with --metric",
            )
        reasons = {trial.reason for trial in ended}
        if (len(ended) >= SAME_FAILURES and len(reasons) == 1) or len(ended) >= ANY_FAILURES:
            raise WorkbenchError(
                f"all of the first {len(ended)} trials failed: {ended[-1].reason}",
                f"the last one's output: {last.folder.output_file}",
            )

    def _end(self) -> None:
        self._ledger.progress(0, stopping=bool(self._asked.stop), news=True)
        step = self._ledger.step
        if self._asked.stop and not self._is_enough():
            stopped = events.Stopped(time=now(), step=step, by=self._asked.stopped_by)
            self._recorder.record(stopped)
            return
        finished = events.Finished(time=now(), step=step, results=self._ledger.results())
        self._recorder.record(finished)

    # After an earlier driver.

    def _recover(self) -> None:
        """Take over the trials of a driver that died, and queue again what died with it."""
        for trial, run in self._search.left_running():
            folder = RunFolder(self.folder.trials_dir / run)
            status = status_of(folder) if run and folder.manifest_file.is_file() else None
            takes_over = status is not None and status.state not in {
                State.LOST,
                State.STOPPED,
                State.PREEMPTED,
            }
            if takes_over:
                self._adopted.add(trial.number)
                self._follow(trial, folder, folder.manifest().parameters)
            else:
                self._search.again(trial, "its driver died, and it with it")
        self._catch_up()

    def _catch_up(self) -> None:
        """Record what Optuna was told and a driver that died did not come to write down."""
        for frozen in self._search.own_ended():
            known = self._ledger.trials.get(frozen.number)
            if known is None or known.state == "running":
                self._ledger.write(_from_optuna(frozen))


class _Maker:
    """Makes runs of trials, all with the same recipe, versions and commit."""

    def __init__(self, folder: StudyFolder, plan: Plan, standby: Standby) -> None:
        self._folder = folder
        self._plan = plan
        self._standby = standby
        self._info = _recipe(folder, plan)
        self._parameters = launch.schema_of(self._info, standby).parameters
        self._versions = versions()
        self._commit = git_commit(self._info.file.parent)
        folder.trials_dir.mkdir(exist_ok=True)

    def ready(self) -> bool:
        """Whether a worker would start without importing torch first.

        A recipe that is no training may do without torch, so its first trials need not wait for it.
        """
        return self._standby.ready or not self._standby.started or self._info.kind == "Recipe"

    def values(self, searched: dict[str, Value]) -> dict[str, Value]:
        """All parameters of a trial, checked."""
        return parse_all(self._parameters, {**self._plan.space.fixed, **searched})

    def start(
        self, number: int, values: dict[str, Value], forerunner: str, note: Callable[[str], None]
    ) -> RunFolder:
        """Start the run of a trial, or go on with that of the trial whose place it takes.

        `note` is told the run's name before its worker starts.
        """
        before = RunFolder(self._folder.trials_dir / forerunner) if forerunner else None
        if before is not None and before.manifest_file.is_file() and status_of(before).state.ended:
            note(before.name)
            launch.resume(before, standby=self._warm())
            return before
        plan = self._plan
        name = self._folder.trial(number).name
        manifest = Manifest(
            name=name,
            recipe=plan.recipe,
            parameters=values,
            seed=plan.seed,
            device=plan.device,
            versions=self._versions,
            git_commit=self._commit,
        )
        note(name)
        folder, _ = folders.create(manifest, self._folder.trials_dir, name=name)
        control.ask(folder.control_file, control.Launch(device=plan.device, client=self._folder.name))
        start_worker(folder, self._warm())
        return folder

    def _warm(self) -> Standby | None:
        return self._standby if self._standby.ready else None


class _Limits(msgspec.Struct, frozen=True):
    trials: int
    minutes: float
    jobs: int


def _limits(plan: Plan, launches: list[control.Launch]) -> _Limits:
    """What holds in this attempt: the plan's, changed by what its launches said."""
    limits = {"trials": plan.trials, "minutes": plan.minutes, "jobs": plan.jobs}
    for launched in launches:
        limits.update(launched.parameters)  # type: ignore[arg-type]  # checked when it was asked for
    size = plan.space.size if plan.sampler == "grid" else None
    if size is not None:
        limits["trials"] = min(limits["trials"] or size, size)
    return msgspec.convert(limits, _Limits, strict=False)


def _recipe(folder: StudyFolder, plan: Plan) -> RecipeInfo:
    info = launch.recipe_of(folder.run)
    if info.error:
        raise WorkbenchError(f"{plan.recipe.id} is no recipe: {info.error}", f"mend {info.file}")
    return info


def _record(
    running: RunningTrial, state: RecordedState, reason: str = "", value: float | None = None
) -> TrialRecord:
    return TrialRecord(
        number=running.number,
        state=state,
        run=running.folder.name,
        parameters=running.values,
        value=value,
        began=round(running.began, 3),
        ended=0.0 if state == "running" else now(),
        reason=reason,
    )


_RECORDED: dict[TrialState, RecordedState] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


def _from_optuna(trial: FrozenTrial) -> TrialRecord:
    began, ended = trial.datetime_start, trial.datetime_complete
    cut_short = trial.user_attrs.get(CUT_SHORT, "")
    return TrialRecord(
        number=trial.number,
        state="again" if cut_short else _RECORDED[trial.state],
        run=str(trial.user_attrs.get(RUN, "")).partition("/")[2],
        parameters=dict(trial.params),
        value=trial.value,
        began=began.timestamp() if began else 0.0,
        ended=ended.timestamp() if ended else 0.0,
        reason=cut_short or str(trial.user_attrs.get("fail_reason", "")),
    )
