"""The lines of the devices' page: each device, the processes on it, and below them the queue."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from workbench import units
from workbench.runs.folder import RunFolder
from workbench.runs.states import State
from workbench.tui.text import (
    ACCENT,
    MUTED,
    STRONG,
    WARNING,
    bar,
    content,
    cut_middle,
    joined,
    stacked,
    state_sign,
    state_style,
)

if TYPE_CHECKING:
    from workbench.workers.overview import Busy, Overview, Process, Waiting

Clock = Callable[[], float]
BAR_FROM = 120  # cells from which on there is room for bars of memory
_BAR = 20
_MOST_NAME = 44
_LEAST_NAME = 16
_MOST_DEVICES = 22
_INDENT = "  "


@dataclass(frozen=True)
class Row:
    """One line; `key` is that of what it tells of, and stays while its numbers change."""

    key: str
    shown: Content
    device: Busy | None = None
    process: Process | None = None
    waiting: Waiting | None = None

    @property
    def tells(self) -> bool:
        """Whether it is of something; the cursor passes over headings and blank lines."""
        return bool(self.device or self.process or self.waiting)

    @property
    def folder(self) -> RunFolder | None:
        """Where the run of this line is recorded, if it is one that can be found."""
        of = self.process or self.waiting
        return None if of is None else of.folder


def rows(overview: Overview, width: int, clock: Clock = time.time) -> list[Row]:
    """All lines, each of at most `width` cells."""
    result: list[Row] = []
    for one in overview.devices:
        key = one.device.key
        result.append(Row(f"device {key}", _device(one, overview.devices, width), device=one))
        result += [
            Row(f"process {key} {process.pid}", _process(process, width, clock()), process=process)
            for process in one.processes
        ]
    result.append(Row("blank", Content("")))
    result.append(Row("queue", _heading(overview)))
    for waiting in overview.queue:
        claim = waiting.claim
        key = f"waiting {claim.run} {claim.pid} {claim.since}"
        result.append(Row(key, _waiting(waiting, overview, width, clock()), waiting=waiting))
    return result


def detail(row: Row | None, clock: Clock = time.time) -> Content:
    """What is to say about one line in full."""
    if row is None:
        return Content("")
    if row.device is not None:
        device = row.device.device
        return stacked(content(f"{device.name}   {device.label}"), content(device.key, MUTED))
    if row.process is not None:
        return _about_process(row.process, clock())
    if row.waiting is not None:
        one = row.waiting
        return stacked(
            joined(content(f"{one.claim.run}   "), _where(one.folder)),
            content(f"waits for {one.obstacle}", WARNING),
        )
    return Content("")


def _device(one: Busy, there: tuple[Busy, ...], width: int) -> Content:
    device = one.device
    names = max(len(other.device.name) for other in there)
    memory = max(len(_memory(other)) for other in there)
    busy = f"{one.utilisation:.0%} busy" if one.utilisation is not None else ""
    parts = [
        content(f"{device.name:<{names}}", f"{STRONG} {ACCENT}"),
        content(f"{_memory(one):<{memory}}"),
        content(f"{busy:>9}", MUTED),
        content(f"{_slots(one):<12}", WARNING if _is_taken(one) else MUTED),
    ]
    if width >= BAR_FROM and device.memory_total:
        used = 1 - device.memory_free / device.memory_total
        parts.insert(1, bar(used, _BAR, ACCENT))
    elif width >= BAR_FROM:
        parts.insert(1, Content(" " * _BAR))
    line = Content(_INDENT).join(parts)
    room = width - line.cell_length - len(_INDENT)
    return joined(line, content(f"{_INDENT}{cut_middle(device.label, max(room, 0))}", MUTED))


def _memory(one: Busy) -> str:
    device = one.device
    if not device.memory_total:
        return "memory not told"
    used = units.size(device.memory_total - device.memory_free)
    return f"{used} used, {units.size(device.memory_free)} free"


def _slots(one: Busy) -> str:
    slots = one.device.slots
    taken = sum(process.is_run for process in one.processes)
    return f"{taken} of {slots} slot{'s' * (slots > 1)}" if slots else "any number"


def _is_taken(one: Busy) -> bool:
    slots = one.device.slots
    return bool(slots) and sum(process.is_run for process in one.processes) >= slots


def _process(one: Process, width: int, now: float) -> Content:
    room = min(max(width - 46, _LEAST_NAME), _MOST_NAME)
    style = state_style(one.state) if one.state is not None else MUTED
    sign = state_sign(one.state or (State.RUNNING if one.is_run else State.RECORDED))
    what = one.state.value if one.state is not None else _whose(one)
    return joined(
        Content.styled(f"{_INDENT}{sign} ", style),
        content(f"{cut_middle(_name(one), room):<{room}}  ", "" if one.is_run else MUTED),
        content(f"{cut_middle(what, 10):<10}", style),
        content(f"{f'pid {one.pid}':<12}", MUTED),
        content(f"{_since(one.since, now):<9}", MUTED),
        content("" if one.memory is None else f"{units.size(one.memory):>9}"),
    )


def _name(one: Process) -> str:
    return one.name or "another program"


def _whose(one: Process) -> str:
    return f"of {one.user}" if one.user else ""


def _about_process(one: Process, now: float) -> Content:
    since = f", since {_since(one.since, now)}" if one.since else ""
    if one.is_run:
        state = f"{one.state}{since}" if one.state is not None else f"its record is not found{since}"
        return stacked(joined(content(f"{one.name}   "), _where(one.folder)), content(state, MUTED))
    kind = "another program, which holds no lease and keeps nobody waiting"
    return stacked(content(f"{_name(one)} {_whose(one)}{since}"), content(kind, MUTED))


def _where(folder: RunFolder | None) -> Content:
    return content("" if folder is None else str(folder.path), MUTED)


def _heading(overview: Overview) -> Content:
    count = len(overview.queue)
    said = "no run waits for a device" if not count else f"{count} waiting, the first one is next"
    if overview.fault:
        said = "cannot be read"
    return joined(Content.styled("Queue", STRONG), Content.styled(f"{_INDENT}{said}", MUTED))


def _waiting(one: Waiting, overview: Overview, width: int, now: float) -> Content:
    names = [len(other.claim.run) for other in overview.queue]
    room = min(max(names), max(width // 3 - 2, _LEAST_NAME))
    would_do = [min(len(", ".join(other.devices)), _MOST_DEVICES) for other in overview.queue]
    devices = max(would_do)
    left = width - 5 - room - devices - 9 - 3 * len(_INDENT)
    return joined(
        content(f"{one.place:>2} ", MUTED),
        Content.styled(f"{state_sign(State.QUEUED)} ", WARNING),
        content(f"{cut_middle(one.claim.run, room):<{room}}{_INDENT}"),
        content(f"{cut_middle(', '.join(one.devices), devices):<{devices}}{_INDENT}", MUTED),
        content(f"{_since(one.claim.since, now):<9}{_INDENT}", MUTED),
        content(_obstacle(one, left), WARNING),
    )


def _obstacle(one: Waiting, room: int) -> str:
    """Without the names of the devices, which the line has, where one thing holds for all."""
    text = one.obstacle.replace(" in the queue", "")
    for_all = text.removeprefix(f"{', '.join(one.devices)}, ")
    if for_all != text:
        return cut_middle(for_all, max(room, 0))
    return text if len(text) <= room else f"{text[: max(room - 1, 0)]}…"


def _since(since: float, now: float) -> str:
    return units.age(now - since) if since else ""
