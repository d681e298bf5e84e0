"""A diagnosis: causes first, what follows from them named so, and healthy where nothing is found."""

from __future__ import annotations

from tests.debugging.made import active, curve, dense, healthy, of, probe, probes
from workbench.debugging.diagnosis import RULES, diagnose
from workbench.debugging.evidence import Evidence
from workbench.debugging.findings import HEALTHY, SICKNESSES, Finding, in_order, table


def sicknesses(evidence: Evidence) -> list[tuple[str, str]]:
    return [(finding.sickness, finding.follows) for finding in diagnose(evidence)]


def test_a_healthy_network_is_called_healthy_with_what_was_looked_at() -> None:
    (finding,) = diagnose(healthy())
    assert finding.sickness == HEALTHY and finding.severity == "fine"
    assert "5 layers in 6 probes, steps 1 to 100 and 2 curves" in finding.evidence
    assert not finding.advice
    (finding,) = diagnose(Evidence(probes=(probe(312),)))
    assert "5 layers in one probe, step 312 and" in finding.evidence


def test_what_could_not_be_looked_at_is_said() -> None:
    (finding,) = diagnose(Evidence(curves={"train/loss": curve(2.0, 1.0, 0.5)}))
    assert finding.sickness == HEALTHY
    assert "probe_every" in finding.advice[0] and "overfitting" in finding.advice[1]


def test_the_cause_stands_first_and_what_follows_names_it() -> None:
    sick = of(active("relu_one", dead=32), dense("output", 10, varying=0.0))
    assert sicknesses(sick) == [("dead_relus", ""), ("constant_output", "dead_relus")]


def test_two_causes_are_both_told() -> None:
    findings = [Finding(sickness=one, evidence="seen") for one in ("overfitting", "raw_inputs")]
    assert [(one.sickness, one.follows) for one in in_order(findings)] == [
        ("raw_inputs", ""),
        ("overfitting", ""),
    ]


def test_what_follows_from_anything_comes_after_all_causes() -> None:
    names = ("overfitting", "constant_output", "dead_relus")
    ordered = in_order([Finding(sickness=one, evidence="seen") for one in names])
    assert [one.sickness for one in ordered] == ["dead_relus", "overfitting", "constant_output"]


def test_a_sickness_brings_only_what_stands_behind_it() -> None:
    ranks = list(SICKNESSES)
    for name, sickness in SICKNESSES.items():
        assert all(ranks.index(other) > ranks.index(name) for other in sickness.brings), name


def test_each_sickness_has_its_rule() -> None:
    assert {rule.__name__ for rule in RULES} == set(SICKNESSES) - {HEALTHY}


def test_a_finding_in_words_holds_all_of_it() -> None:
    (finding, *_) = diagnose(of(active("relu_one", dead=32)))
    text = finding.text()
    assert text.startswith("dead ReLUs, layer relu_one, since step 1\n")
    assert finding.evidence in text and all(f"- {one}" in text for one in finding.advice)


def test_findings_are_a_table_of_a_row_each() -> None:
    shown = table("what was found", diagnose(of(active("relu_one", dead=32))))
    assert shown.rows[0][:4] == ["dead ReLUs", "severe", "relu_one", 1]
    assert table("", diagnose(healthy())).rows[0][2:4] == ["–", "–"]


def test_probes_alone_are_enough() -> None:
    assert sicknesses(Evidence(probes())) == [(HEALTHY, "")]
