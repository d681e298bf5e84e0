"""A run's line in the list: as wide as the table, its cells in their columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.runs.events import Best
from workbench.runs.folder import Manifest, RecipeReference, RunFolder
from workbench.runs.listing import RunSummary
from workbench.runs.order import Order
from workbench.runs.state import Status
from workbench.runs.states import State
from workbench.tui.run_line import RunLines

BEST = Best(metric="val/loss", value=0.25, step=3)


def run(name: str) -> RunSummary:
    manifest = Manifest(name=name, recipe=RecipeReference(id="a/b", file=""))
    status = Status(state=State.FINISHED, step=30, total=60, device="cuda:0", best=BEST)
    return RunSummary(RunFolder(Path(name)), manifest, status)


@pytest.mark.parametrize("width", [40, 80, 119, 120, 149, 150, 200])
def test_every_line_is_as_long_as_the_heading_and_fits_a_usual_table(width: int) -> None:
    lines = RunLines(width)
    names = ["a", "a-name-that-is-longer-than-any-column-could-be-0007", "日本語の名前-0001"]
    drawn = [lines.line(run(name), marked=True, trend=[1.0, 0.5]) for name in names]
    assert {line.cell_length for line in [lines.heading(Order()), *drawn]} == {lines.length}
    assert lines.length < width or width < 80
    assert ("trend" in lines.heading(Order()).plain) == (width >= 150)


def test_a_line_stands_below_its_heading() -> None:
    lines = RunLines(160)
    heading = lines.heading(Order("best", falling=False)).plain
    line = lines.line(run("shapes-0001"), marked=False, trend=[]).plain
    for column, cell in (("name", "shapes-0001"), ("state", "✓ finished"), ("best ▲", "0.25")):
        assert heading.index(column) == line.index(cell)
    assert "val/loss" in line
    assert "val/loss" not in RunLines(80).line(run("shapes-0001"), marked=False, trend=[]).plain
