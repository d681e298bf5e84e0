"""The study as Optuna keeps it: asking for trials, telling how they ended. Imports Optuna."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

import optuna
from optuna.storages import BaseStorage, JournalStorage, get_storage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState

from workbench.errors import UsageError, WorkbenchError
from workbench.params import Value
from workbench.tuning import samplers
from workbench.tuning.study import Plan, StudyFolder

# Attributes of trials in Optuna's record; whoever opens the study with Optuna's own tools sees them.
RUN = "workbench_run"  # study and run of a trial, `tune-images-cnn-0001/trial-0003`
AGAIN_OF = "workbench_again_of"  # number of the trial that was cut short and is tried again by this one
CUT_SHORT = "workbench_cut_short"  # why a trial is tried again under another number
RECIPE = "workbench_recipe"  # of the study

STALE_LOCK_S = 1.0
_SEED_LIMIT = 2**31
_DIRECTION = {"min": StudyDirection.MINIMIZE, "max": StudyDirection.MAXIMIZE}


class Search:
    """One driver's view of the study in its storage; others may work on the same one.

    Raises:
        WorkbenchError: from every method, when the storage cannot be reached (any more).
        UsageError: when the storage has a study of that name which is another one.
    """

    def __init__(self, folder: StudyFolder, plan: Plan) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._name = folder.name
        self._plan = plan
        self._shared = bool(plan.storage)
        self._where = plan.storage or str(folder.journal_file)
        self._distributions = samplers.distributions(plan.space)
        # An address that is none, a package that it needs, a journal that is damaged.
        with self._reaching(ValueError, ImportError, KeyError, RuntimeError):
            self.study = self._open(folder)
            if plan.sampler == "grid":
                self._queue_grid()

    def ask(self) -> tuple[Trial, dict[str, Value]]:
        """A new trial, or one that is queued, with its searched values."""
        with self._reaching():
            trial = self.study.ask(self._distributions)
            return trial, dict(trial.params)

    def began(self, trial: Trial, run: str) -> None:
        """Note which run the trial is."""
        with self._reaching():
            trial.set_user_attr(RUN, f"{self._name}/{run}")

    def report(self, trial: Trial, value: float, epoch: int) -> None:
        """An intermediate value."""
        with self._reaching():
            trial.report(value, epoch)

    def should_prune(self, trial: Trial) -> bool:
        """Whether the trial is not worth its time, by what it has reported."""
        with self._reaching():
            return trial.should_prune()

    def complete(self, trial: Trial, value: float) -> None:
        with self._reaching():
            self.study.tell(trial, value, skip_if_finished=True)

    def pruned(self, trial: Trial) -> None:
        with self._reaching():
            self.study.tell(trial, state=TrialState.PRUNED, skip_if_finished=True)

    def failed(self, trial: Trial, reason: str) -> None:
        with self._reaching():
            trial.set_user_attr("fail_reason", reason)
            self.study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)

    def again(self, trial: Trial, reason: str) -> None:
        """Queue what the trial tries once more, and end it as one that does not count."""
        with self._reaching():
            trials = self.study.get_trials(deepcopy=False)
            if not any(other.user_attrs.get(AGAIN_OF) == trial.number for other in trials):
                # Before its end, so that a driver killed in between leaves nothing undone.
                frozen = trials[trial.number]
                values = {**frozen.system_attrs.get("fixed_params", {}), **frozen.params}
                self.study.enqueue_trial(values, {AGAIN_OF: trial.number})
            trial.set_user_attr(CUT_SHORT, reason)
            self.study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)

    def forerunner(self, trial: Trial) -> str:
        """The run of this study that the trial goes on with; empty for a trial that begins anew."""
        with self._reaching():
            number = trial.user_attrs.get(AGAIN_OF)
            while number is not None:
                before = self.study.get_trials(deepcopy=False)[number]
                study, _, run = str(before.user_attrs.get(RUN, "")).partition("/")
                if run and study == self._name:
                    return run
                number = before.user_attrs.get(AGAIN_OF)
        return ""

    def left_running(self) -> Iterator[tuple[Trial, str]]:
        """The trials that a forerunner of this driver did not end; each with its run's name, if any."""
        with self._reaching():
            running = self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        for frozen in running:
            study, _, run = str(frozen.user_attrs.get(RUN, "")).partition("/")
            if study == self._name or not (study or self._shared):
                yield Trial(self.study, frozen._trial_id), run

    def counted(self) -> list[FrozenTrial]:
        """The trials that count: all that ended, by whichever driver, but for those cut short."""
        with self._reaching():
            ended = self.study.get_trials(deepcopy=False)
        return [t for t in ended if t.state.is_finished() and CUT_SHORT not in t.user_attrs]

    def own_ended(self) -> list[FrozenTrial]:
        """The trials of this study's drivers that ended, those cut short among them."""
        with self._reaching():
            trials = self.study.get_trials(deepcopy=False)
        own = f"{self._name}/"
        return [
            t
            for t in trials
            if t.state.is_finished() and str(t.user_attrs.get(RUN, "")).startswith(own)
        ]

    def elsewhere(self) -> int:
        """How many trials other drivers of this storage are at."""
        if not self._shared:
            return 0
        with self._reaching():
            running = self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        owners = [str(trial.user_attrs.get(RUN, "")).partition("/")[0] for trial in running]
        return sum(owner not in {"", self._name} for owner in owners)

    def _open(self, folder: StudyFolder) -> optuna.Study:
        storage = _storage(self._plan.storage, folder.journal_file)
        study = optuna.create_study(
            storage=storage,
            study_name=self._plan.name or folder.name,
            direction=_DIRECTION[self._plan.direction],
            pruner=samplers.make_pruner(self._plan),
            load_if_exists=True,
        )
        self._refuse_another(study)
        # A generator that began anew at each attempt would draw the same points again.
        drawn = len(study.get_trials(deepcopy=False))
        own = crc32(folder.name.encode()) if drawn and self._shared else 0
        study.sampler = samplers.make_sampler(self._plan, (self._plan.seed + drawn + own) % _SEED_LIMIT)
        return study

    def _refuse_another(self, study: optuna.Study) -> None:
        recipe = self._plan.recipe.id
        known = study.user_attrs.get(RECIPE)
        if known is None and not study.get_trials(deepcopy=False):
            study.set_user_attr(RECIPE, recipe)
            with samplers.experimental():
                study.set_metric_names([self._plan.metric])
        elif known != recipe:
            whose = f"of {known}" if known else "that the workbench did not make"
            raise UsageError(
                f"{self._where} has a study {study.study_name!r} {whose}, not of {recipe}",
                "give this one another name with --study",
            )
        if study.direction != _DIRECTION[self._plan.direction]:
            raise UsageError(
                f"the study {study.study_name!r} in {self._where} goes the other way",
                "give this one another name with --study, or its direction with --direction",
            )

    def _queue_grid(self) -> None:
        """Queue the points that are in no trial yet, so that none is left out and none tried twice."""
        trials = self.study.get_trials(deepcopy=False)
        there = {_point(t.system_attrs.get("fixed_params", t.params)) for t in trials}
        for point in samplers.grid(self._plan.space, self._plan.seed):
            if _point(point) not in there:
                self.study.enqueue_trial(point)

    @contextmanager
    def _reaching(self, *more: type[Exception]) -> Iterator[None]:
        try:
            yield
        except (*_storage_faults(), *more) as fault:
            said = str(fault).strip().partition("\n")[0]
            raise WorkbenchError(
                f"the study's storage {_without_password(self._where)} cannot be used: {said}",
                f"when it can be reached again: workbench tune --resume {self._name}",
            ) from fault


def _storage(address: str, journal: Path) -> BaseStorage:
    if address:
        return get_storage(address)
    _drop_stale_lock(journal.with_name(f"{journal.name}.lock"))
    _drop_torn_line(journal)
    return JournalStorage(JournalFileBackend(str(journal)))


def _drop_stale_lock(link: Path) -> None:
    """Remove the lock that a driver which was killed as it wrote left: Optuna would wait 30 s for it.

    Whoever lives holds it for the time of one write. Of this study's drivers only this one is alive.
    """
    held = _made(link)
    deadline = time.monotonic() + STALE_LOCK_S
    while held is not None and _made(link) == held:
        if time.monotonic() > deadline:
            link.unlink(missing_ok=True)
            return
        time.sleep(STALE_LOCK_S / 20)


def _made(link: Path) -> tuple[int, int] | None:
    """Which link it is and when it was made; None where there is none."""
    try:
        found = link.lstat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_ctime_ns


def _drop_torn_line(journal: Path) -> None:
    """Cut off a last line that a killed driver left half-written: Optuna would stumble over it."""
    try:
        with journal.open("r+b") as file:
            whole = file.read()
            end = whole.rfind(b"\n") + 1
            if end < len(whole):
                file.truncate(end)
                os.fsync(file.fileno())
    except FileNotFoundError:
        return


def _storage_faults() -> tuple[type[Exception], ...]:
    """What a storage raises that is gone or full."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - slow, and only where something failed

    return (optuna.exceptions.StorageInternalError, OSError, SQLAlchemyError)


def _without_password(address: str) -> str:
    """An address without the password that may stand in it."""
    head, at, tail = address.rpartition("@")
    scheme, slashes, user = head.partition("://")
    return f"{scheme}{slashes}{user.partition(':')[0]}{at}{tail}" if at and slashes else address


def _point(values: dict[str, Value]) -> tuple[tuple[str, Value], ...]:
    return tuple(sorted(values.items()))
