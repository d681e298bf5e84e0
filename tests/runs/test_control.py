"""Requests reach the worker in the order they were asked."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import msgspec
import pytest

from workbench.errors import WorkbenchError
from workbench.runs import control
from workbench.runs.control import (
    ControlReader,
    Launch,
    Pause,
    Probe,
    Request,
    Resume,
    SaveCheckpoint,
    SetParameter,
    Stop,
)
from workbench.runs.folder import RunFolder

ALL: list[Request] = [
    Launch(
        device="cuda:0",
        parameters={"rate": 0.1, "on": True, "name": "a", "n": 3},
        wait_for_device=False,
    ),
    Stop(when="epoch"),
    Pause(),
    Resume(),
    SaveCheckpoint(),
    Probe(),
    SetParameter(name="rate", value=1e-4),
]


def test_requests_come_back_as_they_were_asked(folder: RunFolder) -> None:
    reader = ControlReader(folder.control_file)
    assert reader.read() == []
    for request in ALL:
        control.ask(folder.control_file, request)
    assert reader.read() == ALL
    assert reader.read() == []
    assert reader.faults == []


def test_a_request_says_who_asked_and_when_and_has_an_id_of_its_own() -> None:
    one, other = Stop(), Stop()
    assert one.client.endswith(f"@{socket.gethostname()}:{os.getpid()}")
    assert abs(one.time - time.time()) < 5
    assert one.id != other.id


def test_every_launch_is_an_attempt(folder: RunFolder) -> None:
    assert control.launches(folder.control_file) == []
    first, second = Launch(), Launch(device="cpu")
    for request in (first, Stop(), second, Pause()):
        control.ask(folder.control_file, request)
    assert control.launches(folder.control_file) == [first, second]


@pytest.mark.parametrize(
    "line",
    [
        b"no json",
        b'{"type":"dance","id":"1","time":1,"client":"me"}',
        b'{"type":"set","id":"1"}',
        b'{"type":"stop","client":"\xff"}',
        b'{"type":"stop","more":' + b"[" * 100_000 + b"}",
    ],
)
def test_a_line_that_is_no_request_is_named_and_the_rest_is_read(
    folder: RunFolder, line: bytes
) -> None:
    control.ask(folder.control_file, Pause())
    with folder.control_file.open("ab") as file:
        file.write(line + b"\n")
    control.ask(folder.control_file, Resume())
    reader = ControlReader(folder.control_file)
    assert [type(request) for request in reader.read()] == [Pause, Resume]
    assert len(reader.faults) == 1
    assert reader.faults[0].startswith("control.jsonl, line 2: ")


def test_fields_of_a_newer_version_are_passed_over(folder: RunFolder) -> None:
    fields = msgspec.to_builtins(Stop()) | {"because": "late", "grace_s": 3}
    folder.control_file.write_bytes(msgspec.json.encode(fields) + b"\n")
    (request,) = ControlReader(folder.control_file).read()
    assert isinstance(request, Stop)


def test_a_request_typed_by_hand_needs_only_its_type(folder: RunFolder) -> None:
    folder.control_file.write_text('{"type": "pause"}\n')
    (request,) = ControlReader(folder.control_file).read()
    assert isinstance(request, Pause)


@pytest.mark.parametrize("place", ["gone", "a-file"])
def test_a_run_that_cannot_be_written_to_is_a_clear_error(tmp_path: Path, place: str) -> None:
    (tmp_path / "a-file").write_text("")
    with pytest.raises(WorkbenchError, match=f"{place} cannot be asked for anything") as refused:
        control.ask(tmp_path / place / "control.jsonl", Stop())
    assert refused.value.remedy


def test_a_user_without_a_name_can_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_name() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr("getpass.getuser", no_name)
    assert Stop().client.startswith(f"{os.getuid()}@")


ASKER = """
import sys
from pathlib import Path
from workbench.runs import control
sys.stdin.readline()
for _ in range(100):
    control.ask(Path(sys.argv[1]), control.SetParameter(name="rate", value=0.1))
"""


def test_two_clients_that_ask_at_once_are_both_heard(
    folder: RunFolder, python: Callable[..., Popen[str]]
) -> None:
    clients = [python(ASKER, folder.control_file) for _ in range(2)]
    for client in clients:
        assert client.communicate("go\n") and client.returncode == 0
    requests = ControlReader(folder.control_file).read()
    assert len({request.id for request in requests}) == 200
    assert len({request.client for request in requests}) == 2
