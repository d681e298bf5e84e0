"""Watching runs that are recorded; living ones are watched in test_terminal."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.cli.following import Interrupts
from workbench.cli.main import main
from workbench.runs import events
from workbench.runs.folder import RunFolder


def test_watch_of_a_finished_run_shows_curve_and_results(
    finished: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", finished.name]) == 0

    out = capsys.readouterr().out
    assert "└" in out  # the axis of a chart
    assert f"{finished.name} finished  step 3/3" in out
    assert out.splitlines()[-1].split() == ["loss", "0.25"]


def test_watch_of_a_failed_run_tells_why_and_fails(
    record: Callable[..., RunFolder], capsys: pytest.CaptureFixture[str]
) -> None:
    fault = "bad \x1b[31m data"
    folder = record(
        events.Failed(time=4.0, step=3, title=fault, remedy="mend it", traceback="line 7\n")
    )
    assert main(["watch", folder.name]) == 1

    err = capsys.readouterr().err
    assert err.index("line 7") < err.index("bad ␛[31m data") < err.index("mend it")
    assert "output.log" in err


def test_watch_of_a_stopped_run_is_an_interrupted_one(record: Callable[..., RunFolder]) -> None:
    folder = record(events.Stopped(time=4.0, step=3, by="someone"))

    assert main(["watch", folder.name]) == 130


def test_a_run_without_worker_and_last_word_is_lost(
    record: Callable[..., RunFolder], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", record().name]) == 1

    assert "workbench resume" in capsys.readouterr().err


def test_a_damaged_line_is_named_and_the_rest_is_shown(
    finished: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = finished.events_file.read_bytes().split(b"\n")
    lines[2] = b'{"type":"metrics","step":\x00'
    finished.events_file.write_bytes(b"\n".join(lines))
    assert main(["watch", finished.name]) == 0

    said = capsys.readouterr()
    assert "events.jsonl, line 3" in said.err
    assert "finished  step 3/3" in said.out


@pytest.mark.parametrize("name", ["..", "../x", "a/b/c", "", "\0"])
def test_a_name_that_is_no_plain_name_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert main(["watch", name]) == 2

    assert "is not the name of a run" in capsys.readouterr().err


def test_interrupts_are_counted_and_the_handler_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.count == 2

    assert signal.getsignal(signal.SIGINT) is before
