"""Tables, JSON and colours."""

from __future__ import annotations

import io
import json

import pytest

from workbench.cli import output


class Terminal(io.StringIO):
    """A stream that is one."""

    def isatty(self) -> bool:
        return True


def test_columns_are_as_wide_as_their_widest_cell(capsys: pytest.CaptureFixture[str]) -> None:
    output.write_table(["name", "n"], [["a", "1"], ["模型模型", "20"]], right=[1])

    assert capsys.readouterr().out.splitlines() == ["name       n", "a          1", "模型模型  20"]


def test_escapes_in_cells_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    output.write_table(["name"], [["a\x1b[2Jb\nc"]])

    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "a␛[2Jb␊c" in out


def test_a_table_is_cut_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    row = [["x" * 30, "y" * 30]]
    for stream, longest in ((Terminal(), 20), (io.StringIO(), 62)):
        monkeypatch.setattr("sys.stdout", stream)
        monkeypatch.setenv("NO_COLOR", "1")
        output.write_table(["a", "b"], row)
        assert max(map(len, stream.getvalue().splitlines())) == longest


@pytest.mark.parametrize(
    ("stream", "variable", "coloured"),
    [
        (Terminal(), ("TERM", "xterm"), True),
        (Terminal(), ("NO_COLOR", "1"), False),
        (Terminal(), ("TERM", "dumb"), False),
        (io.StringIO(), ("TERM", "xterm"), False),
    ],
)
def test_colours_need_a_terminal_and_nobody_who_refuses_them(
    stream: io.StringIO,
    variable: tuple[str, str],
    coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(*variable)

    assert (output.styled("x", "red", stream) != "x") is coloured


def test_what_json_cannot_hold_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    output.write_json({"loss": float("nan")})

    assert json.loads(capsys.readouterr().out) == {"loss": None}
