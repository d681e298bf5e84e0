"""Plots of a study in files."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from PIL import Image

from tests.tuning.written import plan_of, trials_of, write_study
from workbench.errors import WorkbenchError
from workbench.tui.study.export import export
from workbench.tui.study.facts import PlotName, StudyView
from workbench.tuning.space import Dimension, Space
from workbench.tuning.study import Objective, StudyFolder
from workbench.tuning.weights import Weight, Weights

WEIGHTS = Weights(9, (Weight("fANOVA", 0, {"lr": 0.9, "width": 0.1}),))


@pytest.fixture
def folder(checkpoints: Path) -> StudyFolder:
    plan = plan_of()
    return write_study(checkpoints, plan, list(trials_of(plan, 24)))


def table(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text())))


@pytest.mark.parametrize("name", ["history", "importances", "parallel", "slices", "contour", "workers"])
def test_every_plot_becomes_a_picture_and_a_table(folder: StudyFolder, name: PlotName) -> None:
    picture = export(folder.run, StudyView(name), WEIGHTS, "png")
    assert picture.parent == folder.run.path / "plots"
    with Image.open(picture) as image:
        assert image.size == (1600, 1000)
    rows = table(export(folder.run, StudyView(name), WEIGHTS, "csv"))
    assert rows
    assert not list(picture.parent.glob(".*")), "nothing is left beside"


def test_tables_hold_values_as_they_are(folder: StudyFolder) -> None:
    rows = table(export(folder.run, StudyView(None), None, "csv"))
    assert len(rows) == 24
    assert rows[3]["norm"] == "true"
    assert rows[0]["activation"] in {"relu", "[b]tanh[/b]", "gelu"}
    assert rows[10]["val/accuracy"] == ""
    assert rows[10]["why"] == "ValueError: no [b]luck"


def test_files_are_named_after_what_is_on_them(checkpoints: Path, folder: StudyFolder) -> None:
    contour = export(folder.run, StudyView("contour", across=1, up=0), None, "csv")
    assert contour.name == "contour-width-lr.csv"
    assert (
        export(folder.run, StudyView("slices", alone=True, place=1), None, "csv").name
        == "slices-width.csv"
    )
    several = plan_of(Objective("val/accuracy", "max"), Objective("params", "min"))
    two = write_study(checkpoints, several, list(trials_of(several, 9)))
    assert export(two.run, StudyView("slices", metric=1), None, "csv").name == "slices-params.csv"
    odd = Space((Dimension("../up", "int", 1, 9), Dimension("a b", "int", 1, 9)))
    plan = plan_of(space=odd)
    strange = write_study(checkpoints, plan, list(trials_of(plan, 3)))
    assert (
        export(strange.run, StudyView("slices", alone=True), None, "csv").parent.parent
        == strange.run.path
    )


def test_nothing_is_written_where_there_is_nothing_to_see(checkpoints: Path) -> None:
    empty = write_study(checkpoints, plan_of(), [])
    with pytest.raises(WorkbenchError, match="no trials yet"):
        export(empty.run, StudyView("history"), None, "png")
    assert not (empty.run.path / "plots").exists()
