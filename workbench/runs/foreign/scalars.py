"""The scalars of a block of events as arrays: records that look alike are decoded at once.

Most records of a file differ from one another in wall time, step and value alone. One of each kind is
parsed byte by byte; where those bytes stand, the others of its length have theirs, provided that all
their other bytes are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from workbench.runs.axis import Floats, Steps
from workbench.runs.foreign import crc32c, protobuf
from workbench.runs.foreign.tfrecord import FOOTER_BYTES, Block, RecordReader

Indices = NDArray[np.int64]

FEWEST_ALIKE = 12  # below, arrays cost more than parsing one by one
MOST_ROUNDS = 6
LONGEST_ALIKE_BYTES = 1024
_WORD_BYTES = 8
_MOST_STEP_BYTES = 9  # a tenth one means a negative number
_WEIGHTS = np.random.default_rng(20).integers(
    1, 1 << 63, LONGEST_ALIKE_BYTES // _WORD_BYTES, np.uint64
) | np.uint64(1)


class Points(NamedTuple):
    """Points of one tag in order; `places` are those of their records in the block."""

    places: Indices
    steps: Steps
    times: Floats
    values: Floats

    def at(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> Points:
        """Some of the points, by index or mask."""
        return Points(self.places[which], self.steps[which], self.times[which], self.values[which])


@dataclass
class Scalars:
    """What a block holds: points by tag, metadata of values, and where a session began anew."""

    points: dict[str, list[Points]] = field(default_factory=dict)
    metadata: list[bytes] = field(default_factory=list)
    restarts: list[tuple[int, int]] = field(default_factory=list)

    def add(self, tag: bytes, points: Points) -> None:
        self.points.setdefault(tag.decode(errors="replace"), []).append(points)

    def joined(self) -> Iterator[tuple[str, Points]]:
        """The points of each tag in the order of their records, without those made void."""
        for tag, parts in self.points.items():
            points = parts[0]
            if len(parts) > 1:
                places, steps, times, values = map(np.concatenate, zip(*parts, strict=True))
                points = Points(places, steps, times, values).at(np.argsort(places, kind="stable"))
            for place, step in self.restarts:
                points = points.at((points.places > place) | (points.steps < step))
            yield tag, points


def read_scalars(block: Block, reader: RecordReader) -> Scalars:
    """All scalars of a block; what is damaged is reported to its reader and left out."""
    found = Scalars()
    single: list[Indices] = []
    for length in _distinct(block.lengths):
        places = np.flatnonzero(block.lengths == length)
        if len(places) >= FEWEST_ALIKE and length <= LONGEST_ALIKE_BYTES:
            places = _take_alike(block, reader, places, found)
        single.append(places)
    for place in np.sort(np.concatenate(single)).tolist():
        _take_one(block, reader, place, found)
    return found


def _distinct(numbers: Indices) -> list[int]:
    return sorted(set(numbers.tolist()))


def _take_alike(block: Block, reader: RecordReader, places: Indices, found: Scalars) -> Indices:
    """Take records of one length that are like others; the places of those like none are returned."""
    length = int(block.lengths[places[0]])
    windows = sliding_window_view(np.frombuffer(block.data, np.uint8), length + FOOTER_BYTES)
    rows = windows[block.starts[places]]
    sound = crc32c.masked_rows(rows[:, :length]) == _footers(rows)
    for place in places[~sound].tolist():
        reader.fault("a damaged record", _offset(block, place))
    rows, places = rows[sound, :length], places[sound]
    odd: list[Indices] = []
    for _ in range(MOST_ROUNDS):
        if len(places) < FEWEST_ALIKE:
            break
        event = _parsed(rows[0].tobytes())
        if event is None or not _can_be_cut(event):
            odd.append(places[:1])
            rows, places = rows[1:], places[1:]
            continue
        taken = _take_like(event, rows, places, found)
        if not taken[0]:
            odd.append(places[:1])
            taken[0] = True
        rows, places = rows[~taken], places[~taken]
    return np.concatenate([*odd, places])


def _footers(rows: crc32c.Bytes) -> crc32c.Checksums:
    footers: crc32c.Checksums = np.ascontiguousarray(rows[:, -FOOTER_BYTES:]).view("<u4")[:, 0]
    return footers


def _can_be_cut(event: protobuf.Event) -> bool:
    """Whether all that varies in such a record stands at fixed places."""
    return (
        event.step_end - event.step_at <= _MOST_STEP_BYTES
        and not event.restarts
        and not event.metadata
        and all(scalar.kind for scalar in event.scalars)
    )


def _take_like(
    event: protobuf.Event, rows: crc32c.Bytes, places: Indices, found: Scalars
) -> NDArray[np.bool_]:
    """Take the rows whose parts stand where `event` has them, of any tag; true for those taken."""
    fixed = _without_what_varies(event, rows)
    taken = np.zeros(len(rows), bool)
    for alike in _groups(fixed):
        first = _parsed(rows[alike[0]].tobytes())
        if first is not None and _same_places(first, event):
            _take_group(first, rows[alike], places[alike], found)
            taken[alike] = True
    return taken


def _without_what_varies(event: protobuf.Event, rows: crc32c.Bytes) -> crc32c.Bytes:
    """The rows with zeros for what may vary, filled up to whole words."""
    width = -(-rows.shape[1] // _WORD_BYTES) * _WORD_BYTES
    fixed = np.zeros((len(rows), width), np.uint8)
    fixed[:, : rows.shape[1]] = rows
    if event.wall_time_at >= 0:
        fixed[:, event.wall_time_at : event.wall_time_at + 8] = 0
    if event.step_at >= 0:
        fixed[:, event.step_at : event.step_end] &= 0x80  # these bits tell how long the number is
    for scalar in event.scalars:
        fixed[:, scalar.at : scalar.at + int(scalar.kind[2])] = 0
    return fixed


def _groups(fixed: crc32c.Bytes) -> list[Indices]:
    """The rows that are the same, group by group; each has been compared, not only its hash."""
    words = fixed.view(np.uint64)
    hashes = words @ _WEIGHTS[: words.shape[1]]
    order = np.argsort(hashes, kind="stable")
    ends = np.flatnonzero(np.diff(hashes[order])) + 1
    found = []
    for group in np.split(order, ends):
        same = (words[group] == words[group[0]]).all(axis=1)
        found.append(group if same.all() else group[same])
    return found


def _same_places(one: protobuf.Event, other: protobuf.Event) -> bool:
    return (
        one[:3] == other[:3]
        and len(one.scalars) == len(other.scalars)
        and all(a[1:3] == b[1:3] for a, b in zip(one.scalars, other.scalars, strict=True))
        and _can_be_cut(one)
    )


def _take_group(event: protobuf.Event, rows: crc32c.Bytes, places: Indices, found: Scalars) -> None:
    steps = _steps(rows[:, max(event.step_at, 0) : max(event.step_end, 0)])
    times = np.zeros(len(rows))
    if event.wall_time_at >= 0:
        times = _numbers(rows, event.wall_time_at, "<f8")
    for scalar in event.scalars:
        found.add(scalar.tag, Points(places, steps, times, _numbers(rows, scalar.at, scalar.kind)))


def _steps(digits: crc32c.Bytes) -> Steps:
    """Numbers of seven bits a byte, the lowest first."""
    steps = np.zeros(len(digits), np.int64)
    for index in range(digits.shape[1]):
        steps |= (digits[:, index] & 0x7F).astype(np.int64) << (7 * index)
    return steps


def _numbers(rows: crc32c.Bytes, at: int, kind: str) -> Floats:
    size = int(kind[2])
    return np.ascontiguousarray(rows[:, at : at + size]).view(kind)[:, 0].astype(np.float64)


def _take_one(block: Block, reader: RecordReader, place: int, found: Scalars) -> None:
    start = int(block.starts[place])
    end = start + int(block.lengths[place])
    record = block.data[start:end]
    event = _parsed(record)
    if event is not None and not (event.scalars or event.restarts or event.metadata):
        return  # a picture or a histogram: its checksum would take longer than all scalars
    checksum = int.from_bytes(block.data[end : end + FOOTER_BYTES], "little")
    if event is None or crc32c.masked(record) != checksum:
        reader.fault("a damaged record", _offset(block, place))
        return
    if event.restarts:
        found.restarts.append((place, event.step))
    found.metadata += event.metadata
    at = event.wall_time_at
    wall_time = np.frombuffer(record, "<f8", 1, at) if at >= 0 else np.zeros(1)
    for scalar in event.scalars:
        number = scalar.number
        if scalar.kind:
            number = float(np.frombuffer(record, scalar.kind, 1, scalar.at)[0])
        found.add(
            scalar.tag,
            Points(
                np.array([place]),
                np.array([event.step], np.int64),
                wall_time.astype(np.float64),
                np.array([number], np.float64),
            ),
        )


def _parsed(record: bytes) -> protobuf.Event | None:
    try:
        return protobuf.parse(record)
    except ValueError:
        return None


def _offset(block: Block, place: int) -> int:
    return block.offset + int(block.starts[place])
