"""`workbench compare`: runs side by side."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from workbench import units
from workbench.cli import curves, output, progress
from workbench.cli.arguments import runs
from workbench.cli.following import CLOSING_CHARTS, CLOSING_HEIGHT
from workbench.params import Value
from workbench.runs import control
from workbench.runs.comparison import differing, in_order, outcome, parameters_held
from workbench.runs.folder import Manifest, RunFolder
from workbench.runs.history import History
from workbench.runs.series import Series
from workbench.runs.state import Status


@dataclass(frozen=True)
class _Compared:
    """One run, read whole."""

    folder: RunFolder
    manifest: Manifest
    history: History
    status: Status
    parameters: Mapping[str, Value]

    @property
    def name(self) -> str:
        return self.folder.name

    def last(self, metric: str) -> float | None:
        course = outcome(self.history.series.get(metric))
        return None if course is None else course.final.value


def compare_runs(args: argparse.Namespace) -> int:
    """Differing parameters and last metrics in one table, and the curves that runs share."""
    compared = [_read(folder) for folder in runs(args)]
    if args.json:
        output.write_json([_as_data(run) for run in compared])
        return 0
    columns = ["", *(run.name for run in compared)]
    output.write_table(columns, _rows(compared), right=range(1, len(columns)))
    _say_curves(compared)
    for run in compared:
        progress.say_faults(run.history)
    return 0


def _read(folder: RunFolder) -> _Compared:
    history = History(folder).read_all()
    manifest = folder.manifest()
    parameters = parameters_held(manifest, control.launches(folder.control_file), history)
    return _Compared(folder, manifest, history, history.status(), parameters)


def _rows(compared: Sequence[_Compared]) -> list[list[str]]:
    rows = [
        ["recipe", *(run.manifest.recipe.id for run in compared)],
        ["state", *(run.status.state.value for run in compared)],
        ["step", *(units.number(run.status.step) for run in compared)],
        ["time", *(units.duration(run.status.elapsed_s) for run in compared)],
        ["seed", *(str(run.manifest.seed) for run in compared)],
    ]
    rows += [
        [name, *(output.number(run.parameters.get(name)) for run in compared)]
        for name in differing([run.parameters for run in compared])
    ]
    rows += [
        [metric, *(output.number(run.last(metric)) for run in compared)]
        for metric in _metrics(compared)
    ]
    best = [run.status.best for run in compared]
    if any(best):
        texts = [f"{b.metric} {units.number(b.value)} @ {b.step:,}" if b else "–" for b in best]
        rows.append(["best", *texts])
    return rows


def _metrics(compared: Sequence[_Compared]) -> list[str]:
    return in_order(run.history.series for run in compared)


def _say_curves(compared: Sequence[_Compared]) -> None:
    """Metrics that at least two runs recorded as curves, one line a run."""
    width = min(output.screen_size()[0], 100)
    shown = 0
    for metric in _metrics(compared):
        lines: dict[str, Series] = {
            run.name: run.history.series[metric]
            for run in compared
            if metric in run.history.series and len(run.history.series[metric]) > 1
        }
        if len(lines) > 1 and shown < CLOSING_CHARTS:
            shown += 1
            output.say()
            output.say("\n".join(curves.overlay(lines, metric, width, CLOSING_HEIGHT)))


def _as_data(run: _Compared) -> dict[str, object]:
    return {
        **asdict(progress.outcome(run.history, run.status)),
        "recipe": run.manifest.recipe.id,
        "seed": run.manifest.seed,
        "parameters": run.parameters,
        "metrics": {name: run.last(name) for name in run.history.series},
    }
