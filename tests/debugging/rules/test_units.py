"""Dead ReLUs and saturated units: from which share on, in which layers, and since when."""

from __future__ import annotations

import pytest

from tests.debugging.made import active, dense, healthy, of, probe
from workbench.debugging.evidence import Evidence
from workbench.debugging.probes import Probe
from workbench.debugging.rules.units import dead_relus, saturated_units


@pytest.mark.parametrize(("dead", "found"), [(32, True), (13, True), (12, False), (0, False)])
def test_four_tenths_of_a_layer_are_too_many(dead: int, found: bool) -> None:
    assert bool([*dead_relus(of(active("relu_two", dead=dead)))]) == found


def test_the_first_layer_is_named_with_its_numbers_and_the_others_beside_it() -> None:
    sick = of(active("relu_one", dead=20), active("relu_two", dead=32))
    (finding,) = dead_relus(sick)
    assert (finding.layer, finding.step) == ("relu_one", 1)
    assert "20 of 32 units" in finding.evidence and "relu_two" in finding.evidence
    assert "lr (it is 0.001)" in finding.advice[1]


def test_it_is_told_since_when_they_are_dead() -> None:
    bad = active("relu_one", dead=30)
    evidence = Evidence((probe(10, bad), probe(20), probe(30, bad), probe(40, bad)))
    (finding,) = dead_relus(evidence)
    assert finding.step == 30


def test_units_that_came_to_life_again_are_no_finding() -> None:
    assert not [*dead_relus(Evidence((probe(10, active("relu_one", dead=32)), probe(20))))]


@pytest.mark.parametrize("kind", ["Flatten", "Dropout", "MaxPool2d", "LeakyReLU"])
def test_zeros_of_what_is_no_relu_are_those_of_the_input(kind: str) -> None:
    assert not [*dead_relus(of(active("relu_one", kind, dead=32)))]


def test_three_units_are_too_few_to_judge() -> None:
    assert not [*dead_relus(of(active("relu_one", units=3, dead=3)))]


@pytest.mark.parametrize(("share", "found"), [(0.9, True), (0.5, True), (0.49, False), (None, False)])
def test_a_layer_half_of_which_is_at_a_bound_is_saturated(share: float | None, found: bool) -> None:
    assert bool([*saturated_units(of(active("relu_one", "Tanh", saturated=share)))]) == found


def test_saturation_is_told_with_its_share() -> None:
    (finding,) = saturated_units(of(active("relu_one", "Sigmoid", saturated=0.87)))
    assert finding.layer == "relu_one" and "87% of the outputs of Sigmoid" in finding.evidence


def test_probabilities_at_the_end_may_be_near_0_and_1() -> None:
    assert not [*saturated_units(of(dense("output", 10, kind="Sigmoid", saturated=0.95)))]


def several(*names: str) -> Evidence:
    """Networks of two layers with weights and a saturated Tanh at the end of each."""
    layers = [
        layer
        for name in names
        for layer in (
            dense(f"{name}.0"),
            dense(f"{name}.1"),
            active(f"{name}.2", "Tanh", saturated=0.9),
        )
    ]
    return Evidence((Probe(step=1, layers=(*layers, dense("critic.0"), dense("critic.1", 1))),))


def test_a_generator_may_give_black_and_white_pixels() -> None:
    assert not [*saturated_units(several("generator"))]
    inside = several("generator").probes[0].layers[:3]
    assert [*saturated_units(Evidence((Probe(step=1, layers=(*inside, dense("generator.3"))),)))]


def test_nothing_is_found_without_probes_or_in_a_healthy_network() -> None:
    for evidence in (Evidence(), healthy()):
        assert not [*dead_relus(evidence), *saturated_units(evidence)]
