"""What samplers and pruners cannot do is said before anything starts."""

from __future__ import annotations

import pytest
from scipy import stats
from sklearn.base import BaseEstimator
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - has to be imported first
from sklearn.model_selection import HalvingRandomSearchCV

from workbench.errors import WorkbenchError
from workbench.tuning import methods
from workbench.tuning.space import Dimension, Space

LR = Dimension("lr", "float", 1e-4, 1e-1, True)
WIDTH = Dimension("width", "int", 1, 200)
DEPTH = Dimension("depth", "int", 1, 200)
KIND = Dimension("kind", "choice", values=("a", "b"))


@pytest.mark.parametrize(
    ("sampler", "searched", "fault"),
    [
        ("grid", (LR, KIND), "a grid cannot be laid over the continuous range of lr"),
        ("grid", (WIDTH, DEPTH), "this grid has 40,000 points, and at most 10,000 are tried"),
        ("cmaes", (LR, KIND), "sampler cmaes takes numbers alone, and kind is a list"),
        ("qmc", (KIND,), "sampler qmc takes numbers alone"),
        ("tpa", (LR,), "no sampler 'tpa'; did you mean tpe?"),
    ],
)
def test_what_a_sampler_cannot_do(sampler: str, searched: tuple[Dimension, ...], fault: str) -> None:
    (found,) = methods.faults(sampler, "median", Space(searched))
    assert fault in found


def test_an_unknown_pruner_is_refused_with_the_nearest() -> None:
    assert methods.faults("tpe", "hyperbant", Space((LR,))) == [
        "no pruner 'hyperbant'; did you mean hyperband or percentile?"
    ]


def test_what_is_made_for_one_metric_is_refused_for_several() -> None:
    assert methods.faults("nsga2", "none", Space((LR, KIND)), metrics=2) == []
    pruner, sampler = methods.faults("cmaes", "median", Space((LR,)), metrics=2)
    assert "pruner median compares one metric" in pruner
    assert "take one of tpe, gp, random, qmc, grid, nsga2" in sampler


@pytest.mark.parametrize(
    ("pruner", "folds", "fault"),
    [
        ("wilcoxon", 0, "pruner wilcoxon compares folds: give --folds K"),
        ("hyperband", 5, "pruner hyperband compares epochs"),
        ("median", 1, "folds=1: cross-validation has 2 to 100 folds"),
    ],
)
def test_what_a_pruner_cannot_do(pruner: str, folds: int, fault: str) -> None:
    (found,) = methods.faults("tpe", pruner, Space((LR,)), folds=folds)
    assert fault in found


@pytest.mark.parametrize(
    ("search", "searched", "metrics", "fault"),
    [
        ("grid", (LR,), 1, "a grid cannot be laid over the continuous range of lr"),
        ("random", (LR,), 2, "search random compares one score"),
        ("halving", (Dimension("epochs", "int", 1, 9),), 1, "halving sets epochs itself"),
    ],
)
def test_what_a_search_cannot_do(
    search: str, searched: tuple[Dimension, ...], metrics: int, fault: str
) -> None:
    (found,) = methods.search_faults(search, Space(searched), metrics, folds=5)
    assert fault in found


@pytest.mark.parametrize(("candidates", "epochs"), [(1, 5), (9, 9), (10, 30), (30, 10), (100, 2)])
def test_the_rounds_of_halving_are_scikit_learns(candidates: int, epochs: int) -> None:
    search = HalvingRandomSearchCV(
        _Constant(),
        {"level": stats.uniform()},
        n_candidates=candidates,
        resource="epochs",
        max_resources=epochs,
        min_resources="exhaust",
        factor=methods.HALVING_FACTOR,
        cv=2,
        refit=False,
        random_state=0,
    ).fit([[0], [1]])
    assert methods.rounds(candidates, epochs) == list(
        zip(search.n_candidates_, search.n_resources_, strict=True)
    )


class _Constant(BaseEstimator):
    def __init__(self, level: float = 0.0, epochs: int = 1) -> None:
        self.level = level
        self.epochs = epochs

    def fit(self, X: object, y: object = None) -> _Constant:  # noqa: N803
        return self

    def score(self, X: object, y: object = None) -> float:  # noqa: N803
        return self.level


@pytest.mark.parametrize("sampler", methods.SAMPLERS)
def test_every_sampler_can_do_something(sampler: str) -> None:
    assert methods.faults(sampler, "none", Space((Dimension("width", "int", 1, 9),))) == []


def test_a_missing_package_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = "cmaes"
    monkeypatch.setattr(methods, "find_spec", lambda name: None if name == absent else object())
    methods.refuse_missing("tpe")
    with pytest.raises(WorkbenchError, match="need cmaes, which is not installed"):
        methods.refuse_missing("cmaes")
    absent = "optuna"
    with pytest.raises(WorkbenchError, match="need optuna") as refused:
        methods.refuse_missing("tpe")
    assert "[tuning]" in refused.value.remedy
