"""Terminals that can do little, or that change: the program says so, or lives with it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from collections.abc import Callable

import pexpect
import pytest

from workbench.runs import events
from workbench.runs.folder import RunFolder

from .terminals import Terminal

_COLOUR = re.compile(rb"\x1b\[[\d;]*\b(3[0-7]|4[0-7]|9[0-7]|10[0-7]|[34]8;[25];)[\d;]*m")
Open = Callable[..., Terminal]


def test_a_dumb_terminal_is_told_what_to_use_instead() -> None:
    environ = {**os.environ, "TERM": "dumb"}
    program = pexpect.spawn(sys.executable, ["-m", "workbench"], env=environ, timeout=60)
    program.expect(pexpect.EOF)
    said = program.before.decode()
    program.close()
    assert "workbench watch RUN" in said
    assert "--json" in said
    assert "\x1b" not in said
    assert program.exitstatus == 2


def test_without_colour_and_without_unicode_in_forty_columns(
    terminal: Open,
    record: Callable[..., RunFolder],
) -> None:
    """The shell's variables speak of another window, as they do where they were exported."""
    record(events.Finished(time=9.0, step=60))
    one = terminal(40, 12, NO_COLOR="1", LC_ALL="C", COLUMNS="200", LINES="60")
    one.sees("fundamentals")
    one.press("2")
    one.sees("+ finished")
    one.press("\r")
    one.sees("train")
    for key in "2345?":
        one.press(key)
        one.read(0.3)
    assert one.leave_after("\x1b") == 0
    assert one.sent.isascii()
    assert not _COLOUR.search(one.sent)


@pytest.mark.slow
def test_resized_while_it_draws_and_its_run_deleted_meanwhile(
    terminal: Open,
    record: Callable[..., RunFolder],
) -> None:
    folder = record(events.Finished(time=9.0, step=60))
    one = terminal()
    one.sees("? help")
    one.press("2")
    one.sees("✓ finished")
    one.press("\r")
    for columns, lines in ((200, 60), (1, 1), (40, 12), (2, 200), (300, 3), (80, 24)):
        one.resize(columns, lines)
        one.press("1234512"[columns % 7])
        one.read(0.15)
    one.press("1")
    one.sees("━━ train")
    shutil.rmtree(folder.path)
    one.sees("is no more")
    one.press("r")
    one.read(0.5)
    one.press("d")
    one.sees("y delete it")
    one.press("y")
    one.read(0.5)
    one.press("\x1b")
    one.sees("no runs yet")
    assert one.leave() == 0
    assert b"Traceback" not in one.sent


def test_what_is_copied_reaches_the_terminal(terminal: Open) -> None:
    one = terminal()
    one.sees("lessons  4")
    one.press("Y")
    one.sees("enter copies")
    one.press("\r")
    one.sees("take it from here")
    assert b"\x1b]52;c;" in one.sent
    assert one.leave_after("\x1b") == 0


def test_a_clock_that_jumps_leaves_the_pages_alone(
    terminal: Open,
    record: Callable[..., RunFolder],
) -> None:
    """The clock of the program is a year behind that of the records."""
    folder = record()
    for file in (folder.events_file, folder.manifest_file):
        text = file.read_text().replace('"created":1.0', '"created":4e9')
        file.write_text(text.replace('"time":2.0', '"time":4e9').replace('"time":3.0', '"time":4e9'))
    one = terminal()
    one.sees("? help")
    one.press("2")
    one.sees("just now")
    one.press("\r")
    one.sees("Post-mortem")  # its worker is gone; a page opens on that
    one.press("1")
    one.sees("━━ train")
    assert one.leave() == 0
    assert b"Traceback" not in one.sent


def test_the_screens_leave_with_their_terminal_where_hangups_were_ignored(terminal: Open) -> None:
    """As under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        one = terminal()
    finally:
        signal.signal(signal.SIGHUP, before)
    one.sees("? help")
    one.hang_up()
