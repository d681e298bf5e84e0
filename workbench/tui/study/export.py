"""Plots of a study as files: a picture, or the numbers that are drawn."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Sequence
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.figures.panel_pixels import png_of
from workbench.figures.panels import Chart
from workbench.runs.folder import RunFolder, write_atomically
from workbench.tui.study.facts import Format, StudyView
from workbench.tui.study.plot import Moment, Plot
from workbench.tui.study.plots import plot_of, trials_of
from workbench.tuning.points import points_of
from workbench.tuning.study import StudyFolder
from workbench.tuning.trials import TrialReader
from workbench.tuning.weights import Weights

FOLDER = "plots"
_UNFIT = re.compile(r"[^A-Za-z0-9_.]+")


def export(run: RunFolder, view: StudyView, weights: Weights | None, wanted: Format) -> Path:
    """Write the plot that is looked at into the study's folder, in the place of an earlier one.

    Raises:
        WorkbenchError: when there is nothing to see on it, or the study cannot be read.
    """
    folder = StudyFolder(run)
    plan = folder.plan()
    points = points_of(plan, TrialReader(folder).read().values())
    name = view.plot or "trials"
    plot = (
        plot_of(view.plot, points, view, Moment(time.time(), weights))
        if view.plot
        else trials_of(points)
    )
    if plot.empty:
        raise WorkbenchError(f"there is nothing to export: {plot.empty}")
    panels = list(plot.panels)
    if view.alone and len(panels) > 1:
        panels = [panels[view.place % len(panels)]]
    file = run.path / FOLDER / f"{_stem(name, plot, panels)}.{wanted}"
    file.parent.mkdir(exist_ok=True)
    title = f"{run.name} · {name}" + (f" · {plot.note}" if plot.note else "")
    data = table_of(plot) if wanted == "csv" else png_of(panels, title)
    write_atomically(file, data)
    return file


def table_of(plot: Plot) -> bytes:
    """The plot's numbers as CSV in UTF-8; what is not known is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(plot.columns)
    writer.writerows([_cell(value) for value in row] for row in plot.rows())
    return text.getvalue().encode()


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _stem(name: str, plot: Plot, panels: Sequence[object]) -> str:
    """The name of a file without its ending: which plot, and of what where that was chosen."""
    parts = [name, *plot.about]
    if len(panels) < len(plot.panels) and isinstance(panels[0], Chart):
        parts.append(panels[0].frame.title)
    return _UNFIT.sub("-", "-".join(parts))
