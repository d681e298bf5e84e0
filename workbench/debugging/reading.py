"""What a run has recorded of itself, as evidence for a diagnosis."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from workbench.debugging.evidence import Curve, Evidence, Failure
from workbench.debugging.probes import evenly
from workbench.debugging.recorded import decode
from workbench.params import Value
from workbench.runs import control
from workbench.runs.comparison import parameters_held
from workbench.runs.events import Failed
from workbench.runs.history import History
from workbench.runs.series import Series

# A run of a million steps is diagnosed as fast as a short one.
MOST_POINTS = 2000  # of a curve
MOST_PROBES = 200


def read_evidence(history: History) -> Evidence:
    """What a run has recorded of itself so far.

    Raises:
        WorkbenchError: when its `run.json` is missing or damaged.
    """
    folder = history.folder
    launches = control.launches(folder.control_file)
    return gathered(history, parameters_held(folder.manifest(), launches, history))


def gathered(history: History, params: Mapping[str, Value]) -> Evidence:
    """The same of a run whose parameters are known."""
    curves = {name: _curve(series) for name, series in history.series.items()}
    ended = history.ended
    failure = None
    if isinstance(ended, Failed) and ended.kind == "not_finite":
        failure = Failure(ended.step, ended.title)
    probes = (decode(one.step, one.read()) for one in evenly(history.probes, MOST_PROBES))
    return Evidence(tuple(probes), curves, params, failure)


def _curve(series: Series) -> Curve:
    """At most about MOST_POINTS of it: evenly apart, the extremes, and the first that is not finite."""
    values = series.values
    if len(values) <= MOST_POINTS:
        return Curve(series.steps.tolist(), values.tolist())
    is_finite = np.isfinite(values)
    extremes = [
        int(pick(np.where(is_finite, values, edge)))
        for pick, edge in ((np.argmin, np.inf), (np.argmax, -np.inf))
    ]
    evenly = np.linspace(0, len(values) - 1, MOST_POINTS).astype(np.int64)
    places = np.unique([*evenly, *extremes, *np.flatnonzero(~is_finite)[:1]])
    return Curve(series.steps[places].tolist(), values[places].tolist())
