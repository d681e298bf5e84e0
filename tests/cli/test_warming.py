"""`--on-nan`, the short way to a parameter that trainings have."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.cli.main import main
from workbench.runs.folder import all_runs, find
from workbench.runs.states import State
from workbench.workers.launch import parameters_at

from .waiting import wait_for

GUARDED = '''
"""Counts, and knows what to do about NaN."""
from workbench import Recipe, choice


class Guarded(Recipe):
    class Params(Recipe.Params):
        on_nan: str = choice("stop", "skip", "ignore", help="what a NaN means")

    def run(self, run):
        for step in run.steps(2):
            run.log(loss=step)
            run.save({"step": step})

    def load_state_dict(self, state):
        pass
'''


@pytest.fixture
def guarded(tmp_path: Path) -> Path:
    """A folder with a recipe that has the parameter."""
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "guarded.py").write_text(GUARDED)
    return tmp_path


def test_it_sets_the_parameter_of_a_run_and_of_what_follows_from_it(
    guarded: Path, checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--recipes", str(guarded)]
    assert main(["run", "guarded", "--on-nan", "skip", *place]) == 0
    run = find("lessons-guarded-0001", checkpoints)
    assert parameters_at(run) == {"on_nan": "skip"}
    assert main(["resume", run.name, "--on-nan", "ignore", "--wait"]) == 0
    assert parameters_at(run) == {"on_nan": "ignore"}
    capsys.readouterr()
    assert main(["fork", run.name, "--on-nan", "stop", "--partial"]) == 0
    child = find(capsys.readouterr().out.strip(), checkpoints)
    assert parameters_at(child) == {"on_nan": "stop"}
    assert wait_for(child, State.FINISHED)


def test_a_recipe_without_the_parameter_refuses_it(
    checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "count", "--on-nan", "skip"]) == 2
    assert "lessons/count cannot be told what to do about NaN" in capsys.readouterr().err
    assert list(all_runs(checkpoints)) == []


def test_it_is_not_given_twice(guarded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["run", "guarded", "on_nan=stop", "--on-nan", "skip", "--recipes", str(guarded)]
    assert main(call) == 2
    assert "on_nan is given twice" in capsys.readouterr().err
