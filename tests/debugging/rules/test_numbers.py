"""The first number that is not finite: by probes, by how the run ended, by curves."""

from __future__ import annotations

import math

import pytest

from tests.debugging.made import curve, curves, dense, healthy, probe, probes
from workbench.debugging.evidence import Evidence, Failure
from workbench.debugging.rules.numbers import non_finite


def test_a_probe_tells_the_layer_and_the_numbers() -> None:
    bad = [dense(name, non_finite=20) for name in ("two", "output")]
    (finding,) = non_finite(Evidence((probe(10), probe(20, *bad), probe(30, *bad))))
    assert (finding.layer, finding.step) == ("two", 20)
    assert "20 of 2,048 outputs of Linear" in finding.evidence
    assert "relu_one before it gives none" in finding.evidence


def test_the_end_of_a_run_tells_step_and_layer() -> None:
    title = "the loss became NaN in step 7, first in the output of blocks.0.log (Log)"
    (finding,) = non_finite(Evidence(probes(), curves(), {"on_nan": "stop"}, Failure(7, title)))
    assert (finding.layer, finding.step) == ("blocks.0.log", 7)
    assert title in finding.evidence
    assert any("on_nan=skip" in one for one in finding.advice)


@pytest.mark.parametrize(("value", "word"), [(math.nan, "NaN"), (math.inf, "infinite")])
def test_a_curve_tells_the_step(value: float, word: str) -> None:
    evidence = Evidence(curves=curves(train_loss=curve(1.0, 0.9, value, value)))
    (finding,) = non_finite(evidence)
    assert (finding.layer, finding.step) == ("", 30)
    assert f"train/loss is {word} in step 30" in finding.evidence


def test_the_earliest_counts_and_takes_the_layer_from_a_later_one() -> None:
    late = probe(50, dense("two", non_finite=1))
    evidence = Evidence((late,), curves(train_loss=curve(1.0, math.nan)))
    (finding,) = non_finite(evidence)
    assert (finding.step, finding.layer) == (20, "two")


def test_a_weight_is_told_by_its_layer() -> None:
    title = "the gradient became infinite in step 3, first in the weights of head (Linear)"
    (finding,) = non_finite(Evidence(failure=Failure(3, title)))
    assert finding.layer == "head"


def test_nothing_is_found_where_all_is_finite() -> None:
    assert not [*non_finite(Evidence())] and not [*non_finite(healthy())]
