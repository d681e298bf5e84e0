"""Cross-validation as a run: its folds, its records, its end in the middle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from tests.training.test_estimator import Clouds
from workbench.errors import WorkbenchError
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.recorder import Recorder
from workbench.runs.run import Run
from workbench.training.folds import CrossValidation, splitter
from workbench.workers.attempt import TorchFiles

Start = Callable[..., tuple[CrossValidation, Run, History]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """A cross-validation and its run, of which nothing has been done."""

    def build(
        *, folds: int = 3, scoring: str = "", step: int = 0, **values: Any
    ) -> tuple[CrossValidation, Run, History]:
        place = RunFolder(tmp_path)
        recipe = Clouds(Clouds.Params(**values), seed=1)
        made = CrossValidation(recipe, folds=folds, scoring=scoring)
        recorder = Recorder(place.events_file)
        run = Run(place, recorder, recipe=made, files=TorchFiles(), step=step)
        return made, run, History(place)

    return build


def test_folds_are_stratified_disjoint_and_the_same_each_time() -> None:
    recipe = Clouds(Clouds.Params(), seed=1)
    x, y = recipe.samples()
    parts = list(splitter(recipe.estimator(), 4, seed=7).split(x, y))
    held_out = np.concatenate([test for _, test in parts])
    assert sorted(held_out) == list(range(60))
    for train, test in parts:
        assert not set(train) & set(test)
        assert np.bincount(y[test]).tolist() == [5, 5, 5]
    again = list(splitter(recipe.estimator(), 4, seed=7).split(x, y))
    assert all((a[1] == b[1]).all() for a, b in zip(parts, again, strict=True))
    other = list(splitter(recipe.estimator(), 4, seed=8).split(x, y))
    assert any((a[1] != b[1]).any() for a, b in zip(parts, other, strict=True))


def test_scores_are_those_that_scikit_learn_gives_and_each_fold_has_its_curves(start: Start) -> None:
    made, run, history = start(scoring="neg_log_loss")
    made.run(run)
    history.read_all()
    recipe = Clouds(Clouds.Params(), seed=1)
    net = recipe.estimator()
    expected = cross_val_score(
        clone(net), *recipe.samples(), cv=splitter(net, 3, seed=1), scoring="neg_log_loss"
    )
    scores = [history.series[f"fold-{fold}/neg_log_loss"].last for fold in (1, 2, 3)]
    assert scores == expected.tolist()
    assert history.series["folds"].values.tolist() == [1, 2, 3]
    assert len(history.series["fold-2/val/loss"]) == 4  # one each epoch
    assert history.series["fold-3/train/loss"].steps[0] == 2 * 12 + 1
    assert run.step == run.meter.total == 3 * 12


def test_one_that_was_stopped_goes_on_with_the_fold_that_it_was_at(start: Start) -> None:
    made, run, _ = start(scoring="score")

    def stop_in_the_second_fold() -> None:
        if run.step == 17:
            control.ask(run.folder.control_file, control.Stop(client="test"))
            run.steering._due = 0.0
        between_steps()

    between_steps = run.steering.between_steps
    run.steering.between_steps = stop_in_the_second_fold
    made.run(run)
    assert run.stopping
    assert (run.step, made.state_dict()) == (12, {"folds_done": 1})
    control.ask(run.folder.control_file, control.Launch())
    again, more, history = start(scoring="score", step=12)
    again.load_state_dict(made.state_dict())
    again.run(more)
    history.read_all()
    assert history.series["folds"].values.tolist() == [1, 2, 3]
    assert more.step == 36


def test_too_few_samples_are_refused(start: Start) -> None:
    made, run, _ = start(folds=21)
    with pytest.raises(WorkbenchError) as refused:
        made.run(run)
    assert "21 folds cannot be cut: its rarest class has 20 samples" in str(refused.value)
    assert "--folds 20 or fewer" in refused.value.remedy
