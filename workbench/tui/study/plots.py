"""The plots of a study: what its trials become on paper, for the terminal and for exports alike."""

from __future__ import annotations

from workbench.tui.study.facts import PlotName, StudyView
from workbench.tui.study.over_parameters import contour, parallel, slices
from workbench.tui.study.over_trials import history, importances, pareto, workers
from workbench.tui.study.plot import Moment, Plot, columns_of, rows_of
from workbench.tuning.points import Points


def plot_of(name: PlotName, points: Points, view: StudyView, moment: Moment) -> Plot:
    """A plot of a study; where it has nothing to show it says why."""
    if not points.trials:
        return Plot(empty="no trials yet")
    match name:
        case "history":
            return pareto(points, view) if points.plan.has_several else history(points, view)
        case "importances":
            return importances(points, view, moment.weights)
        case "parallel":
            return parallel(points, view)
        case "slices":
            return slices(points, view)
        case "contour":
            return contour(points, view)
        case "workers":
            return workers(points, moment.now)


def trials_of(points: Points) -> Plot:
    """All trials with their values and parameters, as a table alone."""
    return Plot(
        empty="" if points.trials else "no trials yet",
        columns=[*columns_of(points), "spread", "folds", "run", "began", "ended", "why"],
        rows=lambda: [
            (
                *(*row, trial.spread, len(trial.folds) or None, trial.full_name),
                *(trial.began or None, trial.ended or None, trial.reason),
            )
            for row, trial in zip(rows_of(points), points.trials, strict=True)
        ],
    )
