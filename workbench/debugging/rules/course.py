"""What the curves tell: a network that learns its training data by heart."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from workbench import units
from workbench.debugging.evidence import Curve, Evidence
from workbench.debugging.findings import Finding
from workbench.debugging.rules.looking import finite

# L. Prechelt, Early stopping - but when?, 1998: generalisation loss, by how much the validation loss is
# above its lowest. His criteria stop at 1 to 5 %; small validation parts vary by more.
RISE = 0.2
FEWEST_POINTS = 6
SMOOTHED_OVER = 3  # evaluations, so that one lucky one is not taken for the best


def overfitting(evidence: Evidence) -> Iterator[Finding]:
    """The validation loss has risen from its lowest, while the training loss went on falling."""
    validation = _smoothed(finite(evidence.curves.get("val/loss")))
    training = finite(evidence.curves.get("train/loss"))
    if len(validation.values) < FEWEST_POINTS or not training.values:
        return
    lowest = min(validation.values)
    place = list(validation.values).index(lowest)
    step, last = validation.steps[place], validation.values[-1]
    then, now = _around(training, step), _around(training, training.steps[-1])
    if lowest <= 0 or last < (1 + RISE) * lowest or now >= then:
        return
    yield Finding(
        sickness="overfitting",
        step=step,
        evidence=f"since step {step:,} the validation loss rose from {units.number(lowest, 3)} to "
        f"{units.number(last, 3)}, while the training loss fell from {units.number(then, 3)} to "
        f"{units.number(now, 3)}",
        advice=(
            "patience=5, which stops where the validation loss is lowest; best.pt is from there",
            f"more data, or augmentation; weight_decay{_is(evidence, 'weight_decay')}, dropout"
            f"{_is(evidence, 'dropout')}",
            "a smaller network",
        ),
    )


def _smoothed(curve: Curve) -> Curve:
    """Medians of neighbouring evaluations, under the step of the middle one."""
    size = min(SMOOTHED_OVER, len(curve.values))
    starts = range(len(curve.values) - size + 1) if size else range(0)
    values = [median(curve.values[start : start + size]) for start in starts]
    return Curve([curve.steps[start + size // 2] for start in starts], values)


def _around(curve: Curve, step: int) -> float:
    """The median of the points nearest to a step."""
    nearest = sorted(range(len(curve.steps)), key=lambda place: abs(curve.steps[place] - step))
    return median(curve.values[place] for place in nearest[: 2 * SMOOTHED_OVER])


def _is(evidence: Evidence, name: str) -> str:
    return f" (it is {evidence.params[name]})" if name in evidence.params else ""
