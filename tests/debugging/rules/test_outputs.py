"""Answers in a wrong shape, and one answer for all samples."""

from __future__ import annotations

import pytest

from tests.debugging.made import dense, healthy, of, probe
from workbench.debugging.evidence import Evidence
from workbench.debugging.probes import OddShape
from workbench.debugging.rules.outputs import constant_output, wrong_shape


def test_a_column_against_a_row_is_told_with_its_shapes() -> None:
    odd = OddShape("sub", ((64, 1), (64,)))
    (finding,) = wrong_shape(of(odd_shapes=(odd,)))
    assert "sub of (64, 1) and (64,)" in finding.evidence and "(64, 64)" in finding.evidence
    assert "squeeze(1)" in finding.advice[0]


def test_a_softmax_over_the_samples_is_told_with_its_dimension() -> None:
    odd = OddShape("log_softmax", ((64, 10),), over_samples=True)
    (finding,) = wrong_shape(of(odd_shapes=(odd,)))
    assert "log_softmax of (64, 10)" in finding.evidence and "dimension 0" in finding.evidence
    assert "dim=1" in finding.advice[0]


@pytest.mark.parametrize(
    ("varying", "mean", "spread", "found"),
    [
        (0.0, 0.0, 0.3, True),
        (0.0, 0.0, 0.0, True),
        (0.9e-3, 0.0, 0.3, True),
        (1.2e-3, 0.0, 0.3, False),
        (1.0, 150.0, 0.01, True),  # one output: its whole spread is over the samples
        (1.0, 150.0, 3.0, False),
        (None, 0.0, 0.3, False),
    ],
)
def test_the_output_is_constant_where_it_varies_by_less_than_a_thousandth(
    varying: float | None, mean: float, spread: float, found: bool
) -> None:
    sick = of(dense("output", 10, varying=varying, mean=mean, spread=spread))
    assert bool([*constant_output(sick)]) == found


def test_a_hidden_layer_may_be_constant_and_a_batch_of_one_is_no_judge() -> None:
    assert not [*constant_output(of(dense("one", varying=0.0)))]
    assert not [*constant_output(of(dense("output", 10, varying=0.0, shape=(1, 10))))]


def test_it_is_told_since_when() -> None:
    stuck = dense("output", 10, varying=0.0)
    (finding,) = constant_output(Evidence((probe(1), probe(20, stuck), probe(40, stuck))))
    assert (finding.step, finding.layer) == (20, "output")
    assert not [*constant_output(Evidence((probe(1, stuck), probe(20))))]


def test_nothing_is_found_without_probes_or_in_a_healthy_network() -> None:
    for evidence in (Evidence(), healthy()):
        assert not [*wrong_shape(evidence), *constant_output(evidence)]
