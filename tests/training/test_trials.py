"""Steps that are timed to learn something from them."""

import time

import torch

from workbench.training.trials import LEAST_TIMES, MOST_TIMES, typical_seconds

CPU = torch.device("cpu")


def test_the_typical_time_leaves_out_slow_first_steps() -> None:
    waits_s = iter([0.1, 0.1] + [0.001] * MOST_TIMES)
    assert typical_seconds(lambda: time.sleep(next(waits_s)), CPU, 0.4) < 0.05


def test_few_steps_are_made_where_one_is_long_and_not_too_many_where_it_is_short() -> None:
    made: list[int] = []
    typical_seconds(lambda: made.append(1), CPU, 0.0)
    assert len(made) == LEAST_TIMES
    typical_seconds(lambda: made.append(1), CPU, 60.0)
    assert len(made) == LEAST_TIMES + MOST_TIMES
