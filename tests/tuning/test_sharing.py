"""Several drivers on one storage: every trial has one owner and one place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from workbench.tuning import search as searches
from workbench.tuning.search import CUT_SHORT, ONE_TOO_MANY, RUN, Search
from workbench.tuning.storage import Storage
from workbench.tuning.study import StudyFolder

Make = Callable[..., StudyFolder]


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/shared.db"


@pytest.fixture
def two(study: Make, address: str) -> Callable[..., tuple[Search, Search]]:
    """Two drivers' views of one study."""

    def make(**wish: object) -> tuple[Search, Search]:
        folders = [study(storage=address, name="both", **wish) for _ in range(2)]
        first, second = (Search(f, f.plan(), Storage(f, address)) for f in folders)
        return first, second

    return make


def test_of_trials_begun_at_one_instant_those_beyond_the_last_have_no_place(
    two: Callable[..., tuple[Search, Search]],
) -> None:
    one, other = two(trials=2)
    asked = [(search, search.ask()[0]) for search in (one, other, one, other)]
    assert [search.has_place(trial, 2) for search, trial in asked] == [True, True, False, False]
    one.give_back(asked[2][1])
    other.give_back(asked[3][1])
    assert one.counted() == []
    # One that is cut short and tried again keeps its place, also where another driver tries it.
    one.again(asked[0][1], "its worker was preempted")
    again, _ = other.ask()
    assert again.number == 4
    assert other.has_place(again, 2)
    # And a higher limit makes room for others.
    assert other.has_place(one.ask()[0], 3)


def test_a_grid_that_two_drivers_queued_is_tried_once(
    two: Callable[..., tuple[Search, Search]],
) -> None:
    one, other = two(words={"width": "1..2"}, sampler="grid")
    # As if both had looked before either had queued anything.
    for point in ({"width": 1}, {"width": 2}):
        other.study.enqueue_trial(point)
    asked = [(search, search.ask()) for search in (one, other, one, other)]
    placed = [values["width"] for search, (trial, values) in asked if search.has_place(trial, 2)]
    assert sorted(placed) == [1, 2]


def test_every_trial_has_an_owner_before_it_has_values(
    two: Callable[..., tuple[Search, Search]],
    address: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, _ = two(trials=2)

    class KilledError(Exception):
        pass

    def killed(*_: object) -> None:
        raise KilledError

    monkeypatch.setattr(one.study.sampler, "sample_independent", killed)
    with pytest.raises(KilledError):
        one.ask()
    (frozen,) = optuna.load_study(storage=address, study_name="both").trials
    assert frozen.state is TrialState.RUNNING
    assert frozen.user_attrs[RUN].endswith("-0001/trial-0000")
    assert [(trial.number, run) for trial, run in one.left_running()] == [(0, "trial-0000")]


def test_a_trial_whose_driver_died_before_it_said_so_is_taken_up_after_a_while(
    two: Callable[..., tuple[Search, Search]], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = two(trials=2)
    optuna.load_study(storage=address, study_name="both").ask()
    assert list(one.left_running()) == []
    monkeypatch.setattr(searches, "ORPHAN_AGE", timedelta(0))
    ((trial, run),) = one.left_running()
    one.again(trial, "nobody's")
    assert run == ""
    states = [t.state for t in optuna.load_study(storage=address, study_name="both").trials]
    assert states == [TrialState.FAIL, TrialState.WAITING]


def test_a_trial_too_many_is_no_trial_of_the_study(two: Callable[..., tuple[Search, Search]]) -> None:
    one, _ = two(trials=1)
    trial, _ = one.ask()
    one.give_back(trial)
    assert one.own_ended() == []
    (frozen,) = one.study.trials
    assert frozen.user_attrs[CUT_SHORT] == ONE_TOO_MANY
    assert frozen.state is TrialState.FAIL


def test_a_study_about_another_metric_is_refused(study: Make, address: str) -> None:
    folder = study(storage=address, name="both")
    Search(folder, folder.plan(), Storage(folder, address))
    for metric, way, said in (
        ("val/size", "min", "is about val/loss"),
        ("val/loss", "max", "goes another way"),
        ("val/loss,val/size", "min,min", "or for other metrics"),
    ):
        other = study(storage=address, name="both", metric=metric, way=way)
        with pytest.raises(searches.UsageError, match=said):
            Search(other, other.plan(), Storage(other, address))


def test_a_trial_that_ends_while_another_driver_looks_is_counted_once(
    two: Callable[..., tuple[Search, Search]], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two(trials=3)
    trial, _ = other.ask()
    look = one.study.get_trials

    def look_then_end(*args: object, **words: object) -> object:
        found = look(*args, **words)  # type: ignore[arg-type]
        other.complete(trial, [0.5])
        return found

    monkeypatch.setattr(one.study, "get_trials", look_then_end)
    assert one.taken() == 1
