"""How far a foreign run is, from the end of its files: the cost does not grow with the run."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from workbench.runs.foreign import protobuf, tfrecord
from workbench.runs.foreign.folder import ForeignFolder, Kind
from workbench.runs.foreign.lightning import split_row

TAIL_BYTES = 4096
MOST_FILES = 4  # a file of hyperparameters alone often stands beside that of the curves


def last_step(folder: ForeignFolder) -> int:
    """The furthest step that the ends of the run's newest files tell; 0 where they tell none."""
    step = 0
    for file in folder.files()[-MOST_FILES:]:
        with suppress(OSError):
            head, tail = _ends(file)
            told = _event_step(tail) if folder.kind is Kind.TENSORBOARD else _row_step(head, tail)
            step = max(step, told)
    return step


def _ends(file: Path) -> tuple[bytes, bytes]:
    with file.open("rb", buffering=0) as stream:
        size = os.fstat(stream.fileno()).st_size
        start = max(size - TAIL_BYTES, 0)
        return stream.read(TAIL_BYTES), os.pread(stream.fileno(), TAIL_BYTES, start)


def _event_step(tail: bytes) -> int:
    """The step of the last record whose frame can be made out."""
    for start in reversed(tfrecord.sound_starts(tail)):
        at = start + tfrecord.HEADER_BYTES
        length = int.from_bytes(tail[start : start + 8], "little")
        if at + length <= len(tail):
            try:
                return protobuf.parse(tail[at : at + length]).step
            except ValueError:
                continue
    return 0


def _row_step(head: bytes, tail: bytes) -> int:
    """The step of the last whole row."""
    header = split_row(head.partition(b"\n")[0].decode(errors="replace").strip())
    last = tail.rpartition(b"\n")[0].rpartition(b"\n")[2]
    fields = split_row(last.decode(errors="replace").strip())
    if "step" not in header or len(fields) != len(header):
        return 0
    text = fields[header.index("step")]
    return int(text) if text.isdecimal() and len(text) < 19 else 0
