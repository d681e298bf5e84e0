"""`workbench web` as it is called; what it serves is tested in tests/web."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.catalog import install_command
from workbench.cli import parser, web
from workbench.cli.main import main
from workbench.errors import UsageError
from workbench.web import token as tokens


def test_each_tab_opens_the_workbench_that_was_asked_for(tmp_path: Path) -> None:
    odd = tmp_path / "a 'b' $(c); d"
    call = ["--watch", str(odd), "web", "--recipes", str(odd), "--checkpoints", str(odd / "e")]
    line = web.child_command(parser.parse(call))

    words = shlex.split(line)
    args = parser.parse(words[words.index("workbench") + 1 :])
    assert args.module == "opening"
    assert (args.watch, args.checkpoints) == (odd, odd / "e")
    assert args.recipes == parser.parse(call).recipes
    assert parser.parse(["web", "--watch", str(odd)]).watch == odd


@pytest.mark.parametrize("port", ["-1", "65536", "http", "²", ""])
def test_a_port_is_a_number_that_there_can_be(port: str) -> None:
    with pytest.raises(UsageError, match=r"a port is a number from 0 to 65535"):
        parser.parse(["web", f"--port={port}"])


def test_a_port_that_is_taken_is_told_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["web", "--port", str(port)]) == 2

    said = capsys.readouterr()
    assert f"cannot listen on 127.0.0.1, port {port}: Address already in use" in said.err
    assert "--port N" in said.err
    assert said.out == ""  # no address, and no token


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "a b"])
def test_where_nobody_can_listen_is_no_traceback(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["web", "--port", "0", "--host", host]) == 2
    assert f"cannot listen on {host}" in capsys.readouterr().err


def test_without_the_extra_the_command_that_brings_it_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve", None)
    assert main(["web"]) == 2
    assert install_command(["textual_serve"]) in capsys.readouterr().err


def test_a_folder_to_watch_that_is_not_there_is_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["web", "--watch", str(tmp_path / "nowhere")]) == 2
    assert "there is no folder" in capsys.readouterr().err


@pytest.mark.parametrize("token", ["short", "with a blank in its middle", "ä" * 20, "line\nend" * 5])
def test_a_token_that_is_no_secret_is_refused(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tokens.VARIABLE, token)
    with pytest.raises(UsageError, match="is no secret") as refused:
        tokens.take()
    assert token not in str(refused.value)


def test_a_token_that_was_taken_is_left_to_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tokens.VARIABLE, "a-token-of-the-tests")
    assert tokens.take() == "a-token-of-the-tests"
    assert tokens.VARIABLE not in os.environ
    assert tokens.take() == ""
    assert len({tokens.new() for _ in range(9)}) == 9


def test_who_opens_it_to_others_is_warned() -> None:
    call = [sys.executable, "-m", "workbench", "web", "--port", "0", "--host", "0.0.0.0"]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        said = ""
        while "ctrl+c" not in said:
            said += server.stdout.readline()
        server.send_signal(signal.SIGINT)
        _, warned = server.communicate(timeout=60)

    assert server.returncode == 0
    assert f"http://{socket.gethostname()}:" in said
    assert "warning: 0.0.0.0 can be reached by other machines" in warned
    assert "ssh -L" in warned


def test_the_address_is_one_that_can_be_typed() -> None:
    assert web._url("127.0.0.1", 8420) == "http://127.0.0.1:8420/"
    assert web._url("::1", 8420) == "http://[::1]:8420/"
    assert web._url("::", 8420) == f"http://{socket.gethostname()}:8420/"
