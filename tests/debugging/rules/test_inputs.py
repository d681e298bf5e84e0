"""Inputs that are not normalised, and features that tell the label."""

from __future__ import annotations

import pytest

from tests.debugging.made import N, active, curve, curves, dense, healthy, of, probes
from workbench.debugging.evidence import Evidence
from workbench.debugging.probes import InputProbe, LayerProbe, Probe, TellingFeature
from workbench.debugging.rules.inputs import leaked_label, raw_inputs

RAW = InputProbe(shape=(N, 64), mean=33.0, spread=78.0, low=0.0, high=255.0)


def given(inputs: InputProbe, *layers: LayerProbe) -> Evidence:
    return Evidence((Probe(step=1, layers=layers, inputs=inputs),))


def test_pixels_as_they_are_stored_are_told_with_their_range() -> None:
    (finding,) = raw_inputs(of(inputs=RAW))
    assert finding.layer == "one"
    assert "mean of 33 and a spread of 78" in finding.evidence and "0 to 255" in finding.evidence


@pytest.mark.parametrize(
    ("mean", "spread", "found"),
    [(0.0, 1.0, False), (0.5, 0.3, False), (-9.0, 9.0, False), (-11.0, 1.0, True), (0.0, 12.0, True)],
)
def test_ten_times_too_large_is_not_normalised(mean: float, spread: float, found: bool) -> None:
    inputs = InputProbe(shape=(N, 64), mean=mean, spread=spread)
    assert bool([*raw_inputs(of(inputs=inputs))]) == found


def test_what_is_scaled_inside_of_the_network_is_normalised() -> None:
    scaling = active("scale", "Scale", mean=0.13, spread=0.3)
    assert not [*raw_inputs(given(RAW, scaling, dense("one")))]


@pytest.mark.parametrize("kind", ["BatchNorm1d", "LayerNorm", "Embedding"])
def test_a_norm_or_a_table_takes_any_numbers(kind: str) -> None:
    first = dense("first", kind=kind)
    assert not [*raw_inputs(given(RAW, first, dense("one")))]


def test_what_is_passed_on_unscaled_is_found_behind_layers_without_weights() -> None:
    flat = active("flat", "Flatten", mean=33.0, spread=78.0)
    assert [*raw_inputs(given(RAW, flat, dense("one")))]


@pytest.mark.parametrize(
    ("share", "of_features", "found"),
    [(1.0, 64, True), (0.98, 8, True), (0.97, 64, False), (1.0, 7, False)],
)
def test_one_of_many_features_that_tells_all_is_a_leak(
    share: float, of_features: int, found: bool
) -> None:
    evidence = of(telling=TellingFeature(5, of_features, share))
    assert bool([*leaked_label(evidence)]) == found


def test_the_feature_is_named_and_the_accuracy_doubted() -> None:
    seen = probes(telling=TellingFeature(5, 64, 1.0))
    accuracies = {"val/accuracy": curve(0.9, 0.998)}
    (finding,) = leaked_label(Evidence(seen, curves() | accuracies))
    assert "feature 5 of 64 tells 100.0%" in finding.evidence and "99.8%" in finding.evidence
    assert "feature 5" in finding.advice[0]


def test_nothing_is_found_without_probes_or_in_a_healthy_network() -> None:
    for evidence in (Evidence(), healthy()):
        assert not [*raw_inputs(evidence), *leaked_label(evidence)]
