"""The process that runs a study: begins trials, follows them, and tells Optuna how they ended."""

from __future__ import annotations

import contextlib
import os
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import replace

from workbench.errors import WorkbenchError
from workbench.params import Value
from workbench.runs import control, events
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.recorder import Recorder, now
from workbench.runs.state import Status, status_of
from workbench.runs.states import State
from workbench.tuning.asked import Asked
from workbench.tuning.changing import Changes, prune
from workbench.tuning.choosing import Chosen, chooser
from workbench.tuning.folded import follow
from workbench.tuning.ledger import Ledger
from workbench.tuning.making import Maker
from workbench.tuning.running import RunningTrial
from workbench.tuning.standing import Standing, changes
from workbench.tuning.storage import Storage, StorageGoneError
from workbench.tuning.study import StudyFolder
from workbench.tuning.verdict import completed, judge, record_from_optuna, record_of, refuse_hopeless
from workbench.workers.crew import Crew
from workbench.workers.faults import describe
from workbench.workers.standby import Standby

POLL_S = 0.01
OTHERS_POLL_S = 0.5  # between two looks at what other drivers of the same storage have done
STORAGE_PATIENCE_S = 120.0  # a data base that is started anew; meanwhile the trials train on
STORAGE_RETRY_S = 1.0


class Driver:
    """One attempt of a study; whatever happens is recorded. The lock is held already.

    `storage` is the whole address of the study's storage, with its password; empty for its own journal.
    """

    def __init__(self, folder: StudyFolder, standby: Standby, storage: str = "") -> None:
        self.folder = folder
        self.plan = folder.plan()
        self._standby = standby
        self._storage = Storage(folder, storage)
        self._recorder = Recorder(folder.run.events_file)
        launches = control.launches(folder.run.control_file)
        self._attempt = max(len(launches), 1)
        self._changes = Changes(self.plan, changes(folder))
        self._ledger = Ledger(
            folder, self._recorder, self.plan, attempt=self._attempt, total=self._now.trials
        )
        self._asked = Asked(folder.run, self._recorder, self._change)
        self._trials: dict[int, tuple[Chosen, RunningTrial]] = {}
        self._adopted: set[int] = set()
        self._asked_for: tuple[Chosen, dict[str, Value]] | None = None
        self._told_paused = False
        self._enough = False
        self._next_look = 0.0
        self._next_look_elsewhere = 0.0
        self._storage_gone_at: float | None = None
        self._began = time.monotonic()

    @property
    def _now(self) -> Standing:
        """Limits and space as they stand."""
        return self._changes.now

    def terminate(self, signal_name: str) -> None:
        """SIGTERM and its like: have the trials stop, then leave."""
        self._asked.signal(signal_name)

    def run(self) -> int:
        """Drive the study to its end; 0 when it finished or was stopped, 1 when it failed."""
        self._crew = Crew(self._standby, self._ledger.workers)
        try:
            with contextlib.closing(chooser(self.folder, self.plan, self._storage)) as self._search:
                self._drive()
        except BaseException as fault:  # noqa: BLE001 - whatever it is, it is the study's last word
            with contextlib.suppress(WorkbenchError, OSError):  # the fault at hand came first
                self._stop_trials()
            self._recorder.record(describe(fault, self._ledger.step, self.folder.name, {}))
            traceback.print_exception(fault)
            return 1
        finally:
            self._crew.close()
        return 0

    def _drive(self) -> None:
        self._search.hold(self._now)
        self._recorder.record(
            events.Started(
                time=now(),
                pid=os.getpid(),
                host=socket.gethostname(),
                device="",
                attempt=self._attempt,
                step=self._ledger.step,
            )
        )
        self._recover()
        self._ledger.begin()
        self._take_in_others()
        self._ledger.progress(len(self._trials), news=True)
        self._maker = Maker(self.folder, self.plan, self._standby, self._crew)
        while True:
            try:
                news = self._turn()
                if not news:
                    self._search.flush()
                self._storage_is_there()
                if not self._trials and self._is_over():
                    break
            except StorageGoneError as fault:
                if not self._wait_for_storage(fault):
                    return
                continue
            if not news:
                self._crew.wait(POLL_S)
        self._end()

    def _turn(self) -> bool:
        """Look at everything once; whether anything happened.

        Where the storage is gone it is left in the middle, and comes back to what it did not do.
        """
        self._asked.read(self._ledger.step)
        self._hand_on_pause()
        if self._asked.stop == "now":
            self._stop_trials()
        news = False
        for number, (trial, running) in list(self._trials.items()):
            running.read()
            status = self._end_of(running)
            if status is not None:
                running.read()  # its last values came after what was read a moment ago
            elif running.has_just_begun():
                self._ledger.write(record_of(running, "running"))  # now with process and device
            self._report(trial, running)
            if status is not None:
                self._reap(trial, running, status)
                del self._trials[number]
                self._adopted.discard(number)
                self._enough = False  # one that is tried again makes room for itself
                news = True
        while self._may_begin():
            self._begin()
            news = True
        if time.monotonic() >= self._next_look_elsewhere:
            news = self._take_in_others() or news
        if not self._asked.paused:
            self._ledger.progress(len(self._trials), stopping=bool(self._asked.stop), news=news)
        elif news:  # what that recorded speaks of a study that goes on
            self._recorder.record(events.Paused(time=now(), step=self._ledger.step))
        return news

    def _change(self, request: control.AnyRequest) -> events.ParameterSet | None:
        """Do what is asked of limits, space and single trials; see `Asked`."""
        match request:
            case control.SetParameter(name=name):
                old, value = self._changes.set(request, self._maker.parameters)
                self._search.hold(self._now)
                self._ledger.total(self._now.trials)
                self._enough = False
                self._ledger.message(f"{name}: {old} → {value}, asked by {request.client}")
                return events.ParameterSet(
                    time=now(),
                    step=self._ledger.step,
                    name=name,
                    old=old,
                    value=value,
                    request=request.id,
                )
            case control.Enqueue():
                if self._asked.stop or self._is_out_of_time():
                    why = "it is being stopped" if self._asked.stop else "its minutes are over"
                    raise ValueError(f"no further trial begins: {why}")
                self._changes.enqueue(request, self._search, len(self._trials))
                self._enough = False
            case control.Prune():
                at_work = [running for _, running in self._trials.values()]
                prune(request, at_work, self._ledger.trials.values())
        return None

    # Beginning.

    def _may_begin(self) -> bool:
        if self._asked.stop or self._asked.paused or len(self._trials) >= self._now.jobs:
            return False
        if not self._maker.ready() or self._is_out_of_time() or self._is_enough():
            return False
        return self._search.ready()

    def _is_over(self) -> bool:
        """Whether no further trial will begin."""
        return bool(self._asked.stop) or self._is_out_of_time() or self._is_enough()

    def _is_out_of_time(self) -> bool:
        minutes = self._now.minutes
        return bool(minutes) and time.monotonic() >= self._began + minutes * 60

    def _is_enough(self) -> bool:
        if not self._now.trials:
            return False
        if self._enough and time.monotonic() < self._next_look:
            return True
        self._next_look = time.monotonic() + OTHERS_POLL_S
        self._enough = len(self._trials) + self._search.taken() >= self._now.trials
        return self._enough

    def _begin(self) -> None:
        """Begin a trial, or the one that a storage which went away kept from beginning."""
        self._asked_for = self._asked_for or self._search.ask()
        trial, searched = self._asked_for
        if self._search.has_place(trial, self._now.trials):
            self._start(trial, self._maker.values(searched))
        else:
            self._search.give_back(trial)
        self._asked_for = None

    def _start(self, trial: Chosen, values: dict[str, Value]) -> None:
        self._search.flush()  # a run whose trial a power cut took back would be another trial's
        try:
            folder = self._maker.start(
                trial.number, values, self._search.forerunner(trial), self._noted(trial)
            )
        except StorageGoneError:
            raise
        except BaseException:
            self._search.again(trial, "it could not be started")
            raise
        running = follow(folder, trial.number, values, self.plan)
        running.worker = self._crew.worker_of(folder)
        self._follow(trial, running)

    def _noted(self, trial: Chosen) -> Callable[[str], None]:
        return lambda run: self._search.began(trial, run)

    def _follow(self, trial: Chosen, running: RunningTrial) -> None:
        self._trials[trial.number] = (trial, running)
        self._ledger.write(record_of(running, "running"))

    # Following.

    def _report(self, trial: Chosen, running: RunningTrial) -> None:
        if running.has_new_folds():
            self._ledger.fold_ended(record_of(running, "running"))
        while running.untold and not self.plan.has_several:
            reported = running.untold[0]
            if reported.epoch > running.told:
                self._search.report(trial, reported.value, reported.epoch)
            running.untold.popleft()
            if self.plan.pruner == "none" or running.pruning or self._asked.stop == "now":
                continue
            if running.history.ended is None and self._search.should_prune(trial):
                running.pruning = True
                running.stop(f"pruner {self.plan.pruner}")

    def _end_of(self, running: RunningTrial) -> Status | None:
        status = running.end()
        if status is not None or not self._crew.has_lost(running.folder):
            return status
        if running.has_begun():
            return replace(running.history.status(), state=State.LOST)
        # Its worker left, or died of the run before, in the moment in which it was handed this one.
        self._crew.start(running.folder)
        running.worker = self._crew.worker_of(running.folder)
        return None

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

    def _reap(self, trial: Chosen, running: RunningTrial, status: Status) -> None:
        """Tell Optuna and the record how a trial ended."""
        adopted = running.number in self._adopted
        state, reason = judge(running, status, adopted=adopted, stopped_by=self._asked.stopped_by)
        record = record_of(running, state, reason)
        match state:
            case "complete":
                reached = running.fold_values() if self.plan.search else running.values_reached()
                self._search.complete(trial, reached or ())
            case "pruned":
                self._search.pruned(trial)
            case "again":
                self._search.again(trial, reason)
            case _:
                self._search.failed(trial, reason)
        ended_well = status.state in {State.FINISHED, State.STOPPED}
        self._crew.ended(running.folder, stays=ended_well)
        if state == "again":
            self._ledger.write(record)
            return
        self._ledger.ended(record)
        refuse_hopeless(self.plan, list(self._ledger.trials.values()), running)

    def _take_in_others(self) -> bool:
        """Record the trials of other drivers that ended since the last call; whether any did."""
        self._next_look_elsewhere = time.monotonic() + OTHERS_POLL_S
        known = self._ledger.trials
        new = [one for one in self._search.elsewhere() if one[0].number not in known]
        for frozen, study, run in new:
            self._ledger.ended(record_from_optuna(frozen, self.plan, run, study))
        return bool(new)

    def _end(self) -> None:
        with contextlib.suppress(StorageGoneError):  # all of it was told already
            self._search.flush()
            self._take_in_others()
            if count := self._search.at_work_elsewhere():
                noun = "trial is" if count == 1 else "trials are"
                self._ledger.message(f"{count} {noun} still at work in other drivers of the study")
        self._ledger.progress(0, stopping=bool(self._asked.stop), news=True)
        step = self._ledger.step
        if self._asked.stop and not self._is_enough():
            stopped = events.Stopped(time=now(), step=step, by=self._asked.stopped_by)
            self._recorder.record(stopped)
            return
        finished = events.Finished(time=now(), step=step, results=self._ledger.results())
        self._recorder.record(finished)

    # Without the storage.

    def _storage_is_there(self) -> None:
        if self._storage_gone_at is None:
            return
        self._storage_gone_at = None
        self._ledger.message("the storage can be used again")
        for trial, _ in self._search.left_running():
            if (
                trial.number not in self._trials
            ):  # it went away between the trial's number and its values
                self._search.again(trial, "the storage was gone when it was to begin")

    def _wait_for_storage(self, fault: StorageGoneError) -> bool:
        """Wait a moment for a storage that is gone; false where the study was stopped meanwhile.

        Raises:
            StorageGoneError: when it has been gone for too long, or the whole study was deleted.
        """
        if not self.folder.run.path.is_dir():
            raise fault
        if self._storage_gone_at is None:
            self._storage_gone_at = time.monotonic()
            self._ledger.message(
                f"{fault.title}; trials at work train on, and it is tried again for "
                f"{STORAGE_PATIENCE_S:g} seconds",
                warning=True,
            )
        if self._asked.stop:
            self._stop_trials()  # a resumption finds them where they are
            stopped = events.Stopped(time=now(), step=self._ledger.step, by=self._asked.stopped_by)
            self._recorder.record(stopped)
            return False
        if time.monotonic() - self._storage_gone_at > STORAGE_PATIENCE_S:
            raise fault
        time.sleep(STORAGE_RETRY_S)
        return True

    # After an earlier driver.

    def _recover(self) -> None:
        """Take over the trials of a driver that died, and queue again what died with it."""
        for trial, run in self._search.left_running():
            folder = RunFolder(self.folder.trials_dir / run)
            status = status_of(folder) if run and folder.manifest_file.is_file() else None
            if status is not None and self._takes_over(folder, status):
                self._adopt(trial, folder)
            else:
                self._search.again(trial, "its driver died, and it with it")
        self._catch_up()

    def _takes_over(self, folder: RunFolder, status: Status) -> bool:
        """Whether the run is at work or came to its end, be it that it was pruned."""
        if status.state is State.STOPPED:
            stopped = History(folder).read_all().ended
            return isinstance(stopped, events.Stopped) and stopped.by != self.folder.name
        return status.state not in {State.LOST, State.PREEMPTED}

    def _adopt(self, trial: Chosen, folder: RunFolder) -> None:
        known = self._ledger.trials.get(trial.number)
        manifest = folder.manifest()
        running = follow(
            folder,
            trial.number,
            manifest.parameters,
            self.plan,
            began=known.began if known is not None else manifest.created,
        )
        running.told = self._search.last_told(trial)
        running.worker = 0 if known is None else known.worker
        self._adopted.add(trial.number)
        self._follow(trial, running)

    def _catch_up(self) -> None:
        """Record what Optuna was told and a driver that died did not come to write down."""
        for frozen, run in self._search.own_ended():
            known = self._ledger.trials.get(frozen.number)
            if known is None or known.state == "running":
                found = record_from_optuna(frozen, self.plan, run)
                self._ledger.write(found if known is None else completed(known, found))
