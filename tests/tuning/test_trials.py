"""The best of the trials, and the front of those that no other one beats."""

from __future__ import annotations

from msgspec.structs import replace

from workbench.runs.folder import RecipeReference
from workbench.tuning.space import Space
from workbench.tuning.study import Objective, Plan
from workbench.tuning.trials import TrialRecord, best, pareto, winner


def trial(number: int, *values: float, state: str = "complete") -> TrialRecord:
    return TrialRecord(
        number=number,
        state=state,  # type: ignore[arg-type]
        run=f"trial-{number}",
        value=values[0],
        values=values if len(values) > 1 else (),
    )


def test_the_earlier_of_two_that_are_as_good_is_the_best() -> None:
    found = best([trial(2, 0.5), trial(1, 0.5), trial(3, 0.9), trial(0, 0.1, state="pruned")], "min")
    assert found is not None and found.number == 1


def test_the_front_is_what_no_other_trial_beats_in_every_metric() -> None:
    # Accuracy up, seconds down.
    trials = [
        trial(0, 0.90, 10.0),
        trial(1, 0.95, 20.0),
        trial(2, 0.94, 30.0),  # slower than 1 and worse
        trial(3, 0.90, 12.0),  # as good as 0 and slower
        trial(4, 0.80, 5.0),
        trial(5, 0.99, 1.0, state="pruned"),
        trial(6, 0.95, 20.0),  # the same as 1
    ]
    assert [one.number for one in pareto(trials, ["max", "min"])] == [1, 6, 0, 4]
    assert pareto([], ["max", "min"]) == []


def test_in_halving_the_last_round_alone_compares() -> None:
    reference = RecipeReference(id="demo/bowl", file="bowl.py", sha256="")
    plan = Plan(recipe=reference, space=Space(()), objectives=(Objective("score", "max"),))
    trials = [
        replace(trial(number, value), parameters={"epochs": epochs})
        for number, (value, epochs) in enumerate([(0.9, 1), (0.5, 1), (0.8, 3), (0.7, 3)])
    ]
    for search, number in (("halving", 2), ("random", 0)):
        found = winner(trials, replace(plan, search=search))
        assert found is not None and found.number == number


def test_the_spread_is_known_where_every_fold_has_a_number() -> None:
    assert replace(trial(0, 2.0), folds=(1.0, 3.0)).spread == 1.0
    assert replace(trial(0, 2.0), folds=(1.0, None)).spread is None
    assert trial(0, 2.0).spread is None
