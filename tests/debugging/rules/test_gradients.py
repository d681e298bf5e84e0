"""Gradients that vanish or explode on their way to the first layer."""

from __future__ import annotations

import math

import pytest

from tests.debugging.made import dense, healthy, of, probe
from workbench.debugging.evidence import Evidence
from workbench.debugging.rules.gradients import exploding_gradients, vanishing_gradients

# Of the last layer: 1e-3 a unit and 10 units; of the first 32 units.
LAST = 1e-3 * math.sqrt(10)


def first(flow: float) -> Evidence:
    """The gradient's norm at the first layer is `flow` times that at the last."""
    return of(dense("one", output_gradient=flow * LAST / math.sqrt(32)))


@pytest.mark.parametrize(
    ("flow", "found"), [(1e-6, True), (0.99e-3, True), (1.01e-3, False), (1, False)]
)
def test_a_thousandth_at_the_first_layer_has_vanished(flow: float, found: bool) -> None:
    assert bool([*vanishing_gradients(first(flow))]) == found


@pytest.mark.parametrize(("flow", "found"), [(1e6, True), (1.01e3, True), (0.99e3, False), (1, False)])
def test_a_thousand_times_as_much_has_exploded(flow: float, found: bool) -> None:
    assert bool([*exploding_gradients(first(flow))]) == found


def test_both_ends_of_the_way_are_told_with_their_numbers() -> None:
    (finding,) = vanishing_gradients(first(1e-5))
    assert finding.layer == "one" and finding.step == 1
    assert "through 3 layers" in finding.evidence and "at output" in finding.evidence
    (finding,) = exploding_gradients(first(1e4))
    assert "1.0e+04 times as much" in finding.evidence or "10,000 times as much" in finding.evidence


def test_the_size_of_a_layer_is_no_loss_on_the_way() -> None:
    wide = dense("one", units=32 * 10_000, output_gradient=1e-3 / math.sqrt(10_000))
    assert not [*vanishing_gradients(of(wide))]


def test_a_gradient_of_0_is_cut_and_has_not_vanished() -> None:
    assert not [*vanishing_gradients(first(0.0))]


def test_what_half_of_the_probes_saw_counts_though_it_passed() -> None:
    weak = dense("one", output_gradient=1e-9)
    assert [*vanishing_gradients(Evidence((probe(1, weak), probe(2))))]
    assert not [*vanishing_gradients(Evidence((probe(1, weak), probe(2), probe(3))))]
    assert [*vanishing_gradients(Evidence((probe(1), probe(2), probe(3, weak))))]


def test_nothing_is_found_without_probes_or_in_a_healthy_network() -> None:
    for evidence in (Evidence(), healthy()):
        assert not [*vanishing_gradients(evidence), *exploding_gradients(evidence)]
