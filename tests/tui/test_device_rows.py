"""The lines of the devices' page, as texts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from workbench.runs.folder import RunFolder
from workbench.runs.states import State
from workbench.tui.device_rows import detail, rows
from workbench.workers.devices import Device
from workbench.workers.overview import Busy, Overview, Process, Waiting
from workbench.workers.tickets import Claim

NOW = 1_000_000.0
GB = 1_000_000_000
CARD = Device("cuda:0", "NVIDIA H100 80GB HBM3", "GPU-0", 1, 80 * GB, 17 * GB)
CPU = Device("cpu", "16 cores", "cpu", 0, 64 * GB, 60 * GB)
RUN = Process(
    4711,
    "images-cnn-0003",
    is_run=True,
    folder=RunFolder(Path("/place/images-cnn-0003")),
    state=State.RUNNING,
    since=NOW - 900,
    memory=17 * GB,
)
OTHER = Process(99, "py[b]thon\x1b[2J", is_run=False, user="alice", since=NOW - 7200, memory=GB)
NEXT = Waiting(
    Claim("images-cnn-0004", 7, ("GPU-0",), NOW - 120),
    1,
    ("cuda:0",),
    "cuda:0, held by images-cnn-0003",
)
LATER = Waiting(
    Claim("generative-gan-0001", 8, ("GPU-0", "cpu"), NOW - 60),
    2,
    ("cuda:0", "cpu"),
    "cuda:0, after images-cnn-0004 in the queue; cpu, held by images-cnn-0003",
)
ALL = Overview((Busy(CARD, 0.93, (RUN, OTHER)), Busy(CPU)), (NEXT, LATER))


def lines(overview: Overview, width: int = 77) -> list[str]:
    return [row.shown.plain for row in rows(overview, width, lambda: NOW)]


def words(line: str) -> str:
    return " ".join(line.split())


def test_a_device_tells_memory_use_and_slots() -> None:
    card, _, _, cpu, *_ = lines(ALL)
    assert card.startswith("cuda:0  63.0 GB used, 17.0 GB free   93% busy  1 of 1 slot")
    assert cpu.startswith("cpu     4.0 GB used, 60.0 GB free              any number    16 cores")
    card = lines(ALL, 197)[0]
    assert "━" * 16 + "─" * 4 in card
    assert card.endswith("NVIDIA H100 80GB HBM3")


def test_what_is_not_told_is_no_number() -> None:
    silent = Overview((Busy(replace(CARD, memory_total=0, memory_free=0)),))
    assert lines(silent)[0].startswith("cuda:0  memory not told")
    assert "busy" not in lines(silent)[0]
    assert "0 of 1 slot" in lines(silent)[0]


def test_a_process_is_a_run_or_another_program_whose_name_is_no_markup() -> None:
    _, run, other, *_ = lines(ALL)
    assert words(run) == "● images-cnn-0003 running pid 4711 15m ago 17.0 GB"
    assert "◇ py[b]thon␛[2J" in other
    assert words(other).endswith("of alice pid 99 2h ago 1.0 GB")
    nameless = Process(5, "", is_run=False)
    assert "another program" in lines(Overview((Busy(CARD, None, (nameless,)),)))[1]


def test_the_queue_tells_place_devices_and_what_is_before() -> None:
    first, second = lines(ALL)[-2:]
    assert words(first) == "1 ◌ images-cnn-0004 cuda:0 2m ago held by images-cnn-0003"
    assert " 2 ◌ generative-gan-0001  cuda:0, cpu  1m ago" in second
    assert lines(ALL, 197)[-1].endswith("cuda:0, after images-cnn-0004; cpu, held by images-cnn-0003")
    assert "2 waiting" in lines(ALL)[-3]
    assert "no run waits" in lines(replace(ALL, queue=()))[-1]
    assert "cannot be read" in lines(replace(ALL, queue=(), fault="no"))[-1]


@pytest.mark.parametrize("width", [30, 77, 119, 197])
def test_no_line_is_longer_than_there_is_room(width: int) -> None:
    long = replace(NEXT, claim=Claim("a" * 90, 7, ("GPU-0",)), devices=("cuda:0",) * 8)
    widest = max(map(len, lines(replace(ALL, queue=(long, LATER)), max(width, 77))))
    assert widest <= max(width, 77)


def test_what_is_chosen_is_told_in_full() -> None:
    there = rows(ALL, 77, lambda: NOW)
    told = {row.key: detail(row, lambda: NOW).plain for row in there}
    assert told["device GPU-0"] == "cuda:0   NVIDIA H100 80GB HBM3\nGPU-0"
    assert told["process GPU-0 4711"] == (
        "images-cnn-0003   /place/images-cnn-0003\nrunning, since 15m ago"
    )
    assert "holds no lease" in told["process GPU-0 99"]
    assert told[there[-1].key].endswith(f"waits for {LATER.obstacle}")
    assert not told["queue"]
    assert [row.tells for row in there] == [True] * 4 + [False] * 2 + [True] * 2
    assert there[1].folder is RUN.folder
    assert there[2].folder is None
