"""Overfitting: the validation loss rises while the training loss falls."""

from __future__ import annotations

import pytest

from tests.debugging.made import curve, curves, healthy
from workbench.debugging.evidence import Curve, Evidence
from workbench.debugging.rules.course import overfitting

FALLING = curve(2.0, 1.0, 0.5, 0.25, 0.12, 0.06, 0.03, 0.02, 0.01, 0.01)
RISING = curve(1.5, 1.0, 0.9, 0.9, 0.95, 1.0, 1.1, 1.2, 1.3, 1.4)


@pytest.mark.parametrize(
    ("training", "validation", "found"),
    [
        (FALLING, RISING, True),
        (RISING, RISING, False),  # both rise: the training itself goes wrong
        (FALLING, FALLING, False),
        (FALLING, curve(1.5, 1.0, 0.9, 0.9, 0.92, 0.93, 0.94, 0.94, 0.95, 0.96), False),
        (FALLING, curve(1.5, 1.0, 0.9, 0.1, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8), False),  # one lucky value
        (FALLING, curve(1.0, 1.5, 2.0), False),  # too few
        (curve(), RISING, False),
    ],
)
def test_overfitting(training: Curve, validation: Curve, found: bool) -> None:
    evidence = Evidence(curves=curves(train_loss=training, val_loss=validation))
    assert bool([*overfitting(evidence)]) == found


def test_it_is_told_where_the_lowest_was_and_what_can_be_done() -> None:
    evidence = Evidence(curves=curves(train_loss=FALLING, val_loss=RISING), params={"dropout": 0.0})
    (finding,) = overfitting(evidence)
    assert finding.step == 30
    assert "from 0.9 to 1.3" in finding.evidence
    assert any("dropout (it is 0.0)" in one for one in finding.advice)


def test_nothing_is_found_without_curves_or_in_a_healthy_network() -> None:
    assert not [*overfitting(Evidence())] and not [*overfitting(healthy())]
