"""How a run is shown while it lives."""

from __future__ import annotations

import io
import sys
from dataclasses import replace

import pytest

from workbench.cli import views
from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.recorder import Recorder
from workbench.runs.state import Status
from workbench.runs.states import State


def test_a_log_gets_few_lines_however_often_it_is_shown(finished: RunFolder) -> None:
    stream = io.StringIO()
    view = views.LogView(stream)
    history = History(finished).read_all()
    for step in range(2000):
        view.show(history, Status(state=State.RUNNING, step=step))
    view.show(history, Status(state=State.FINISHED, step=2000))

    states = [line.split()[0] for line in stream.getvalue().splitlines()]
    assert states == ["running", "finished"]


def test_a_log_is_silent_while_nothing_moves(
    finished: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "LOG_INTERVAL_S", 0.0)
    stream = io.StringIO()
    view = views.LogView(stream)
    history = History(finished).read_all()
    for _ in range(3):
        view.show(history, Status(state=State.PAUSED, step=7))

    assert len(stream.getvalue().splitlines()) == 1


def test_messages_are_told_once_and_as_text(finished: RunFolder) -> None:
    recorder = Recorder(finished.events_file)
    recorder.record(events.Message(time=5.0, text="too \x1b[2J few", level="warning"))
    recorder.close()
    history = History(finished).read_all()
    messages = views.Messages()

    assert messages.new(history) == ["warning: too ␛[2J few"]
    assert messages.new(history) == []


def test_the_line_never_wraps(finished: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    stream = io.StringIO()
    status = Status(state=State.RUNNING, step=5, total=10, elapsed_s=60, eta_s=60)
    views.LineView(stream).show(History(finished).read_all(), status)

    shown = stream.getvalue()
    assert shown.startswith("\r")
    assert len(shown.removeprefix("\r").removesuffix("\x1b[K")) == 29


def test_curves_are_redrawn_in_place_and_fit_the_screen(
    finished: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINES", "16")
    monkeypatch.setattr(views, "CURVES_INTERVAL_S", 0.0)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    finished.output_file.write_bytes(b"one\n 1%\r 2%\r100%\n\x1b[31mthree\n")
    history, view = History(finished).read_all(), views.CurvesView()
    status = replace(history.status(), state=State.RUNNING)
    frames = []
    for _ in range(2):
        view.show(history, status)
        frames.append(sys.stdout.getvalue())
        sys.stdout.truncate(0)
        sys.stdout.seek(0)

    drawn = frames[0].count("\n")
    assert drawn <= 15
    assert frames[0].startswith("\x1b[H\x1b[2J")
    assert frames[1].startswith(f"\x1b[{drawn}A\r")
    tail = [line.removesuffix("\x1b[K") for line in frames[0].splitlines()[-4:-1]]
    assert tail == ["one", "100%", "␛[31mthree"]
