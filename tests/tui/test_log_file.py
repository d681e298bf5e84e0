"""Reading the end of a log as it grows."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.tui import log_file
from workbench.tui.log_file import EARLIER_BYTES, LONGEST_LINE, TAIL_BYTES, LogFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "output.log"


def test_a_log_that_is_not_there_yet_has_no_lines(path: Path) -> None:
    log = LogFile(path)
    assert log.read() == []
    path.write_text("a\n")
    assert log.read() == ["a"]


def test_lines_come_once_and_only_when_complete(path: Path) -> None:
    path.write_text("a\nhal")
    log = LogFile(path)
    assert log.read() == ["a"]
    with path.open("a") as file:
        file.write("f\nb\n")
    assert log.read() == ["half", "b"]
    assert log.read() == []


def test_only_the_end_of_a_long_log_is_read(path: Path) -> None:
    path.write_text("".join(f"line {i}\n" for i in range(100_000)))
    lines = LogFile(path).read()
    assert "are not shown" in lines[0]
    assert lines[-1] == "line 99999"
    assert sum(map(len, lines)) < TAIL_BYTES + 100


def test_a_burst_is_skipped_to_its_end(path: Path) -> None:
    path.write_text("a\n")
    log = LogFile(path)
    log.read()
    with path.open("a") as file:
        file.write("x" * 20 + "\n" + "yy\n" * TAIL_BYTES)
    lines = log.read()
    assert "are not shown" in lines[0]
    assert set(lines[1:]) == {"yy"}


def test_what_came_before_is_read_block_by_block_and_nothing_is_lost(path: Path) -> None:
    path.write_text("".join(f"line {i}\n" for i in range(150_000)))
    log = LogFile(path)
    lines, blocks = log.read(), 0
    while earlier := log.read_earlier():
        assert "are not shown" in lines[0]
        lines[:1] = earlier
        blocks += 1
    assert lines == [f"line {i}" for i in range(150_000)]
    assert blocks == 1 + path.stat().st_size // EARLIER_BYTES
    with path.open("a") as file:
        file.write("and on\n")
    assert (log.read_earlier(), log.read()) == ([], ["and on"])


def test_nothing_is_missing_of_a_short_log_and_of_one_that_shrank(path: Path) -> None:
    log = LogFile(path)
    path.write_text("a\n")
    log.read()
    assert log.read_earlier() == []
    path.write_text("b\n" * TAIL_BYTES)
    other = LogFile(path)
    other.read()
    path.write_text("c\n")
    assert other.read() == ["c"]
    assert other.read_earlier() == []


def test_a_line_that_is_longer_than_a_block_is_passed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "EARLIER_BYTES", 1000)
    path.write_text("first\n" + "x" * 3000 + "\n" + "y\n" * TAIL_BYTES)
    log = LogFile(path)
    lines = log.read()
    while earlier := log.read_earlier():
        lines[:1] = earlier
    assert lines[0] == "first"
    assert "".join(lines).count("x") == 3000
    assert lines.count("y") == TAIL_BYTES


def test_a_log_that_shrank_is_read_anew(path: Path) -> None:
    path.write_text("a\nb\n")
    log = LogFile(path)
    log.read()
    path.write_text("c\n")
    assert log.read() == ["c"]


def test_a_progress_bar_leaves_its_last_state_and_escapes_are_text(path: Path) -> None:
    path.write_bytes(b"10%\r20%\r100%\r\n\x1b[31mred\xff\n" + b"z" * 3 * LONGEST_LINE + b"\n")
    assert LogFile(path).read() == ["100%", "␛[31mred�", "z" * LONGEST_LINE]
