"""`workbench watch DIR`: what other programs recorded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workbench.cli.main import main


def write(folder: Path, written: float = 1000.0) -> Path:
    folder.mkdir(parents=True)
    file = folder / "metrics.csv"
    file.write_text("epoch,step,loss\n" + "".join(f"0,{step},{1 / step}\n" for step in range(1, 50)))
    os.utime(file, (written, written))
    return folder


def test_a_folder_is_shown_with_curves_and_last_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", str(write(tmp_path / "version_0"))]) == 0

    said = capsys.readouterr()
    assert "└" in said.out
    assert "version_0/ recorded  step 49" in said.out
    assert "0.0204" in said.out
    assert not said.err


def test_of_several_the_newest_is_shown_and_the_others_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = write(tmp_path / "old", 1000.0), write(tmp_path / "new\x1b[2J", 2000.0)
    assert main(["watch", str(tmp_path)]) == 0

    said = capsys.readouterr()
    assert f"{tmp_path.name}/new␛[2J recorded" in said.out
    assert "newest of 2 runs" in said.err
    assert f"workbench watch {old}" in said.err
    assert "\x1b" not in said.out + said.err
    assert new.exists()


def test_a_damaged_row_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "run")
    file = folder / "metrics.csv"
    file.write_text(file.read_text() + "what\n")
    os.utime(file, (1000.0, 1000.0))
    assert main(["watch", str(folder)]) == 0

    assert "metrics.csv, line 51" in capsys.readouterr().err


def test_a_folder_without_such_runs_says_what_it_looks_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", str(tmp_path)]) == 2

    err = capsys.readouterr().err
    assert "nothing to watch" in err
    assert "metrics.csv" in err


def test_a_run_of_ours_by_its_path_is_pointed_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cnn-0001").mkdir()
    (tmp_path / "cnn-0001" / "run.json").write_text("{}")
    assert main(["watch", str(tmp_path / "cnn-0001")]) == 2

    assert f"workbench --checkpoints {tmp_path} watch cnn-0001" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (["--watch", ".", "runs"], "without a command"),
        (["--watch", "/no/such/folder"], "there is no folder /no/such/folder"),
        (["--watch", "."], "needs a terminal"),
    ],
)
def test_wrong_calls(call: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(call) == 2

    assert said in capsys.readouterr().err
