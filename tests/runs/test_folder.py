"""Runs get names of their own, and a name leads to no other place."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import Popen

import pytest

from workbench.errors import NotFoundError, UsageError, WorkbenchError
from workbench.runs import folder as folders
from workbench.runs.folder import Manifest, Parent, RecipeReference, RunFolder


def manifest(recipe: str = "images/cnn") -> Manifest:
    return Manifest(name="", recipe=RecipeReference(id=recipe, file="cnn.py", sha256="ab"))


def test_a_new_run_is_named_after_its_recipe_and_numbered(checkpoints: Path) -> None:
    first, written = folders.create(manifest(), checkpoints)
    second, _ = folders.create(manifest(), checkpoints)
    other, _ = folders.create(manifest("series/cnn"), checkpoints)
    assert [f.name for f in (first, second, other)] == [
        "images-cnn-0001",
        "images-cnn-0002",
        "series-cnn-0001",
    ]
    assert written.name == first.name
    assert first.manifest() == written


def test_numbers_go_on_after_the_last_and_beyond_four_digits(checkpoints: Path) -> None:
    for name in ("images-cnn-0007", "images-cnn-9999", "images-cnn-x-10000", "images-cnn-0008.bak"):
        (checkpoints / name).mkdir(parents=True)
    assert folders.create(manifest(), checkpoints)[0].name == "images-cnn-10000"


@pytest.mark.parametrize(
    ("recipe", "stem"),
    [
        ("images/cnn", "images-cnn"),
        ("From Scratch/Größe!", "from-scratch-gr-e"),
        ("from_scratch/a_b", "from_scratch-a_b"),
        ("../../etc", "etc"),
        ("\0", "run"),
    ],
)
def test_the_name_of_a_run_is_a_plain_word(recipe: str, stem: str) -> None:
    assert folders.run_stem(recipe) == stem


def test_everything_decided_before_the_run_is_written_down(checkpoints: Path) -> None:
    asked = Manifest(
        name="",
        recipe=RecipeReference(id="images/cnn", file="cnn.py", sha256="ab"),
        parameters={"width": 16, "rate": 0.1, "augment": True, "activation": "relu"},
        seed=3,
        device="cuda:1",
        parent=Parent(run="images-cnn-0001", checkpoint="best.pt", step=40),
        versions={"torch": "2.11"},
        git_commit="abc+",
    )
    folder, written = folders.create(asked, checkpoints)
    assert folder.manifest() == written
    assert (written.format, written.host) == (folders.FORMAT, socket.gethostname())
    assert json.loads(folder.manifest_file.read_text())["parameters"]["rate"] == 0.1


CREATOR = """
import sys
from pathlib import Path
from workbench.runs import folder
manifest = folder.Manifest(name="", recipe=folder.RecipeReference(id="images/cnn", file=""))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(25):
    print(folder.create(manifest, Path(sys.argv[1]))[0].name)
"""


def test_terminals_that_launch_at_the_same_instant_never_collide(
    checkpoints: Path, python: Callable[..., Popen[str]]
) -> None:
    terminals = [python(CREATOR, checkpoints) for _ in range(3)]
    for terminal in terminals:
        assert terminal.stdout is not None
        assert terminal.stdout.readline() == "ready\n"
    for terminal in terminals:
        assert terminal.stdin is not None
        terminal.stdin.write("go\n")
        terminal.stdin.flush()
    names = [name for terminal in terminals for name in terminal.communicate()[0].split()]
    assert sorted(names) == [f"images-cnn-{number:04d}" for number in range(1, 76)]
    assert all(RunFolder(checkpoints / name).manifest().name == name for name in names)


def test_a_place_that_cannot_be_written_to_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkbenchError, match="no run can be recorded") as refused:
        folders.create(manifest(), tmp_path / "file")
    assert "--checkpoints" in refused.value.remedy


def test_a_run_that_could_not_be_made_leaves_nothing(
    checkpoints: Path, files_at_most: Callable[[int], AbstractContextManager[None]]
) -> None:
    with files_at_most(100), pytest.raises(WorkbenchError, match="no run can be recorded"):
        folders.create(manifest(), checkpoints)
    assert list(checkpoints.iterdir()) == []


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["..", ".", "", "../images-cnn-0001", "/tmp", "a\0b", "a\\b"])
def test_a_name_that_leads_elsewhere_is_refused(checkpoints: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is not the name of a run"):
        folders.find(name, checkpoints)


def test_a_trial_is_found_in_its_study(folder: RunFolder, checkpoints: Path) -> None:
    (folder.path / "trials").mkdir()
    made = folders.create(manifest(), folder.path / "trials", name="trial-0003")[0]
    for name in ("images-cnn-0001/trial-0003", "images-cnn-0001/3", "1/3"):
        assert folders.find(name, checkpoints) == made
    for name in ("images-cnn-0001/trial-0004", "a/b", "images-cnn-0001/..", "images-cnn-0001/"):
        with pytest.raises(UsageError):
            folders.find(name, checkpoints)


def test_a_run_is_found_by_name_and_by_its_number(folder: RunFolder, checkpoints: Path) -> None:
    for name in ("images-cnn-0001", "1", "0001"):
        assert folders.find(name, checkpoints) == folder


@pytest.mark.usefixtures("folder")
def test_a_number_of_two_runs_finds_none(checkpoints: Path) -> None:
    folders.create(manifest("series/cnn"), checkpoints)
    with pytest.raises(NotFoundError, match="images-cnn-0001 or series-cnn-0001"):
        folders.find("0001", checkpoints)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["imagescnn-0001", "²", "9" * 5000, "x" * 300, "\ud800", "\x1b[31m"])
def test_an_unknown_run_is_a_clear_error(checkpoints: Path, name: str) -> None:
    with pytest.raises(NotFoundError, match="no run"):
        folders.find(name, checkpoints)


@pytest.mark.usefixtures("folder")
def test_an_unknown_run_names_the_nearest(checkpoints: Path) -> None:
    with pytest.raises(NotFoundError, match="did you mean images-cnn-0001") as refused:
        folders.find("image-cnn-0001", checkpoints)
    assert str(checkpoints) in refused.value.remedy


def test_only_folders_with_a_run_json_are_runs(folder: RunFolder, checkpoints: Path) -> None:
    (checkpoints / "being-made").mkdir()
    (checkpoints / "README.md").write_text("")
    (checkpoints / ".hidden").mkdir()
    (checkpoints / ".hidden" / "run.json").write_text("{}")
    (checkpoints / "odd").mkdir()
    (checkpoints / "odd" / "run.json").symlink_to("run.json")
    assert list(folders.all_runs(checkpoints)) == [folder]


def test_a_place_that_is_not_there_has_no_runs(tmp_path: Path) -> None:
    assert list(folders.all_runs(tmp_path / "gone")) == []


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"name":1}', b'{"name":"\xff"}'])
def test_a_damaged_run_json_is_a_clear_error(folder: RunFolder, damage: bytes) -> None:
    folder.manifest_file.write_bytes(damage)
    with pytest.raises(WorkbenchError, match=r"run\.json cannot be read"):
        folder.manifest()


def test_a_folder_without_run_json_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="is not a run"):
        RunFolder(tmp_path).manifest()


def test_a_run_of_a_newer_format_asks_for_an_update(folder: RunFolder) -> None:
    text = folder.manifest_file.read_text()
    folder.manifest_file.write_text(text.replace('"format": 1', '"format": 2'))
    with pytest.raises(WorkbenchError, match="newer workbench") as refused:
        folder.manifest()
    assert "update" in refused.value.remedy


def test_fields_of_a_newer_version_are_passed_over(folder: RunFolder) -> None:
    fields = json.loads(folder.manifest_file.read_text()) | {"tags": ["a"]}
    folder.manifest_file.write_text(json.dumps(fields))
    assert folder.manifest().recipe.id == "images/cnn"


def test_checkpoints_are_found_by_name_and_never_outside(folder: RunFolder) -> None:
    (folder.path / "last.pt").write_bytes(b"")
    (folder.path.parent / "secret.pt").write_bytes(b"")
    assert folder.checkpoint("last") == folder.checkpoint("last.pt") == folder.path / "last.pt"
    for name in ("best", "../secret", str(folder.path.parent / "secret.pt"), ""):
        with pytest.raises(NotFoundError, match="no checkpoint of images-cnn-0001"):
            folder.checkpoint(name)


def test_a_checkpoint_is_found_by_the_step_that_it_is_kept_under(folder: RunFolder) -> None:
    kept = folder.path / folders.step_file(500)
    kept.write_bytes(b"")
    assert kept.name == "step-00000500.pt"
    assert folders.step_in(kept.name) == 500
    assert [folders.step_in(other) for other in ("last.pt", "step-5.pt", "step-x.pt")] == [None] * 3
    for name in ("500", "0500", "step-00000500", "step-00000500.pt"):
        assert folder.checkpoint(name) == kept


@pytest.mark.parametrize("name", ["501", "nothing", "9" * 5000])
def test_an_unknown_checkpoint_is_answered_with_those_there(folder: RunFolder, name: str) -> None:
    with pytest.raises(NotFoundError, match="no checkpoint") as refused:
        folder.checkpoint(name)
    assert refused.value.remedy == "it has none yet"
    for file in ("last.pt", "step-00000500.pt"):
        (folder.path / file).write_bytes(b"")
    with pytest.raises(NotFoundError) as refused:
        folder.checkpoint(name)
    assert refused.value.remedy == "there are: last.pt, step-00000500.pt"


def test_only_what_dead_writers_left_aside_is_removed(folder: RunFolder) -> None:
    folder.figures_dir.mkdir()
    before = set(folder.path.rglob("*"))
    left = [path.with_name(f".{path.name}.4711") for path in (folder.start_file, folder.manifest_file)]
    left += [folders.aside(folder.path / "last.pt"), folder.figures_dir / ".tally-00000001.json.9"]
    for file in left:
        file.write_bytes(b"half")
    for file in (folder.launching_file, folder.path / "last.pt", folder.path / ".notes.txt"):
        file.write_bytes(b"whole")
        before.add(file)
    folder.remove_leftovers()
    assert set(folder.path.rglob("*")) == before


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "a"
    folders.write_atomically(file, b"old")
    folders.write_atomically(file, b"new")
    assert file.read_bytes() == b"new"
    with pytest.raises(TypeError):
        folders.write_atomically(file, "no bytes")
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]
