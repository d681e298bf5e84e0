from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from tests.training.conftest import Train
from tests.training.line import Line
from workbench.errors import WorkbenchError
from workbench.training.schedules import SCHEDULES, Plateau, factor

STEPS, RISING = 40, 10


def torchs(make: Any, steps: int = STEPS) -> list[float]:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def with_warm_up(optimizer: torch.optim.Optimizer, after: Any) -> lr_scheduler.LRScheduler:
    rise = lr_scheduler.LinearLR(optimizer, start_factor=1 / RISING, total_iters=RISING - 1)
    # LinearLR ends on its last step, SequentialLR begins the next scheduler one step later.
    return lr_scheduler.SequentialLR(optimizer, [rise, after], milestones=[RISING])


@pytest.mark.filterwarnings("ignore:The epoch parameter in:UserWarning")  # torch's own SequentialLR
@pytest.mark.parametrize(
    ("name", "warm_up", "reference"),
    [
        ("constant", 0.0, lambda o: lr_scheduler.ConstantLR(o, factor=1.0)),
        ("cosine", 0.0, lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS)),
        (
            "one_cycle",
            0.0,
            lambda o: lr_scheduler.OneCycleLR(o, max_lr=1.0, total_steps=STEPS, cycle_momentum=False),
        ),
        (
            "constant",
            RISING / STEPS,
            lambda o: with_warm_up(o, lr_scheduler.ConstantLR(o, factor=1.0)),
        ),
        (
            "cosine",
            RISING / STEPS,
            lambda o: with_warm_up(o, lr_scheduler.CosineAnnealingLR(o, STEPS - RISING)),
        ),
    ],
)
def test_a_schedule_equals_torchs(name: str, warm_up: float, reference: Any) -> None:
    steps = STEPS - (name == "one_cycle")  # torch refuses to step beyond its last
    found = [factor(name, step, STEPS, warm_up) for step in range(steps)]
    assert found == pytest.approx(torchs(reference, steps), abs=1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("total", [1, 2, 3, 4, 7])
def test_a_schedule_of_few_steps_stays_within_its_bounds(name: str, total: int) -> None:
    rates = [factor(name, step, total, warm_up=0.5) for step in range(total)]
    assert all(0 <= rate <= 1 for rate in rates)
    assert max(rates) > 0


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("patience", [0, 1, 3])
def test_a_plateau_equals_torchs(mode: Any, patience: int) -> None:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = lr_scheduler.ReduceLROnPlateau(optimizer, mode=mode, patience=patience, eps=0)
    plateau = Plateau(mode, patience)
    drawn = random.Random(patience)
    for epoch in range(60):
        value = drawn.random() * (1 + epoch / 10)
        plateau.observe(value)
        reference.step(value)
        assert plateau.factor == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9)


def test_a_plateau_goes_on_where_it_was_saved() -> None:
    whole, first = Plateau("min", 1), Plateau("min", 1)
    values = [1.0, 0.5, 0.6, 0.6, 0.7, 0.4, 0.4, 0.4]
    for value in values:
        whole.observe(value)
    for value in values[:3]:
        first.observe(value)
    second = Plateau("min", 1)
    second.load_state_dict(first.state_dict())
    for value in values[3:]:
        second.observe(value)
    assert second.state_dict() == whole.state_dict()
    assert whole.factor < 1


def test_the_learning_rate_falls_where_the_monitored_value_stands_still(train: Train) -> None:
    _, _, history = train(schedule="plateau", lr_patience=0, lr=1e-7, epochs=6)
    rates = history.series["lr"].values.tolist()
    assert min(rates) < 0.2 * max(rates)
    assert any("stands still" in message.text for message in history.messages)


class Unmeasured(Line):
    monitor = "val/accuracy"


@pytest.mark.parametrize("values", [{"schedule": "plateau"}, {"patience": 1}])
def test_what_follows_a_metric_that_is_never_measured_is_refused(
    train: Train, values: dict[str, Any]
) -> None:
    with pytest.raises(WorkbenchError, match="val/accuracy, which was never measured"):
        train(Unmeasured, **values)
