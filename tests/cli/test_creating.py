"""`workbench new`: what it writes runs as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workbench.catalog import read_recipe
from workbench.cli.main import main


@pytest.mark.parametrize("kind", ["recipe", "training"])
def test_what_is_written_is_a_sound_recipe_in_the_style_of_the_project(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "my_topic/two_rings", "--kind", kind, "--folder", str(tmp_path)]) == 0

    said = capsys.readouterr()
    file = Path(said.out.strip())
    assert f"workbench run my_topic/two_rings --recipes {tmp_path}" in said.err
    info = read_recipe(file, tmp_path)
    assert (info.id, info.kind.lower(), info.error) == ("my_topic/two_rings", kind, "")
    assert info.title.startswith("Two rings: ")
    assert "class TwoRings(" in file.read_text()
    for check in (["check"], ["format", "--check"]):
        subprocess.run([sys.executable, "-m", "ruff", *check, str(file)], check=True)


def test_the_plain_recipe_runs_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--recipes", str(tmp_path)]
    assert main(["new", "a/pi", "--kind", "recipe", *place]) == 0
    assert "--recipes" not in capsys.readouterr().err
    assert main(["run", "a/pi", "steps=5", *place]) == 0


@pytest.mark.slow
def test_the_training_runs_as_it_is_and_learns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--recipes", str(tmp_path)]
    assert main(["new", "a/rings", *place]) == 0
    assert main(["run", "a/rings", *place]) == 0

    row = next(r for r in capsys.readouterr().out.splitlines() if r.startswith("val/accuracy "))
    assert float(row.split()[1]) > 0.9


def test_a_file_that_exists_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a" / "b.py"
    file.parent.mkdir()
    file.write_text("mine")
    assert main(["new", "a/b", "--folder", str(tmp_path)]) == 2

    assert "exists already" in capsys.readouterr().err
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    "name", ["b", "A/b", "a/../b", "../b/c", "a/b/c", "a/", "/b", "a/1b", "a/_b", "a/class", "a/b.py"]
)
def test_a_bad_name_is_refused_and_nothing_is_written(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", name, "--folder", str(tmp_path / "recipes")]) == 2

    assert "is no name for a recipe" in capsys.readouterr().err
    assert not (tmp_path / "recipes").exists()


def test_a_folder_that_cannot_be_written_to_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a").touch()
    assert main(["new", "a/b", "--folder", str(tmp_path)]) == 1

    assert "cannot be written" in capsys.readouterr().err
