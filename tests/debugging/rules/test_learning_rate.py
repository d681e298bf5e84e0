"""A learning rate too high or too low: both the length of steps and the loss have to say so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.debugging.made import curve, curves, dense, healthy, probes
from workbench.debugging.evidence import Curve, Evidence
from workbench.debugging.rules.learning_rate import learning_rate_too_high, learning_rate_too_low

FLAT = curve(*[2.3] * 10)
FALLING = curves()["train/loss"]
THROWN = curve(2.3, 900.0, 40.0, 5.0, 2.6, 2.4, 2.3, 2.3, 2.3, 2.3)
LEARNED_AFTER = curve(2.3, 900.0, 40.0, 5.0, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


def moved(update: float | None, loss: Curve) -> Evidence:
    """Every layer moves by that share of its weights in each step."""
    layers = [dense(name, update=update) for name in ("one", "two")]
    return Evidence(
        probes(*layers, dense("output", 10, update=update)), curves(train_loss=loss), {"lr": 0.02}
    )


@pytest.mark.parametrize(
    ("update", "loss", "found"),
    [
        (0.5, FLAT, True),
        (0.5, THROWN, True),
        (0.5, LEARNED_AFTER, True),  # it learned in spite of having been thrown away first
        (0.5, FALLING, False),  # as Adam's first steps are
        (0.05, FLAT, False),
        (0.05, LEARNED_AFTER, False),
        (None, THROWN, True),  # the curve alone is enough where there is no probe of an update
        (None, FLAT, False),
    ],
)
def test_too_high(update: float | None, loss: Curve, found: bool) -> None:
    assert bool([*learning_rate_too_high(moved(update, loss))]) == found


def test_one_probe_of_a_far_step_is_not_enough() -> None:
    usual, far = moved(1e-3, FLAT), moved(0.5, FLAT)
    once = replace(usual, probes=[far.probes[0], *usual.probes[1:]])
    twice = replace(usual, probes=[*far.probes[:2], *usual.probes[2:]])
    assert not [*learning_rate_too_high(once)]
    assert [*learning_rate_too_high(twice)]


def test_a_loss_below_0_is_not_thrown_by_rising_above_it() -> None:
    assert not [*learning_rate_too_high(moved(None, curve(-2.0, -1.0, 0.5, -0.5, -1.0, -1.9)))]


def test_too_high_is_told_with_the_course_and_a_value_to_try() -> None:
    (finding,) = learning_rate_too_high(moved(0.5, THROWN))
    assert "from 2.3 to 2.3" in finding.evidence and "900" in finding.evidence
    assert "50%" in finding.evidence
    assert finding.advice[0].startswith("lr=0.002")


@pytest.mark.parametrize(
    ("update", "loss", "found"),
    [
        (1e-6, FLAT, True),
        (1e-4, FLAT, True),
        (1e-3, FLAT, False),
        (1e-6, FALLING, False),
        (None, FLAT, False),
        (0.0, FLAT, False),  # frozen
    ],
)
def test_too_low(update: float | None, loss: Curve, found: bool) -> None:
    assert bool([*learning_rate_too_low(moved(update, loss))]) == found


def test_too_low_is_told_with_a_value_to_try() -> None:
    (finding,) = learning_rate_too_low(moved(1e-6, FLAT))
    assert "1.0e-06" in finding.evidence and finding.advice[0].startswith("lr=0.2")


def test_one_layer_that_moves_is_enough() -> None:
    sick = moved(1e-6, FLAT)
    moving = probes(dense("one", update=1e-6), dense("two", update=1e-6))
    assert not [*learning_rate_too_low(replace(sick, probes=moving))]


def test_of_a_few_points_of_the_loss_nothing_can_be_told() -> None:
    short = moved(1e-6, curve(2.3, 2.3, 2.3))
    assert not [*learning_rate_too_low(short), *learning_rate_too_high(short)]


def test_nothing_is_found_without_evidence_or_in_a_healthy_network() -> None:
    for evidence in (Evidence(), healthy()):
        assert not [*learning_rate_too_high(evidence), *learning_rate_too_low(evidence)]
