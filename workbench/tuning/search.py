"""The study as Optuna keeps it: asking for trials, telling how they ended. Imports Optuna."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from zlib import crc32

import optuna
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.study._tell import _tell_with_warning
from optuna.trial import FrozenTrial, Trial, TrialState

from workbench.errors import UsageError
from workbench.params import Value
from workbench.tuning import samplers
from workbench.tuning.drawing import Drawing
from workbench.tuning.standing import Standing
from workbench.tuning.storage import Storage, StorageGoneError, flush
from workbench.tuning.study import Plan, StudyFolder
from workbench.tuning.trials import TrialReader

# Attributes of trials in Optuna's record; whoever opens the study with Optuna's own tools sees them.
RUN = "workbench_run"  # study and run, where no number tells it: `tune-images-cnn-0001/trial-0003`
AGAIN_OF = "workbench_again_of"  # number of the trial that was cut short and is tried again by this one
CUT_SHORT = "workbench_cut_short"  # why a trial does not count: it is tried again, or was one too many
REQUEST = "workbench_request"  # of a trial that a person queued: the request's id, and who asked
ASKED_BY = "workbench_asked_by"
RECIPE = "workbench_recipe"  # of the study

ONE_TOO_MANY = "other drivers of the study had begun all of its trials"
ORPHAN_AGE = timedelta(
    minutes=1
)  # of a trial without an owner, which a driver notes within milliseconds
_FINISHED = frozenset(state for state in TrialState if state.is_finished())
_SEED_LIMIT = 2**31
_DIRECTION = {"min": StudyDirection.MINIMIZE, "max": StudyDirection.MAXIMIZE}


class Search:
    """One driver's view of the study in its storage; others may work on the same one.

    Raises:
        StorageGoneError: from every method, when the storage cannot be reached (any more).
        UsageError: when the storage has a study of that name which is another one.
    """

    def __init__(self, folder: StudyFolder, plan: Plan, storage: Storage) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._folder = folder
        self._plan = plan
        self._storage = storage
        self._reaching = storage.reaching
        self._drawing = Drawing(plan)
        # An address that is none, a package that it needs, a journal that is damaged.
        with self._reaching(ValueError, ImportError, RuntimeError):
            self.study = self._open()
            if plan.sampler == "grid":
                self._queue_grid()

    # Asking and telling.

    def ready(self) -> bool:
        """Whether there is something to try: always."""
        return True

    def close(self) -> None:
        """Nothing is held."""

    def ask(self) -> tuple[Trial, dict[str, Value]]:
        """A new trial, or one that is queued, with its searched values."""
        with self._reaching():
            trial = self.study.ask()
            self._drawing.draw(trial)
            return trial, dict(trial.params)

    def hold(self, now: Standing) -> None:
        """Search what is searched now, from the next trial on."""
        self._drawing.hold(now, self.study)

    def enqueue(self, values: dict[str, Value], request: str, client: str) -> None:
        """Queue a trial with these values, once for each request; what is not among them is drawn."""
        with self._reaching():
            if not any(trial.user_attrs.get(REQUEST) == request for trial in self._all()):
                self.study.enqueue_trial(values, {REQUEST: request, ASKED_BY: client})

    def flush(self) -> None:
        """See to it that what was told is on the disk, where the storage is the study's own."""
        with self._reaching():
            flush(self.study._storage)

    def waiting(self) -> int:
        """How many trials are queued."""
        with self._reaching():
            return len(self._all(TrialState.WAITING))

    def began(self, trial: Trial, run: str) -> None:
        """Note which run the trial is, where its number does not tell."""
        with self._reaching():
            if trial.user_attrs.get(RUN, self._usual_run(trial.number)) != self._owned(run):
                trial.set_user_attr(RUN, self._owned(run))

    def report(self, trial: Trial, value: float, epoch: int) -> None:
        """An intermediate value."""
        with self._reaching():
            trial.report(value, epoch)

    def last_told(self, trial: Trial) -> int:
        """The last epoch of which there is a value; 0 where there is none."""
        with self._reaching():
            return self.study._storage.get_trial(trial._trial_id).last_step or 0

    def should_prune(self, trial: Trial) -> bool:
        """Whether the trial is not worth its time, by what it has reported."""
        with self._reaching():
            return trial.should_prune()

    def complete(self, trial: Trial, values: Sequence[float]) -> None:
        with self._reaching():
            # Without the copy of the trial that `tell` returns.
            _tell_with_warning(self.study, trial, list(values), skip_if_finished=True)

    def pruned(self, trial: Trial) -> None:
        with self._reaching():
            self.study.tell(trial, state=TrialState.PRUNED, skip_if_finished=True)

    def failed(self, trial: Trial, reason: str) -> None:
        with self._reaching():
            if _is_open(trial):
                trial.set_user_attr("fail_reason", reason)
            self.study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)

    def again(self, trial: Trial, reason: str) -> None:
        """Queue what the trial tries once more, and end it as one that does not count."""
        with self._reaching():
            trials = self._all()
            if not any(other.user_attrs.get(AGAIN_OF) == trial.number for other in trials):
                # Before its end, so that a driver killed in between leaves nothing undone.
                frozen = trials[trial.number]
                values = {**frozen.system_attrs.get("fixed_params", {}), **frozen.params}
                self.study.enqueue_trial(values, {AGAIN_OF: trial.number})
            self._end_uncounted(trial, reason)

    # Of several drivers.

    def has_place(self, trial: Trial, limit: int) -> bool:
        """Whether the trial is one of the first `limit` of the study; the others are one too many.

        Numbers are given by the storage, one after the other. So whoever counts the trials before its
        own comes to the same answer as every other driver, however many begin one at the same instant.
        """
        if not (limit and self._storage.is_shared):
            return True
        with self._reaching():
            trials = self._all()
        first = _first_of(trials[trial.number], trials)
        before = {
            self._place(other)
            for other in trials[: first.number]
            if AGAIN_OF not in other.user_attrs and other.user_attrs.get(CUT_SHORT) != ONE_TOO_MANY
        }
        return len(before) < limit and self._place(first) not in before

    def give_back(self, trial: Trial) -> None:
        """End a trial that has no place."""
        with self._reaching():
            self._end_uncounted(trial, ONE_TOO_MANY)

    def taken(self) -> int:
        """How many trials count or are at work elsewhere, by one look: so none is counted twice."""
        with self._reaching():
            trials = self._all()
        return self._at_work_elsewhere(trials) + sum(map(_counts, trials))

    def at_work_elsewhere(self) -> int:
        """How many trials other drivers have at work."""
        with self._reaching():
            return self._at_work_elsewhere(self._all())

    def _at_work_elsewhere(self, trials: Sequence[FrozenTrial]) -> int:
        own = {"", self._folder.name}
        return sum(
            trial.state is TrialState.RUNNING and self._run_of(trial)[0] not in own
            for trial in (trials if self._storage.is_shared else ())
        )

    # What there is.

    def counted(self) -> list[FrozenTrial]:
        """The trials that count: all that ended, by whichever driver, but for those cut short."""
        with self._reaching():
            return list(filter(_counts, self._all()))

    def own_ended(self) -> list[tuple[FrozenTrial, str]]:
        """The trials of this study's drivers that ended, those cut short too; each with its run."""
        with self._reaching():
            ended = [trial for trial in self._all() if trial.state.is_finished()]
        owned = [(trial, *self._run_of(trial)) for trial in ended]
        return [
            (trial, run)
            for trial, owner, run in owned
            if owner == self._folder.name and trial.user_attrs.get(CUT_SHORT) != ONE_TOO_MANY
        ]

    def elsewhere(self) -> list[tuple[FrozenTrial, str, str]]:
        """The trials that count and others made, each with study and run, which no driver's lacks."""
        if not self._storage.is_shared:
            return []
        owned = [(trial, *self._run_of(trial)) for trial in self.counted()]
        return [found for found in owned if found[1] != self._folder.name]

    def left_running(self) -> Iterator[tuple[Trial, str]]:
        """The trials that a forerunner of this driver did not end; each with its run's name, if any."""
        with self._reaching():
            running = self._all(TrialState.RUNNING)
        for frozen in running:
            owner, run = self._run_of(frozen)
            if owner == self._folder.name or (not owner and _is_orphan(frozen)):
                with self._reaching():
                    yield Trial(self.study, frozen._trial_id), run

    def forerunner(self, trial: Trial) -> str:
        """The run of this study that the trial goes on with; empty for a trial that begins anew."""
        number = trial.user_attrs.get(AGAIN_OF)
        if number is None:
            return ""
        with self._reaching():
            trials = self._all()
        while number is not None:
            owner, run = self._run_of(trials[number])
            if run and owner == self._folder.name and self._has_begun(run):
                return run
            number = trials[number].user_attrs.get(AGAIN_OF)
        return ""

    def _has_begun(self, run: str) -> bool:
        return (self._folder.trials_dir / run / "run.json").is_file()

    def _all(self, *states: TrialState) -> list[FrozenTrial]:
        return self.study.get_trials(deepcopy=False, states=states or None)

    def _owned(self, run: str) -> str:
        return f"{self._folder.name}/{run}"

    def _usual_run(self, number: int) -> str:
        return self._owned(self._folder.trial(number).name)

    def _run_of(self, trial: FrozenTrial) -> tuple[str, str]:
        """Study and run of a trial; in a journal of one's own, the usual one needs no note."""
        usual = "" if self._storage.is_shared else self._usual_run(trial.number)
        owner, _, run = str(trial.user_attrs.get(RUN, usual)).partition("/")
        return owner, run

    def _place(self, trial: FrozenTrial) -> object:
        """What counts once: a trial, and of a grid a point, which two drivers may have queued."""
        return _point(trial) if self._plan.sampler == "grid" else trial.number

    def _end_uncounted(self, trial: Trial, reason: str) -> None:
        if _is_open(trial):
            trial.set_user_attr(CUT_SHORT, reason)
        self.study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)

    # Opening.

    def _open(self) -> optuna.Study:
        known = TrialReader(self._folder).read()
        storage = self._storage.open(has_begun=bool(known))
        study = self._load(storage, max(known)) if known else self._create(storage)
        self._refuse_another(study)
        # A generator that began anew at each attempt would draw the same points again.
        drawn = len(study.get_trials(deepcopy=False))
        own = crc32(self._folder.name.encode()) if drawn and self._storage.is_shared else 0
        seed = (self._plan.seed + drawn + own) % _SEED_LIMIT
        study.sampler = samplers.make_sampler(self._plan, seed)
        if self._storage.is_shared:
            _before_each_trial(study.sampler, lambda trial: self._note_owner(study, trial))
        return study

    def _create(self, storage: BaseStorage) -> optuna.Study:
        return optuna.create_study(
            storage=storage,
            study_name=self._plan.name or self._folder.name,
            directions=[_DIRECTION[one.direction] for one in self._plan.objectives],
            pruner=samplers.make_pruner(self._plan),
            load_if_exists=True,
        )

    def _load(self, storage: BaseStorage, last: int) -> optuna.Study:
        """The study as earlier drivers left it, of which trial number `last` is known to have begun."""
        name, pruner = self._plan.name or self._folder.name, samplers.make_pruner(self._plan)
        where = self._storage.where
        try:
            study = optuna.load_study(study_name=name, storage=storage, pruner=pruner)
        except KeyError:
            raise StorageGoneError(
                f"{where} has no study {name!r} any more", "bring back the one that had it"
            ) from None
        if last >= len(study.get_trials(deepcopy=False)):
            raise StorageGoneError(
                f"{where} does not know trial {last}, which has begun: it is an older copy",
                "bring back the newer one",
            )
        return study

    def _note_owner(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Say whose trial it is before anything else: so no trial stays running whose driver died."""
        if trial.state is TrialState.RUNNING and RUN not in trial.user_attrs:
            run = self._usual_run(trial.number)
            study._storage.set_trial_user_attr(trial._trial_id, RUN, run)
            trial.user_attrs[RUN] = run

    def _refuse_another(self, study: optuna.Study) -> None:
        recipe, where = self._plan.recipe.id, self._storage.where
        known = study.user_attrs.get(RECIPE)
        if known is None and not study.get_trials(deepcopy=False):
            study.set_user_attr(RECIPE, recipe)
            with samplers.experimental():
                study.set_metric_names([one.metric for one in self._plan.objectives])
        elif known != recipe:
            whose = f"of {known}" if known else "that the workbench did not make"
            raise UsageError(
                f"{where} has a study {study.study_name!r} {whose}, not of {recipe}",
                "give this one another name with --study",
            )
        if study.directions != [_DIRECTION[one.direction] for one in self._plan.objectives]:
            raise UsageError(
                f"the study {study.study_name!r} in {where} goes another way, or for other metrics",
                "give this one another name with --study, or its directions with --direction",
            )
        names = study.metric_names
        if names is not None and names != [one.metric for one in self._plan.objectives]:
            raise UsageError(
                f"the study {study.study_name!r} in {where} is about {', '.join(names)}",
                f"give this one another name with --study, or --metric {','.join(names)}",
            )

    def _queue_grid(self) -> None:
        """Queue the points that are in no trial yet, so that none is left out and none tried twice."""
        trials = self.study.get_trials(deepcopy=False)
        there = {_point(t) for t in trials if t.user_attrs.get(CUT_SHORT) != ONE_TOO_MANY}
        for point in samplers.grid(self._plan.space, self._plan.seed):
            if tuple(sorted(point.items())) not in there:
                self.study.enqueue_trial(point)


def _before_each_trial(sampler: BaseSampler, act: Callable[[FrozenTrial], None]) -> None:
    usual = sampler.before_trial

    def before_trial(study: optuna.Study, trial: FrozenTrial) -> None:
        act(trial)
        usual(study, trial)

    sampler.before_trial = before_trial  # type: ignore[method-assign]


def _counts(trial: FrozenTrial) -> bool:
    return trial.state in _FINISHED and CUT_SHORT not in trial.user_attrs


def _is_open(trial: Trial) -> bool:
    """Whether the trial has not ended, as one whose end an earlier driver came to tell has."""
    return not trial.study._storage.get_trial(trial._trial_id).state.is_finished()


def _is_orphan(trial: FrozenTrial) -> bool:
    began = trial.datetime_start
    return began is not None and datetime.now() - began > ORPHAN_AGE


def _first_of(trial: FrozenTrial, trials: Sequence[FrozenTrial]) -> FrozenTrial:
    """The trial whose place this one takes, however often it was cut short; or itself."""
    while (number := trial.user_attrs.get(AGAIN_OF)) is not None:
        trial = trials[number]
    return trial


def _point(trial: FrozenTrial) -> tuple[tuple[str, Value], ...]:
    return tuple(sorted(trial.system_attrs.get("fixed_params", trial.params).items()))
