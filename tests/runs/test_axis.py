"""Steps and times are held once for metrics that go on together."""

from __future__ import annotations

import numpy as np

from workbench.runs.axis import Axis
from workbench.runs.series import Series


def test_metrics_of_the_same_records_share_their_axis_until_they_part() -> None:
    axis = Axis()
    loss, accuracy = Series("loss", axis), Series("accuracy", axis)
    steps, times = np.arange(5), np.arange(5.0)
    for one, values in ((loss, times), (accuracy, 2 * times)):
        one.extend(steps, times, values)
    assert loss.steps.base is accuracy.steps.base
    later = np.arange(5, 7)
    loss.extend(later, later + 0.5, later * 1.0)
    assert len(accuracy.steps) == len(accuracy.times) == 5
    other = np.array([8])
    accuracy.extend(other, np.array([9.0]), np.array([1.0]))
    assert loss.steps.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert loss.times.tolist() == [0, 1, 2, 3, 4, 5.5, 6.5]
    assert accuracy.steps.tolist() == [0, 1, 2, 3, 4, 8]
    assert accuracy.times.tolist() == [0, 1, 2, 3, 4, 9]


def test_a_metric_that_is_cut_leaves_the_others_that_share_its_axis() -> None:
    axis = Axis()
    loss, accuracy = Series("loss", axis), Series("accuracy", axis)
    steps, times = np.arange(5), np.arange(5.0)
    for one in (loss, accuracy):
        one.extend(steps, times, times)
    loss.truncate(2)
    loss.extend(np.array([3]), np.array([7.0]), np.array([0.0]))
    assert loss.times.tolist() == [0, 1, 2, 7]
    assert accuracy.times.tolist() == [0, 1, 2, 3, 4]
    accuracy.truncate(1)
    assert accuracy.steps.tolist() == [0, 1]
