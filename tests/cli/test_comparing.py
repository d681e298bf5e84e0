"""`workbench compare`."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from workbench.cli.main import main
from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.runs.recorder import Recorder

END = events.Finished(time=4.0, step=3)


def test_only_what_differs_is_shown_of_the_parameters(
    record: Callable[..., RunFolder], capsys: pytest.CaptureFixture[str]
) -> None:
    record(END, lr=0.1, width=8)
    record(END, lr=0.2, width=8, losses=(1.0, 0.75))
    assert main(["compare", "1", "2"]) == 0

    out = capsys.readouterr().out
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line.strip()}
    assert rows["lr"] == ["0.1", "0.2"]
    assert "width" not in rows
    legend = next(line for line in out.splitlines() if line.startswith("loss   ") and "0001" in line)
    assert "lessons-count-0002" in legend


def test_values_set_while_a_run_was_alive_count(
    record: Callable[..., RunFolder], capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = record(lr=0.1), record(END, lr=0.1)
    recorder = Recorder(first.events_file)
    recorder.record(events.ParameterSet(time=5.0, step=2, name="lr", old=0.1, value=0.05))
    recorder.close()
    assert main(["compare", "1", "2", "--json"]) == 0

    compared = json.loads(capsys.readouterr().out)
    assert [run["parameters"]["lr"] for run in compared] == [0.05, 0.1]
    assert [run["metrics"]["loss"] for run in compared] == [0.25, 0.25]
    assert [run["state"] for run in compared] == ["lost", "finished"]
