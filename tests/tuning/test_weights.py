"""How much parameters count, as Optuna says: in this process, and by the child that a page starts."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from tests.tuning.written import append, plan_of, trials_of, write_study
from workbench.tuning import weights
from workbench.tuning.importances import frozen, weigh
from workbench.tuning.study import Objective
from workbench.tuning.weights import Weigher

PATIENCE_S = 60.0


def test_the_parameter_that_decides_counts_most_for_both_evaluators() -> None:
    plan = plan_of()
    found = list(weigh(plan, list(trials_of(plan, 60))))
    assert [one.evaluator for one in found] == ["PED-ANOVA", "fANOVA"]
    for one in found:
        assert next(iter(one.importances)) == "lr"
        assert sum(one.importances.values()) == pytest.approx(1.0, abs=0.01)
        assert set(one.importances) == {"lr", "width", "activation", "norm"}


def test_each_metric_is_weighed_and_trials_that_are_alike_say_why_not() -> None:
    plan = plan_of(Objective("val/accuracy", "max"), Objective("params", "min"))
    alike = [
        msgspec.structs.replace(one, values=(0.5, one.values[1]) if one.values else ())
        for one in trials_of(plan, 30)
    ]
    found = {(one.evaluator, one.metric): one for one in weigh(plan, alike)}
    assert len(found) == 4
    assert next(iter(found["PED-ANOVA", 1].importances)) == "width"
    assert found["fANOVA", 0].fault or not any(found["fANOVA", 0].importances.values())


def test_values_outside_of_the_range_and_unknown_choices_are_taken_along() -> None:
    plan = plan_of()
    records = list(trials_of(plan, 6))
    records[0].parameters.update(lr=10.0, activation="swish")
    del records[1].parameters["width"]
    records[2] = msgspec.structs.replace(records[2], value=float("inf"))
    assert [trial.params["lr"] for trial in frozen(plan, records)] == [
        10.0,
        *(record.parameters["lr"] for record in records[3:]),
    ]


def test_a_page_waits_for_nothing_and_says_why_there_is_nothing(checkpoints: Path) -> None:
    plan = plan_of()
    records = list(trials_of(plan, 12))
    folder = write_study(checkpoints, plan, records[:3])
    weigher = Weigher(folder)
    found = weigher.look(3)
    assert found is not None and "4 complete trials can be weighed, and there are 3" in found.fault
    append(folder, records[3:])
    deadline = time.monotonic() + PATIENCE_S
    began = time.monotonic()
    assert weigher.look(10) is None
    assert time.monotonic() - began < 1
    while (found := weigher.look(10)) is None or len(found.of) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert found.trials == 10
    assert found.of[0].importances
    weigher.close()
    assert weigher.look(20) is None, "nothing is begun for a page that was left"


def test_a_process_that_dies_is_told_with_its_last_words(
    checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_study(checkpoints, plan_of(), [])
    monkeypatch.setattr(weights, "python_module", lambda *_: ["sh", "-c", "echo no luck >&2; exit 3"])
    weigher = Weigher(folder)
    deadline = time.monotonic() + PATIENCE_S
    while (found := weigher.look(5)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert found.fault == "the trials could not be weighed: no luck"
