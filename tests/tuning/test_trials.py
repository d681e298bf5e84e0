"""The best of the trials, and the front of those that no other one beats."""

from __future__ import annotations

from workbench.tuning.trials import TrialRecord, best, pareto


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
