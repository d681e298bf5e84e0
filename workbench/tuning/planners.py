"""Optuna's samplers that plan all parameters together, in ranges that may change. Imports Optuna.

By themselves they leave out a parameter whose range has changed, and draw that one at random.
"""

from __future__ import annotations

from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, GPSampler, QMCSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState


class Planner(BaseSampler):
    """Plans in the `ranges` that hold now; where there are none, in those of all trials."""

    ranges: dict[str, BaseDistribution] | None = None

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """What is planned together: what every trial has that the plan is made from."""
        if self.ranges is None:
            return super().infer_relative_search_space(study, trial)  # type: ignore[safe-super]
        complete = study._get_trials(deepcopy=False, states=(TrialState.COMPLETE,), use_cache=True)
        return {
            name: distribution
            for name, distribution in self.ranges.items()
            if not distribution.single() and all(name in other.params for other in complete)
        }


class GaussianProcess(Planner, GPSampler):
    """Learns from trials outside of its ranges too, and looks for the next one inside."""

    def _optimize_acqf(self, acqf: Any, best_params: Any) -> Any:
        # Optuna starts from the best trials, and fails where one is no point of the ranges.
        if best_params is not None:
            inside = best_params[((best_params >= 0) & (best_params <= 1)).all(axis=1)]
            best_params = inside if len(inside) else None
        return super()._optimize_acqf(acqf, best_params)


class Parzen(Planner, TPESampler):
    """Learns which regions are good, from trials outside of its ranges too."""


class QuasiMonteCarlo(Planner, QMCSampler):
    """Begins its sequence anew in ranges that changed."""
