"""How far a foreign run is, from the end of its files: the cost does not grow with the run."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from workbench.runs.foreign import protobuf, tfrecord
from workbench.runs.foreign.folder import ForeignFolder, Kind

TAIL_BYTES = 4096


def last_step(folder: ForeignFolder) -> int:
    """The newest step that the run's newest file tells; 0 where it tells none."""
    files = folder.files()
    if not files:
        return 0
    try:
        head, tail = _ends(files[-1])
    except OSError:
        return 0
    return _event_step(tail) if folder.kind is Kind.TENSORBOARD else _row_step(head, tail)


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
    header = next(csv.reader([head.partition(b"\n")[0].decode(errors="replace").strip()]), [])
    rows = tail.rpartition(b"\n")[0].rpartition(b"\n")[2].decode(errors="replace")
    fields = next(csv.reader([rows]), [])
    if "step" not in header or len(fields) != len(header):
        return 0
    text = fields[header.index("step")]
    return int(text) if text.isdecimal() and len(text) < 19 else 0
