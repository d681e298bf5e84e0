"""scikit-learn's searches over a study's trials. Imports scikit-learn.

The search runs in a thread of the driver, over an estimator that fits nothing itself: its samples are
the folds, its `fit` takes a trial's place, and its `score` waits until the trial's worker, which fits
the recipe's own estimator, has recorded that fold. So what is tried, how folds become means and ranks,
and who comes into the next round is scikit-learn's; processes, devices and records are the driver's.
"""

from __future__ import annotations

import math
import threading
import warnings
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - it has to be imported first
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, KFold, RandomizedSearchCV

from workbench.errors import WorkbenchError
from workbench.params import Value
from workbench.tuning.distributions import distributions, grid
from workbench.tuning.methods import HALVING_FACTOR, RESOURCE
from workbench.tuning.standing import Standing
from workbench.tuning.study import Plan, StudyFolder
from workbench.tuning.trials import ENDED, TrialReader

CHOOSES_ALL = "a search of scikit-learn's chooses all of its trials itself"


@dataclass(frozen=True)
class Candidate:
    """A row of scikit-learn's results: its number there is that of its trial."""

    number: int
    values: dict[str, Value] = field(default_factory=dict)


class _Closed(BaseException):
    """Nobody waits for the search any more; no error that scikit-learn would make a score of."""


class _Board:
    """What the thread of the search wants tried, and what the driver knows of it by now."""

    def __init__(self, folds: int) -> None:
        self.changed = threading.Condition()
        self.candidates: list[dict[str, Value]] = []
        self.scores: dict[int, tuple[float, ...]] = {}
        self.waiting: deque[int] = deque()
        self.begun: set[int] = set()
        self.closed = False
        self._folds = folds
        self._fits = 0

    def __deepcopy__(self, _memo: object) -> _Board:
        return self  # scikit-learn copies the parameters of what it clones

    def announce(self, candidates: Sequence[Mapping[str, Any]]) -> None:
        """Have these tried, where it has not begun."""
        with self.changed:
            for candidate in candidates:
                number = len(self.candidates)
                self.candidates.append({name: _plain(value) for name, value in candidate.items()})
                if number not in self.scores and number not in self.begun:
                    self.waiting.append(number)

    def fitted(self) -> int:
        """The candidate that is fitted now; each is for every fold, one after the other."""
        self._fits += 1
        return (self._fits - 1) // self._folds

    def score(self, number: int, fold: int) -> float:
        """Of a candidate's fold, once it is known."""
        with self.changed:
            self.changed.wait_for(lambda: self.closed or number in self.scores)
            if self.closed:
                raise _Closed
            return self.scores[number][fold]

    def tell(self, number: int, scores: Sequence[float | None]) -> None:
        """The scores of all folds, or NaN for what was not reached."""
        known = [math.nan if score is None else score for score in scores]
        with self.changed:
            self.scores[number] = (*known, *[math.nan] * (self._folds - len(known)))
            self.changed.notify_all()


class _Folds(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Stands in the search for the recipe's estimator; its samples are numbers of folds."""

    def __init__(self, board: _Board, values: Mapping[str, Any]) -> None:
        self.board = board
        self.values = values

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The recipe's parameters beside what it is made of."""
        own = {"board": self.board, "values": self.values}
        return {**self.values, **own} if deep else own

    def set_params(self, **values: Any) -> _Folds:
        self.values = {**self.values, **values}
        return self

    def fit(self, X: Any, y: Any = None) -> _Folds:  # noqa: ARG002, N803 - scikit-learn's names
        self.number_ = self.board.fitted()
        return self

    def score(self, X: Any, y: Any = None) -> float:  # noqa: ARG002, N803
        return self.board.score(self.number_, int(X[0, 0]))


class _Announcing:
    """A search that tells which candidates it is about to fit, so that several can be tried at once."""

    board: _Board

    def _run_search(self, evaluate_candidates: Any, *, callback_ctx: Any) -> None:
        def announced(candidates: Any, *more: Any, **options: Any) -> Any:
            listed = list(candidates)
            self.board.announce(listed)
            return evaluate_candidates(listed, *more, **options)

        super()._run_search(announced, callback_ctx=callback_ctx)  # type: ignore[misc]


class _Grid(_Announcing, GridSearchCV):  # type: ignore[misc]
    pass


class _Random(_Announcing, RandomizedSearchCV):  # type: ignore[misc]
    pass


class _Halving(_Announcing, HalvingRandomSearchCV):  # type: ignore[misc]
    pass


def _search(plan: Plan, board: _Board) -> Any:
    names = [*(dimension.name for dimension in plan.space.searched), RESOURCE]
    estimator = _Folds(board, dict.fromkeys(names))
    common: dict[str, Any] = {"cv": KFold(plan.folds), "refit": False}
    match plan.search:
        case "grid":
            made = _Grid(estimator, grid(plan.space), **common)
        case "random":
            made = _Random(
                estimator,
                distributions(plan.space),
                n_iter=plan.trials,
                random_state=plan.seed,
                **common,
            )
        case _:
            made = _Halving(
                estimator,
                distributions(plan.space),
                random_state=plan.seed,
                return_train_score=False,
                **common,
                **halving(plan),
            )
    made.board = board
    return made


def halving(plan: Plan) -> dict[str, Any]:
    """What `HalvingRandomSearchCV` is told of how many and how long."""
    return {
        "n_candidates": plan.candidates,
        "factor": HALVING_FACTOR,
        "resource": RESOURCE,
        "max_resources": int(plan.space.fixed[RESOURCE]),
        "min_resources": "exhaust",  # so that the last round has the epochs that were asked for
    }


class CandidateSearch:
    """A search of scikit-learn's as a driver asks and tells it; `trials.jsonl` is all it remembers."""

    def __init__(self, folder: StudyFolder, plan: Plan) -> None:
        self._folder = folder
        self._plan = plan
        self._fault: Exception | None = None
        self._board = _Board(plan.folds)
        self._left: dict[int, str] = {}
        self._ended: dict[int, Candidate] = {}
        for record in TrialReader(folder).read().values():
            if record.state in ENDED:
                self._end(Candidate(record.number), record.folds if record.state == "complete" else ())
            else:  # one that was to be tried again may have been begun again
                self._left[record.number] = record.run
        self._left |= self._begun_but_not_noted()
        self._board.begun.update(self._left)
        self._thread = threading.Thread(target=self._run, name="search", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        search = _search(self._plan, self._board)
        folds = np.arange(self._plan.folds).reshape(-1, 1)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of scores that are no numbers: the trials say why
                search.fit(folds)
        except _Closed:
            pass
        except Exception as fault:  # noqa: BLE001 - the driver raises it where it is waited for
            self._fault = fault

    def _begun_but_not_noted(self) -> dict[int, str]:
        """The trial that a driver began which died before it could write that down."""
        number = max((*self._left, *self._ended), default=-1) + 1
        run = self._folder.trial(number)
        return {number: run.name} if run.manifest_file.is_file() else {}

    # Asking and telling.

    def hold(self, now: Standing) -> None:
        """What it chooses from is settled when it begins; jobs and minutes are the driver's."""

    def flush(self) -> None:
        """It has nothing of its own to write: what it was told stands in the records of the trials."""

    def waiting(self) -> int:
        """Nobody queues anything here."""
        return 0

    def enqueue(self, values: dict[str, Value], request: str, client: str) -> None:  # noqa: ARG002
        """Refused: a ValueError says why."""
        raise ValueError(CHOOSES_ALL)

    def ready(self) -> bool:
        """Whether something is to be tried now; a round of halving waits for the one before it.

        Raises:
            WorkbenchError: when the search itself has failed.
        """
        if self._fault is not None:
            raise WorkbenchError(f"scikit-learn's search failed: {self._fault}") from self._fault
        return bool(self._board.waiting)

    def ask(self) -> tuple[Candidate, dict[str, Value]]:
        """The next candidate with its values."""
        with self._board.changed:
            number = self._board.waiting.popleft()
            self._board.begun.add(number)
            return Candidate(number, self._board.candidates[number]), self._board.candidates[number]

    def complete(self, trial: Candidate, values: Sequence[float | None]) -> None:
        """The scores of all folds are known."""
        self._end(trial, values)

    def failed(self, trial: Candidate, reason: str) -> None:  # noqa: ARG002
        """Its scores are no numbers, which scikit-learn ranks last."""
        self._end(trial, ())

    def pruned(self, trial: Candidate) -> None:
        """As one that failed: a search compares means over all folds."""
        self._end(trial, ())

    def again(self, trial: Candidate, reason: str) -> None:  # noqa: ARG002
        """Try it once more, under its number: it goes on in the same run."""
        with self._board.changed:
            self._board.begun.discard(trial.number)
            if trial.number < len(self._board.candidates):
                self._board.waiting.appendleft(trial.number)

    def _end(self, trial: Candidate, scores: Sequence[float | None]) -> None:
        self._ended[trial.number] = trial
        self._board.tell(trial.number, scores)

    def began(self, trial: Candidate, run: str) -> None:
        """Its number tells its run."""

    def report(self, trial: Candidate, value: float, epoch: int) -> None:
        """Scores are told at the end."""

    def last_told(self, trial: Candidate) -> int:  # noqa: ARG002
        return 0

    def should_prune(self, trial: Candidate) -> bool:  # noqa: ARG002
        """Never: every candidate has all folds."""
        return False

    # What there is.

    def own_ended(self) -> Sequence[tuple[Any, str]]:
        """Nothing: all is written down where this search reads it."""
        return []

    def at_work_elsewhere(self) -> int:
        """None: there is one driver."""
        return 0

    def elsewhere(self) -> Sequence[tuple[Any, str, str]]:
        """Nothing: there is one driver."""
        return []

    def left_running(self) -> Iterator[tuple[Candidate, str]]:
        """What a driver that died did not end."""
        while self._left:
            number, run = self._left.popitem()
            yield Candidate(number), run

    def forerunner(self, trial: Candidate) -> str:
        """The run of an earlier attempt."""
        run = self._folder.trial(trial.number)
        return run.name if run.manifest_file.is_file() else ""

    # There is one driver.

    def has_place(self, trial: Candidate, limit: int) -> bool:  # noqa: ARG002
        return True

    def give_back(self, trial: Candidate) -> None:
        """Never happens."""

    def taken(self) -> int:
        return len(self._ended)

    def close(self) -> None:
        """Let the thread end."""
        with self._board.changed:
            self._board.closed = True
            self._board.changed.notify_all()
        self._thread.join()


def _plain(value: Any) -> Value:
    return value.item() if isinstance(value, np.generic) else value  # type: ignore[no-any-return]
