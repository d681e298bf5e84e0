"""What a study searches, as scikit-learn's searches take it: lists, and distributions of scipy's."""

from __future__ import annotations

from typing import Any

from scipy import stats

from workbench.params import Value
from workbench.tuning.samplers import values_of
from workbench.tuning.space import Dimension, Space


class LogIntegers:
    """Whole numbers from `low` to `high`, both inclusive, each magnitude as likely; scipy has none."""

    def __init__(self, low: int, high: int) -> None:
        self._real = stats.loguniform(low, high + 1)

    def rvs(self, random_state: Any = None) -> int:
        """One of them."""
        return int(self._real.rvs(random_state=random_state))


def grid(space: Space) -> dict[str, list[Value]]:
    """What `GridSearchCV` takes."""
    return {dimension.name: list(values_of(dimension)) for dimension in space.searched}


def distributions(space: Space) -> dict[str, Any]:
    """What `RandomizedSearchCV` and `HalvingRandomSearchCV` take."""
    return {dimension.name: _distribution(dimension) for dimension in space.searched}


def _distribution(dimension: Dimension) -> Any:
    if dimension.kind == "choice":
        return list(dimension.values)
    if dimension.kind == "int":
        low, high = int(dimension.low), int(dimension.high)
        return LogIntegers(low, high) if dimension.log else stats.randint(low, high + 1)
    if dimension.log:
        return stats.loguniform(dimension.low, dimension.high)
    return stats.uniform(dimension.low, dimension.high - dimension.low)
