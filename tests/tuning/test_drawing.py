"""What a sampler draws from after a person changed what is searched; Optuna's storage takes it all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from optuna.distributions import CategoricalDistribution

from tests.tuning.conftest import opened
from workbench.params import Value
from workbench.tuning.search import Search
from workbench.tuning.standing import after
from workbench.tuning.storage import Storage
from workbench.tuning.study import StudyFolder

Make = Callable[..., StudyFolder]
Started = Callable[..., tuple[StudyFolder, Search]]
NUMBERS = {"x": "-1..1", "width": "1..16"}


@pytest.fixture
def started(study: Make) -> Started:
    """A study with a few complete trials, in which a model-based sampler has begun to plan."""

    def make(words: dict[str, str], *, trials: int = 12, **wish: Any) -> tuple[StudyFolder, Search]:
        folder = study(words=words, pruner="none", trials=100, **wish)
        search = Search(folder, folder.plan(), Storage(folder, ""))
        for _ in draws(search, trials):
            pass
        return folder, search

    return make


def draws(search: Search, number: int) -> Iterator[dict[str, Value]]:
    for _ in range(number):
        trial, values = search.ask()
        x = values.get("x", 0.0)
        assert isinstance(x, float)
        search.complete(trial, [(x - 0.3) ** 2])
        yield values


def hold(folder: StudyFolder, search: Search, **changed: Value) -> None:
    search.hold(after(folder.plan(), changed))


@pytest.mark.parametrize("sampler", ["tpe", "gp", "random", "qmc", "nsga2"])
def test_a_range_is_narrowed_and_widened_again(started: Started, sampler: str) -> None:
    folder, search = started(NUMBERS, sampler=sampler)
    hold(folder, search, x="0.5..0.75", width="3..5")
    narrowed = list(draws(search, 3))
    assert all(0.5 <= values["x"] <= 0.75 and 3 <= values["width"] <= 5 for values in narrowed)
    hold(folder, search, x="-1..1", width="12..64")
    assert all(12 <= values["width"] <= 64 for values in draws(search, 2))
    assert len(opened(folder).trials) == 17


@pytest.mark.parametrize("sampler", ["tpe", "gp", "qmc"])
def test_what_plans_all_together_still_plans_a_range_that_changed(
    started: Started, sampler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, search = started(NUMBERS, sampler=sampler)
    hold(folder, search, x="0.5..0.75")
    monkeypatch.setattr(search.study.sampler, "sample_independent", None)  # draws single ones at random
    assert all(0.5 <= values["x"] <= 0.75 for values in draws(search, 3))


@pytest.mark.parametrize("sampler", ["tpe", "gp", "cmaes", "random", "qmc", "nsga2"])
def test_a_frozen_parameter_has_one_value_and_the_sampler_goes_on_with_the_others(
    started: Started, sampler: str
) -> None:
    folder, search = started(NUMBERS, sampler=sampler)
    hold(folder, search, width=7)
    frozen = list(draws(search, 3))
    assert {values["width"] for values in frozen} == {7}
    assert len({values["x"] for values in frozen}) == 3
    hold(folder, search)
    assert {values["width"] for values in draws(search, 4)} != {7}


@pytest.mark.parametrize("sampler", ["tpe", "gp", "random", "nsga2"])
def test_of_a_list_only_a_part_is_drawn_and_optuna_keeps_the_whole(
    started: Started, sampler: str
) -> None:
    folder, search = started({**NUMBERS, "mood": "calm,keen,crash,die"}, sampler=sampler)
    hold(folder, search, mood="keen,crash")
    assert {values["mood"] for values in draws(search, 6)} <= {"keen", "crash"}
    known = {trial.distributions["mood"] for trial in opened(folder).trials}
    assert known == {CategoricalDistribution(("calm", "keen", "crash", "die"))}


def test_a_queued_trial_has_its_values_and_the_others_are_drawn(started: Started) -> None:
    folder, search = started(NUMBERS, trials=1)
    hold(folder, search, width=7)
    search.enqueue({"x": 0.25}, "one", "ada")
    search.enqueue({"x": 0.25}, "one", "ada")  # as where a storage went away before the answer
    search.enqueue({"width": 3, "x": -0.5}, "two", "ada")
    assert search.waiting() == 2
    hold(folder, search, x="0..0.5", width=7)
    assert [(v["x"], v["width"]) for v in draws(search, 2)] == [(0.25, 7), (-0.5, 3)]
    assert search.waiting() == 0
    outside = opened(folder).trials[-1]
    assert outside.user_attrs["workbench_asked_by"] == "ada"
    assert outside.distributions["x"]._contains(-0.5)
