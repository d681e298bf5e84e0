"""`workbench runs` and `workbench rm`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.cli.main import main
from workbench.runs import events, marks
from workbench.runs.folder import RunFolder, trash_dir


def test_runs_are_listed_with_their_states(
    finished: RunFolder, record: Callable[..., RunFolder], capsys: pytest.CaptureFixture[str]
) -> None:
    record(events.Failed(time=4.0, step=2, title="no \x1b[31m luck"))
    assert main(["runs"]) == 0

    out = capsys.readouterr().out
    rows = {line.split()[0]: line for line in out.splitlines()}
    assert "finished" in rows[finished.name]
    assert "step 3/3" in rows[finished.name]
    assert rows["lessons-count-0002"].endswith("no ␛[31m luck")


def test_runs_of_some_states_as_json(
    finished: RunFolder, record: Callable[..., RunFolder], capsys: pytest.CaptureFixture[str]
) -> None:
    record()
    record(events.Stopped(time=4.0, step=2, by="someone"), lr=0.1)
    assert main(["runs", "stopped", "finished", "--json"]) == 0

    found = {run["name"]: run for run in json.loads(capsys.readouterr().out)}
    assert set(found) == {finished.name, "lessons-count-0003"}
    assert found["lessons-count-0003"]["parameters"] == {"lr": 0.1}
    assert found["lessons-count-0003"]["reason"] == "stopped by someone"


def test_an_unknown_state_gets_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "runing"]) == 2

    assert "did you mean running" in capsys.readouterr().err


def test_no_runs_are_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["runs"]) == 0
    assert "no runs" in capsys.readouterr().err


def test_a_damaged_manifest_is_listed_with_its_fault(
    finished: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    finished.manifest_file.write_text('{"format": 1')
    assert main(["runs"]) == 0

    assert "run.json" in capsys.readouterr().out


def test_removal_without_a_terminal_needs_a_yes(
    finished: RunFolder, record: Callable[..., RunFolder], capsys: pytest.CaptureFixture[str]
) -> None:
    other = record()
    assert main(["rm", finished.name, other.name]) == 2
    assert "--yes" in capsys.readouterr().err
    assert finished.path.is_dir()
    assert main(["rm", finished.name, other.name, "--yes"]) == 0
    assert not finished.path.exists()
    assert not other.path.exists()


def test_one_unknown_name_keeps_all_runs(
    finished: RunFolder, checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkpoints.parent / "precious").mkdir(exist_ok=True)
    assert main(["rm", finished.name, "../precious", "--yes"]) == 2

    assert "'../precious' is not the name of a run" in capsys.readouterr().err
    assert finished.path.is_dir()
    assert (checkpoints.parent / "precious").is_dir()


def test_runs_are_chosen_by_the_words_of_the_filter(
    finished: RunFolder, record: Callable[..., RunFolder], capsys: pytest.CaptureFixture[str]
) -> None:
    starred = record(events.Stopped(time=4.0, step=2, by="someone"), lr=0.1)
    marks.star(starred, True)
    marks.annotate(starred, "the good one")
    assert main(["runs", "lr>0.01", "star", "--json"]) == 0

    (found,) = json.loads(capsys.readouterr().out)
    assert (found["name"], found["starred"], found["note"]) == (starred.name, True, "the good one")
    assert main(["runs", "--json", "--", "-star"]) == 0
    assert [run["name"] for run in json.loads(capsys.readouterr().out)] == [finished.name]
    assert main(["runs", "width>3"]) == 2
    assert "no parameter 'width'" in capsys.readouterr().err


def test_a_deleted_run_comes_back_unless_it_was_deleted_for_good(
    finished: RunFolder, checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rm", finished.name, "--yes"]) == 0
    assert f"workbench rm --undo {finished.name}" in capsys.readouterr().err
    assert main(["rm", "--undo", finished.name]) == 0
    assert finished.path.is_dir()
    assert main(["rm", finished.name, "--yes", "--now"]) == 0
    assert not any(trash_dir(checkpoints).iterdir())
    assert main(["rm", "--undo", finished.name]) == 2
    assert "no run in the trash" in capsys.readouterr().err
