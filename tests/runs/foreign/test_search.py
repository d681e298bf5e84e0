"""Finding foreign runs: names, bounds, links."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workbench.runs.foreign import search as searching
from workbench.runs.foreign.folder import Kind
from workbench.runs.foreign.search import search


def put(folder: Path, file: str = "events.out.tfevents.1") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(b"")
    return folder


def test_runs_are_named_by_their_path(tmp_path: Path) -> None:
    root = put(tmp_path / "logs")
    put(root / "a" / "version_0", "metrics.csv")
    put(root / "b [x]")
    found = search(root)

    assert {run.name: run.kind for run in found.runs} == {
        "logs/": Kind.TENSORBOARD,
        "logs/b [x]": Kind.TENSORBOARD,
        "logs/a/version_0": Kind.LIGHTNING_CSV,
    }
    assert not found.cut_short
    assert all(run.read_only for run in found.runs)


def test_where_both_are_event_files_are_read(tmp_path: Path) -> None:
    put(tmp_path)
    put(tmp_path, "metrics.csv")

    assert [run.kind for run in search(tmp_path).runs] == [Kind.TENSORBOARD]


def test_links_hidden_folders_and_runs_of_ours_are_left_out(tmp_path: Path) -> None:
    put(tmp_path / "outside" / "run")
    root = tmp_path / "root"
    put(root / ".hidden")
    put(put(root / "ours"), "run.json")
    (root / "circle").symlink_to(root)
    (root / "away").symlink_to(tmp_path / "outside")

    assert search(root).runs == ()


def test_a_tree_too_deep_is_not_followed_to_its_end(tmp_path: Path) -> None:
    deepest = tmp_path.joinpath(*"x" * searching.MOST_LEVELS)
    put(deepest)
    put(deepest / "too_deep")

    assert [run.path for run in search(tmp_path).runs] == [deepest]


def test_a_tree_too_large_is_cut_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        put(tmp_path / f"run{number:02}")
    monkeypatch.setattr(searching, "MOST_RUNS", 5)
    found = search(tmp_path)
    assert len(found.runs) == 5
    assert "5" in found.cut_short

    monkeypatch.setattr(searching, "MOST_ENTRIES", 10)
    assert "too large" in search(tmp_path).cut_short


def test_names_that_are_no_text_are_shown_and_told_apart(tmp_path: Path) -> None:
    for byte in (b"\xff", b"\xfe"):
        folder = os.fsencode(tmp_path) + b"/run" + byte
        os.mkdir(folder)  # noqa: PTH102  # a name of bytes
        put(Path(os.fsdecode(folder)))
    names = [run.name for run in search(tmp_path).runs]

    assert len(set(names)) == 2
    assert all(name.encode() for name in names)


def test_no_folder_has_no_runs(tmp_path: Path) -> None:
    assert search(tmp_path / "nowhere").runs == ()
