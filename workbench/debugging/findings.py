"""What can be wrong with a network that is trained, and what a diagnosis says of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from workbench.figures.data import Table

Severity = Literal["fine", "warning", "severe"]
HEALTHY = "healthy"


class Sickness(msgspec.Struct, frozen=True):
    """A sickness.

    Attributes:
        title: its name to a person.
        severity: `severe` where next to nothing is learned, `warning` where less than could be.
        brings: ids of others that it may bring with it, which are then no causes of their own.
    """

    title: str
    severity: Severity
    brings: tuple[str, ...] = ()


# In the order in which they are told: what may cause others stands before them.
SICKNESSES: dict[str, Sickness] = {
    "non_finite": Sickness(
        "numbers that are not finite",
        "severe",
        ("exploding_gradients", "learning_rate_too_high", "constant_output"),
    ),
    "wrong_shape": Sickness(
        "a wrong shape", "severe", ("constant_output", "dead_relus", "overfitting")
    ),
    "leaked_label": Sickness("the label has leaked into the input", "severe"),
    "raw_inputs": Sickness(
        "the input is not normalised",
        "warning",
        ("saturated_units", "dead_relus", "exploding_gradients", "learning_rate_too_high"),
    ),
    "learning_rate_too_high": Sickness(
        "the learning rate is too high",
        "severe",
        (
            "dead_relus",
            "saturated_units",
            "vanishing_gradients",
            "exploding_gradients",
            "constant_output",
        ),
    ),
    "dead_relus": Sickness(
        "dead ReLUs",
        "severe",
        ("vanishing_gradients", "constant_output", "learning_rate_too_low"),
    ),
    "saturated_units": Sickness(
        "saturated units",
        "severe",
        ("vanishing_gradients", "exploding_gradients", "constant_output", "learning_rate_too_low"),
    ),
    "exploding_gradients": Sickness("exploding gradients", "severe"),
    "vanishing_gradients": Sickness(
        "vanishing gradients", "severe", ("constant_output", "learning_rate_too_low")
    ),
    "constant_output": Sickness(
        "the output is the same for every sample", "severe", ("learning_rate_too_low",)
    ),
    "learning_rate_too_low": Sickness("the learning rate is too low", "warning"),
    "overfitting": Sickness("overfitting", "warning"),
    HEALTHY: Sickness("healthy", "fine"),
}


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong, or that nothing is.

    Attributes:
        sickness: its id in `SICKNESSES`.
        layer: the module's path where it is, or begins; empty where it is in no one layer.
        step: since when, as far as the probes tell; None where it has no beginning.
        evidence: what was seen, in words and numbers.
        advice: what to try, the first first; parameters by the names that they have here.
        follows: id of another finding of the same diagnosis, from which this one probably follows.
    """

    sickness: str
    layer: str = ""
    step: int | None = None
    evidence: str
    advice: tuple[str, ...] = ()
    follows: str = ""

    @property
    def title(self) -> str:
        return SICKNESSES[self.sickness].title

    @property
    def severity(self) -> Severity:
        return SICKNESSES[self.sickness].severity

    def text(self) -> str:
        """All of it, in a few lines."""
        where = f", layer {self.layer}" if self.layer else ""
        since = f", since step {self.step:,}" if self.step is not None else ""
        origin = f" (probably from: {SICKNESSES[self.follows].title})" if self.follows else ""
        advice = [f"- {one}" for one in self.advice]
        return "\n".join([f"{self.title}{where}{since}{origin}", self.evidence, *advice])


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Causes first; what probably follows from one of them says from which, and comes last."""
    ranks = list(SICKNESSES)
    ordered = sorted(findings, key=lambda finding: ranks.index(finding.sickness))
    found = [finding.sickness for finding in ordered]
    traced = [
        msgspec.structs.replace(finding, follows=_cause(finding.sickness, found[:place]))
        for place, finding in enumerate(ordered)
    ]
    return tuple(sorted(traced, key=lambda finding: bool(finding.follows)))


def _cause(sickness: str, earlier: Sequence[str]) -> str:
    return next((one for one in earlier if sickness in SICKNESSES[one].brings), "")


def table(title: str, findings: Sequence[Finding]) -> Table:
    """A row a finding; the words stand in `Finding.text`."""
    rows = [
        [one.title, one.severity, one.layer or "–", "–" if one.step is None else one.step, one.evidence]
        for one in findings
    ]
    return Table(title, ["finding", "severity", "layer", "since step", "evidence"], rows)
