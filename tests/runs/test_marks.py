"""Star and note of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.runs import marks
from workbench.runs.folder import Manifest, RecipeReference, RunFolder, create
from workbench.runs.listing import Listing
from workbench.runs.marks import Marks


@pytest.fixture
def folder(checkpoints: Path) -> RunFolder:
    return create(Manifest(name="", recipe=RecipeReference(id="a/b", file="")), checkpoints)[0]


def test_star_and_note_are_kept_beside_each_other(folder: RunFolder) -> None:
    assert marks.read(folder) == Marks()
    marks.star(folder, True)
    marks.annotate(folder, "  good [b]seed[/b] ")
    assert marks.read(folder) == Marks(True, "good [b]seed[/b]")
    marks.star(folder, False)
    assert marks.read(folder) == Marks(False, "good [b]seed[/b]")
    assert [path.name for path in folder.path.glob(".marks*")] == []


def test_the_list_sees_a_mark_at_its_next_read(folder: RunFolder, checkpoints: Path) -> None:
    listing = Listing(checkpoints)
    assert listing.read()[0].marks == Marks()
    marks.annotate(folder, "why")
    assert listing.read()[0].marks.note == "why"


def test_a_damaged_file_is_named_and_the_run_still_listed(folder: RunFolder, checkpoints: Path) -> None:
    folder.marks_file.write_text("{")
    with pytest.raises(WorkbenchError, match=r"marks\.json cannot be read"):
        marks.read(folder)
    (run,) = Listing(checkpoints).read()
    assert "marks.json" in run.fault


def test_marking_a_run_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="cannot be marked"):
        marks.star(RunFolder(tmp_path / "gone"), True)
