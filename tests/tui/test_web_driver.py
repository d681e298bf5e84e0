"""The screens as a server of a browser starts them: behind pipes."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

PATIENCE_S = 60.0
OPEN = """
import os, sys, threading, time
from workbench import paths
from workbench.tui import web_driver
from workbench.tui.app import WorkbenchApp

class Opened(WorkbenchApp):
    def on_mount(self):
        {mounted}

web_driver._LEAVING_S = {leaving_s}
Opened(paths.checkpoints_dir()).run()
"""
_TELLS = 'self._driver.write_meta({"type": "told", "left": [n for n in os.environ if "TEXTUAL" in n]})'

Served = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def served() -> Iterator[Served]:
    """Starts the screens, and waits until they say that they are there."""
    started: list[subprocess.Popen[bytes]] = []

    def start(mounted: str = "pass", leaving_s: float = PATIENCE_S) -> subprocess.Popen[bytes]:
        driver = "textual.drivers.web_driver:WebDriver"
        program = subprocess.Popen(
            [sys.executable, "-c", OPEN.format(mounted=mounted, leaving_s=leaving_s)],
            env={**os.environ, "TEXTUAL_DRIVER": driver, "COLUMNS": "80", "ROWS": "24"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        started.append(program)
        assert program.stdout is not None
        assert program.stdout.readline() == b"__GANGLION__\n"
        return program

    yield start
    for program in started:
        with program:  # which closes its pipes
            program.kill()


def hang_up(program: subprocess.Popen[bytes]) -> None:
    """What a server that was killed leaves."""
    for pipe in (program.stdin, program.stdout):
        assert pipe is not None
        pipe.close()


def test_the_screens_leave_when_their_server_is_gone_and_tell_workers_nothing_of_it(
    served: Served,
) -> None:
    program = served(_TELLS)
    assert program.stdout is not None
    sent = b""
    while b'"told"' not in sent:
        sent += program.stdout.read1(4096)
    assert b'"left": []' in sent
    hang_up(program)
    assert program.wait(PATIENCE_S / 2) == 0


def test_screens_that_hang_leave_all_the_same(served: Served) -> None:
    program = served("time.sleep(600)", leaving_s=0.2)
    assert program.stdin is not None
    packet = b'{"type": "quit"}'
    program.stdin.write(b"M" + struct.pack(">I", len(packet)) + packet)
    program.stdin.flush()
    assert program.wait(PATIENCE_S / 2) == 1
