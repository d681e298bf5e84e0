"""What samplers and pruners cannot do is said before anything starts."""

from __future__ import annotations

import pytest

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
