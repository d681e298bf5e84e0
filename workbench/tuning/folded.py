"""A trial that is cross-validated: what its folds reached, one value for each that has ended."""

from __future__ import annotations

import math
from statistics import fmean

import numpy as np

from workbench.errors import unknown
from workbench.params import Value
from workbench.runs.folder import RunFolder
from workbench.tuning.running import DURATION, Reported, RunningTrial
from workbench.tuning.study import Plan

FOLDS_DONE = "folds"  # the metric of a run that tells how many folds have ended


class FoldedTrial(RunningTrial):
    """Follows the run of a trial that trains once a fold; of what is untold `epoch` is the fold."""

    _read = 0  # folds whose values were taken in
    _recorded = 0  # folds of which the study was told

    def read(self) -> None:
        """Take in what came since the last call; a fold's value is `untold` when the fold has ended."""
        while self.history.read():
            pass
        ended = self._folds_ended()
        for fold in range(self._read + 1, ended + 1):
            value = self._of_fold(fold)[0]
            if value is not None and math.isfinite(value):
                self.untold.append(Reported(fold, value))
        self._read = max(self._read, ended)

    def fold_values(self) -> tuple[float | None, ...]:
        """The first metric's value of each fold that has ended; None where that is no number."""
        first = (self._of_fold(fold)[0] for fold in range(1, self._folds_ended() + 1))
        return tuple(None if value is None or not math.isfinite(value) else value for value in first)

    def has_new_folds(self) -> bool:
        known, self._recorded = self._recorded, self._read
        return self._read > known

    def values_reached(self) -> tuple[float, ...] | None:
        """Of each metric the mean over the folds that have ended; None where one has no number."""
        folds = [self._of_fold(fold) for fold in range(1, self._folds_ended() + 1)]
        finite = [[v for v in values if v is not None and math.isfinite(v)] for values in folds]
        if not folds or any(len(values) < len(self._objectives) for values in finite):
            return None
        return tuple(map(fmean, zip(*finite, strict=True)))

    def missing_metric(self) -> str:
        known = {name.partition("/")[2] for name in self.history.series if name.startswith("fold-")}
        missing = [o.metric for o in self._objectives if o.metric not in known and o.metric != DURATION]
        return unknown("metric", missing[0], known) if missing and known else ""

    def _folds_ended(self) -> int:
        series = self.history.series.get(FOLDS_DONE)
        return 0 if series is None or not len(series) else int(series.last)

    def _of_fold(self, fold: int) -> list[float | None]:
        """The best value of the first metric in a fold, and what the others were then."""
        series = self.history.series.get(f"fold-{fold}/{self._objectives[0].metric}")
        moment = 0
        if series is not None:
            costs = np.where(np.isfinite(series.values), self._sign * series.values, np.inf)
            moment = int(series.steps[int(np.argmin(costs))])
        return [
            self._value(one.metric if one.metric == DURATION else f"fold-{fold}/{one.metric}", moment)
            for one in self._objectives
        ]


def follow(
    folder: RunFolder, number: int, values: dict[str, Value], plan: Plan, began: float = 0.0
) -> RunningTrial:
    """Whoever follows the runs of such a study's trials."""
    kind = FoldedTrial if plan.folds else RunningTrial
    return kind(folder, number, values, plan.objectives, began)
