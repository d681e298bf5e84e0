"""A learning rate that is too high or too low, by how far steps move weights and what the loss does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from workbench import units
from workbench.debugging.evidence import Curve, Evidence
from workbench.debugging.findings import Finding
from workbench.debugging.probes import Probe
from workbench.debugging.rules.looking import finite, middle, weighted

# A. Karpathy, CS231n, Neural networks 3, 2016: a step should change weights by about a thousandth. Adam
# at the peak of a cycle changes them by a hundredth and learns; a tenth replaces them in ten steps.
TOO_FAR = 0.1
TOO_SHORT = 1e-4
# Less of a fall than this is none: a batch's loss varies by as much.
LEAST_FALL = 0.1
SPIKE = 10.0  # a loss so many times above where it began has been thrown, not led
FEWEST_POINTS = 5  # of the loss; of fewer nobody can tell which way it goes


def learning_rate_too_high(evidence: Evidence) -> Iterator[Finding]:
    """Steps replace weights, or the loss was thrown far above its start, and nothing is learned."""
    course = _course(evidence)
    if course is None:
        return
    far = _farthest(evidence.probes)
    thrown = course.highest >= SPIKE * course.first > 0
    if not (course.fall < LEAST_FALL and (far or thrown)) and not (far and thrown):
        return
    words = [f"the loss went from {units.number(course.first, 3)} to {units.number(course.last, 3)}"]
    if thrown:
        words.append(f"over {units.number(course.highest, 3)} in step {course.highest_step:,}")
    if far:
        share = f"{_moved(far) or 0.0:.0%} of their size (0.1 % is usual)"
        words.append(f"and one step changed weights by {share}")
    lr = evidence.params.get("lr")
    lower = f"lr={units.number(lr / 10, 2)}" if isinstance(lr, float | int) and lr else "a lower lr"
    yield Finding(
        sickness="learning_rate_too_high",
        step=far.step if far else course.highest_step,
        evidence=" ".join(words),
        advice=(
            f"{lower}, a tenth of what it is, and again until the loss falls",
            "warm_up=0.1, or schedule=one_cycle, which begins with a small one",
            "clip_norm=1, which bounds a step however steep the loss is",
        ),
    )


def learning_rate_too_low(evidence: Evidence) -> Iterator[Finding]:
    """No layer moves by more than a ten-thousandth a step, and the loss stays where it was."""
    course = _course(evidence)
    moved = _fastest(evidence)
    if course is None or moved is None or moved > TOO_SHORT or course.fall >= LEAST_FALL:
        return
    lr = evidence.params.get("lr")
    higher = f"lr={units.number(lr * 10, 2)}" if isinstance(lr, float | int) and lr else "a higher lr"
    yield Finding(
        sickness="learning_rate_too_low",
        evidence=f"a step changes weights by {units.number(moved, 2)} of their size at the most (0.001 "
        f"is usual), and the loss only went from {units.number(course.first, 3)} to "
        f"{units.number(course.last, 3)} in {course.steps:,} steps",
        advice=(
            f"{higher}, ten times what it is, and again until the loss falls",
            "optimizer=adamw, whose steps do not shrink with the gradients",
        ),
    )


class _Course:
    """Where a loss began, where it is, its highest point."""

    def __init__(self, curve: Curve) -> None:
        third = max(len(curve.values) // 3, 1)
        self.first = curve.values[0]
        self.last = median(curve.values[-third:])
        self.highest, self.highest_step = max(zip(curve.values, curve.steps, strict=True))
        self.steps = curve.steps[-1] - curve.steps[0]
        self.fall = (self.first - self.last) / abs(self.first) if self.first else 0.0


def _course(evidence: Evidence) -> _Course | None:
    curve = finite(evidence.curves.get("train/loss"))
    return _Course(curve) if len(curve.values) >= FEWEST_POINTS else None


def _farthest(probes: Sequence[Probe]) -> Probe | None:
    """The probe whose step was TOO_FAR; of several the second, since Adam's very first ones may be."""
    ordered = sorted(probes, key=lambda probe: _moved(probe) or 0.0, reverse=True)
    far = ordered[1] if len(ordered) > 2 else next(iter(ordered), None)
    return far if far is not None and (_moved(far) or 0.0) >= TOO_FAR else None


def _moved(probe: Probe) -> float | None:
    """By how much of its size the last step changed the median layer with weights."""
    return middle(layer.update for layer in weighted(probe))


def _fastest(evidence: Evidence) -> float | None:
    """The usual update of the layer that moves most; frozen layers and weights of 0 say nothing."""
    by_layer: dict[str, list[float]] = {}
    for probe in evidence.probes:
        for layer in weighted(probe):
            if layer.update:
                by_layer.setdefault(layer.name, []).append(layer.update)
    return max((median(updates) for updates in by_layer.values()), default=None)
