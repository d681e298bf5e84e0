"""`workbench queue`, with workers that wait for a CPU that takes one run at a time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.catalog import read_recipe
from workbench.cli.main import main
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.states import State
from workbench.workers import devices, launch, queue

from .waiting import wait_for, wait_for_step


@pytest.fixture
def queued(checkpoints: Path, recipes: Path, monkeypatch: pytest.MonkeyPatch) -> list[RunFolder]:
    """One run that is at work and two that wait for it."""
    monkeypatch.setenv(devices.CPU_SLOTS_VARIABLE, "1")
    recipe = read_recipe(recipes / "lessons" / "count.py", recipes)
    folders = []
    for state in (State.RUNNING, State.QUEUED, State.QUEUED):
        order = launch.Order(recipe, {"steps": 5000, "pause_s": 0.02})
        folders.append(launch.launch(order, checkpoints))
        wait_for(folders[-1], state)
    wait_for_step(folders[0])
    return folders


def test_the_queue_is_listed_changed_and_left(
    queued: list[RunFolder], capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = queued
    assert main(["queue"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["place", "run"]
    assert lines[1].split()[:3] == ["1", second.name, "cpu"]
    assert lines[1].endswith(f"cpu, held by {first.name}")
    assert lines[2].endswith(f"cpu, after {second.name} in the queue")

    assert main(["queue", "up", "3"]) == 0
    assert f"{third.name}: place 1 of 2" in capsys.readouterr().out
    assert main(["queue", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(one["place"], one["name"]) for one in listed] == [(1, third.name), (2, second.name)]
    assert listed[0]["path"] == str(third.path)
    assert listed[1]["waits_for"] == f"cpu, after {third.name} in the queue"
    assert main(["queue", "first", second.name]) == 0
    assert main(["queue", "down", second.name]) == 0
    assert [claim.run for claim in queue.waiting()] == [third.name, second.name]

    assert main(["queue", "cancel", third.name]) == 0
    assert f"{third.name}: stopped" in capsys.readouterr().out
    assert main(["queue", "first", third.name]) == 2
    told = capsys.readouterr().err
    assert f"{third.name} does not wait for a device: it is stopped" in told
    assert main(["queue", "up", first.name]) == 2
    assert "it is running" in capsys.readouterr().err
    control.ask(first.control_file, control.Stop())
    wait_for(second, State.RUNNING)


def test_nobody_waits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["queue", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["queue"]) == 0
    assert "no run waits" in capsys.readouterr().err
    assert main(["queue", "up"]) == 2
    assert "which run is meant" in capsys.readouterr().err
    assert main(["queue", "up", "no-such-0001"]) == 2
    assert "no run 'no-such-0001'" in capsys.readouterr().err


def test_leases_that_cannot_be_read_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("WORKBENCH_LEASES", str(tmp_path / "file" / "leases"))
    assert main(["queue"]) == 2
    assert "devices cannot be leased in" in capsys.readouterr().err
