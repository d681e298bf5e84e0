"""A study in which two metrics count."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.tuning.conftest import opened
from workbench.runs.history import History
from workbench.runs.state import status_of
from workbench.tuning.study import StudyFolder
from workbench.tuning.trials import TrialReader, pareto

Drive = Callable[[StudyFolder], int]
Make = Callable[..., StudyFolder]


def test_two_metrics_give_a_front_and_optuna_has_the_same(study: Make, drive: Drive) -> None:
    folder = study(
        words={"x": "-1..1", "width": "1..64"},
        metric="val/loss,size",
        way="min,min",
        sampler="nsga2",
        trials=10,
        jobs=2,
    )
    assert drive(folder) == 0
    trials = TrialReader(folder).read()
    found = opened(folder)
    assert {trial.number: trial.values for trial in found.trials} == {
        number: pytest.approx(trial.values) for number, trial in trials.items()
    }
    # The size of the trial's own width: both values are of one moment.
    assert all(trial.values[1] == trial.parameters["width"] for trial in trials.values())
    front = pareto(trials.values(), ["min", "min"])
    assert {trial.number for trial in front} == {trial.number for trial in found.best_trials}
    history = History(folder.run).read_all()
    assert {"trial/loss", "trial/size"} <= set(history.series)
    assert "best/loss" not in history.series
    assert history.ended is not None
    assert history.ended.results["Pareto front"] == ", ".join(trial.run for trial in front)


def test_the_time_of_a_trial_can_count(study: Make, drive: Drive) -> None:
    folder = study(metric="val/loss,duration_s", way="min,min", trials=2)
    assert drive(folder) == 0
    for trial in TrialReader(folder).read().values():
        assert trial.values[1] == pytest.approx(trial.ended - trial.began, abs=0.1)


def test_a_second_metric_that_is_not_reported_ends_it(study: Make, drive: Drive) -> None:
    folder = study(metric="val/loss,sise", way="min,min", trials=50)
    assert drive(folder) == 1
    assert status_of(folder.run).reason.endswith("no metric 'sise'; did you mean size?")
