"""Files of one JSON object a line: appended to in one write a line, read as they grow."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec

READ_BLOCK_BYTES = 1 << 20

# What decoding a damaged line raises: bad UTF-8 and endless nesting have errors of their own.
DAMAGED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def append_line(path: Path, line: bytes) -> None:
    """Append one line in a single write, so that lines of several writers never mix."""
    appender = Appender(path)
    try:
        appender.write(line)
    finally:
        appender.close()


class Appender:
    """An open file that lines are appended to; each is in the kernel's hands when `write` returns.

    A half-written last line, left by a crash or a full disk, is closed off first so that it spoils
    nothing else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o644)
        size = os.fstat(self._file).st_size
        self._one_at_a_time = threading.Lock()
        self._torn = size > 0 and os.pread(self._file, 1, size - 1) != b"\n"

    def write(self, line: bytes) -> None:
        """Append `line`, which has no newline of its own.

        Raises:
            OSError: when the disk is full or the folder is gone.
        """
        with self._one_at_a_time:  # checkpoints are recorded by the thread that writes them
            data = b"\n" + line + b"\n" if self._torn else line + b"\n"
            written = os.write(self._file, data)
            self._torn = written < len(data)
            while written < len(data):  # only a disk about to be full writes less
                data = data[written:]
                written = os.write(self._file, data)
            self._torn = False

    def close(self) -> None:
        os.close(self._file)


class LineReader:
    """Reads a growing file's complete lines once each; a half-written last line waits.

    A file that does not exist yet has no lines. One that shrank is read again from its start.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        self.line_number = 0

    def read_block(self, most_bytes: int = READ_BLOCK_BYTES) -> bytes:
        """The next complete lines, about `most_bytes` of them; empty where there are none."""
        try:
            if self.path.stat().st_size == self.offset:
                return b""
            with self.path.open("rb", buffering=0) as file:
                return self._read_from(file.fileno(), most_bytes)
        except FileNotFoundError:
            return b""

    def read_lines(self) -> Iterator[tuple[int, bytes]]:
        """Number and text of every new complete line."""
        while block := self.read_block():
            first = self.line_number - block.count(b"\n") + 1
            for number, line in enumerate(block.split(b"\n"), first):
                if line.strip():
                    yield number, line

    def _read_from(self, file: int, most_bytes: int) -> bytes:
        if os.fstat(file).st_size < self.offset:
            self.offset = self.line_number = 0
        block = os.pread(file, most_bytes, self.offset)
        end = block.rfind(b"\n") + 1
        while not end and len(block) == most_bytes:  # one line longer than the block
            most_bytes *= 2
            block = os.pread(file, most_bytes, self.offset)
            end = block.rfind(b"\n") + 1
        self.offset += end
        self.line_number += block.count(b"\n", 0, end)
        return block[:end]
