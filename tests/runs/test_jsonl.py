"""Lines reach the file whole, and are read once each however the file grows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.runs.jsonl import Appender, LineReader, append_line


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lines.jsonl"


def lines(reader: LineReader) -> list[bytes]:
    return [line for _, line in reader.read_lines()]


LINES = st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line and line.strip()))


@given(LINES, st.lists(st.integers(1, 30), max_size=20), st.integers(1, 50))
def test_any_split_of_the_writes_gives_the_same_lines(
    written: list[bytes], pieces: list[int], most_bytes: int
) -> None:
    data = b"".join(line + b"\n" for line in written)
    with TemporaryDirectory() as place:
        file = Path(place) / "lines"
        reader = LineReader(file)
        seen = b""
        for size in [*pieces, len(data)]:
            piece, data = data[:size], data[size:]
            with file.open("ab") as end:
                end.write(piece)
            while block := reader.read_block(most_bytes):
                assert block.endswith(b"\n")
                seen += block
    assert seen.split(b"\n")[:-1] == written
    assert reader.line_number == len(written)


def test_a_half_written_line_waits_until_it_is_whole(file: Path) -> None:
    reader = LineReader(file)
    assert lines(reader) == []
    file.write_bytes(b"one\ntw")
    assert list(reader.read_lines()) == [(1, b"one")]
    assert list(reader.read_lines()) == []
    with file.open("ab") as end:
        end.write(b"o\n\nfour\n")
    assert list(reader.read_lines()) == [(2, b"two"), (4, b"four")]


def test_only_a_newline_ends_a_line(file: Path) -> None:
    text = "a\r\u2028\x0b\x85b".encode()
    append_line(file, text)
    assert lines(LineReader(file)) == [text]


def test_a_line_longer_than_a_block_is_read_whole(file: Path) -> None:
    append_line(file, b"x" * 1000)
    reader = LineReader(file)
    assert reader.read_block(most_bytes=16) == b"x" * 1000 + b"\n"
    append_line(file, b"y")
    assert reader.read_block(most_bytes=16) == b"y\n"


def test_a_file_that_shrank_is_read_from_its_start(file: Path) -> None:
    reader = LineReader(file)
    file.write_bytes(b"a\nb\nc\n")
    lines(reader)
    file.write_bytes(b"d\n")
    assert list(reader.read_lines()) == [(1, b"d")]


def test_a_half_written_last_line_is_closed_off(file: Path) -> None:
    file.write_bytes(b'{"whole":1}\n{"ha')
    append_line(file, b'{"next":1}')
    assert lines(LineReader(file)) == [b'{"whole":1}', b'{"ha', b'{"next":1}']


def test_a_line_is_in_the_kernels_hands_when_write_returns(file: Path) -> None:
    appender = Appender(file)
    appender.write(b"one")
    assert file.read_bytes() == b"one\n"
    appender.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")
def test_a_full_disk_is_an_error() -> None:
    appender = Appender(Path("/dev/full"))
    with pytest.raises(OSError, match="No space left"):
        appender.write(b"one")
    appender.close()


def test_a_line_cut_by_a_full_disk_spoils_no_later_line(
    file: Path, files_at_most: Callable[[int], AbstractContextManager[None]]
) -> None:
    appender = Appender(file)
    appender.write(b"before")
    with files_at_most(10), pytest.raises(OSError, match="too large"):
        appender.write(b"does not fit")
    appender.write(b"the last word")
    appender.write(b"and another")
    appender.close()
    assert lines(LineReader(file)) == [b"before", b"doe", b"the last word", b"and another"]


WRITER = """
import sys
from pathlib import Path
from workbench.runs.jsonl import append_line
sys.stdin.readline()
for number in range(200):
    append_line(Path(sys.argv[1]), f"{sys.argv[2]}:{number}:".encode() + b"x" * (number * 37))
"""


def test_lines_of_several_writers_never_mix(file: Path, python: Callable[..., Popen[str]]) -> None:
    writers = [python(WRITER, file, name) for name in "ab"]
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        assert writer.wait() == 0
    whole = {f"{name}:{n}:".encode() + b"x" * (n * 37) for name in "ab" for n in range(200)}
    assert set(lines(LineReader(file))) == whole
