"""Finding the forks of a run."""

from __future__ import annotations

from pathlib import Path

from workbench.runs.folder import Manifest, Parent, RecipeReference, RunFolder
from workbench.runs.forks import Child, children
from workbench.runs.listing import RunSummary
from workbench.runs.state import Status

RECIPE = RecipeReference(id="images/cnn", file="")
PARENT = Manifest(name="images-cnn-0001", recipe=RECIPE, created=100.0)


def run(name: str, parent: str = "", step: int = 0, created: float = 200.0) -> RunSummary:
    left = Parent(run=parent, checkpoint="last.pt", step=step) if parent else None
    manifest = Manifest(name=name, recipe=RECIPE, parent=left, created=created)
    return RunSummary(RunFolder(Path(name)), manifest, Status())


def test_forks_are_told_in_the_order_in_which_they_left() -> None:
    known = [run("d", PARENT.name, 40), run("c", PARENT.name, 90), run("b", PARENT.name, 40)]
    assert children(PARENT, known) == (Child(40, "b"), Child(40, "d"), Child(90, "c"))


def test_others_and_forks_of_a_deleted_run_of_that_name_are_none() -> None:
    known = [run("b"), run("c", "images-cnn-0002", 5), run("d", PARENT.name, 5, created=99.0)]
    assert children(PARENT, known) == ()
