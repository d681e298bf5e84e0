"""`workbench run`, with real workers of recipes that need no torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from workbench.cli import launching
from workbench.cli.main import main
from workbench.rehearsal import Layer, Rehearsal
from workbench.runs.folder import RunFolder, find
from workbench.runs.states import State
from workbench.workers.protocol import Report

from .waiting import wait_for


def test_a_run_is_followed_to_its_end(checkpoints: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "count", "steps=7", "--seed", "3", "mood=keen"]) == 0

    out = capsys.readouterr().out
    assert "lessons-count-0001 finished  step 7/7" in out
    assert "└" in out  # the closing curve
    manifest = find("lessons-count-0001", checkpoints).manifest()
    assert (manifest.parameters["steps"], manifest.parameters["mood"]) == (7, "keen")
    assert manifest.seed == 3


def test_json_is_all_that_is_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "count", "steps=2", "--json"]) == 0

    said = capsys.readouterr()
    told = json.loads(said.out)
    assert (told["state"], told["step"]) == ("finished", 2)
    assert told["results"] == {"train/loss": 0.5, "val/loss": 1.0}
    assert "finished" in said.err


def test_a_run_that_fails_tells_the_reason_and_the_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["run", "fails"]) == 1

    said = capsys.readouterr()
    assert "failed  step 3/10" in said.out
    assert "fails.py" in said.err
    assert "ValueError: the data is ␛[2J spoilt" in said.err
    assert "\x1b" not in said.err


def test_the_kind_of_a_failure_is_told_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "fails", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["kind"] == "error"
    assert main(["runs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["kind"] == "error"


def test_refused_parameters_are_all_told_and_nothing_is_made(
    checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "count", "stepz=1", "pause_s=-1", "mood=kean", "--device", "tpu"]) == 2

    err = capsys.readouterr().err
    for fault in ("did you mean steps", "pause_s=-1 is out of bounds", "mean keen", "device 'tpu'"):
        assert fault in err
    assert not checkpoints.exists()


@pytest.mark.parametrize(("recipe", "says"), [("broken", "line 1"), ("needs", "pip install")])
def test_a_recipe_that_cannot_run_says_why(
    recipe: str, says: str, checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", recipe]) == 1

    assert says in capsys.readouterr().err
    assert not checkpoints.exists()


def test_a_rehearsal_records_nothing(checkpoints: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "count", "--dry-run"]) == 0

    assert capsys.readouterr().out.strip()
    assert not checkpoints.exists()


def test_a_rehearsal_tells_as_json_what_it_measured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = Layer("out", "Linear", "64x10", 650)
    measured = Rehearsal((layer,), 650, "cpu", "64x64", 0.1, 0.01, 30, 1_000_000)
    report = Report(measured.text(), measured)
    monkeypatch.setattr(launching, "rehearsed", lambda *_: report)
    assert main(["run", "count", "--dry-run", "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["measured"]["layers"] == [msgspec.to_builtins(layer)]
    assert told["measured"]["steps"] == 30
    assert "out    Linear  64x10" in told["report"]


def test_two_launches_at_the_same_instant_get_names_of_their_own(checkpoints: Path) -> None:
    call = [sys.executable, "-m", "workbench", "run", "count", "--detach"]
    processes = [subprocess.Popen(call, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    names = {process.communicate()[0].strip() for process in processes}

    assert names == {f"lessons-count-000{number}" for number in (1, 2, 3)}
    for name in names:
        assert wait_for(RunFolder(checkpoints / name), State.FINISHED)


def test_a_folder_that_cannot_be_made_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["run", "count", "--checkpoints", str(tmp_path / "file" / "runs")]) == 1

    assert "no run can be recorded" in capsys.readouterr().err


def test_without_a_command_and_a_terminal_the_default_recipe_is_trained(
    tmp_path: Path, recipes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder of recipes may replace one of the workbench's own by giving the same id."""
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "cnn.py").write_text((recipes / "lessons" / "count.py").read_text())
    assert main(["--recipes", str(tmp_path)]) == 0

    out = capsys.readouterr().out
    assert "training images/cnn" in out
    assert "images-cnn-0001 finished  step 20/20" in out
    assert "└" in out
