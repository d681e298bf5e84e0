"""The devices of this host below the field that chooses one: memory, holders, queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message

from workbench import units
from workbench.tui.text import (
    ACCENT,
    BAD,
    GOOD,
    MUTED,
    WARNING,
    Calm,
    content,
    cut_middle,
    joined,
    stacked,
)

if TYPE_CHECKING:
    from workbench.workers.devices import Device
    from workbench.workers.occupancy import Occupied

SURVEY_INTERVAL_S = 2.0
_WIDEST_LABEL = 24
_GAP = "  "


class DeviceList(Calm):
    """One line a device; those that the choice would take are marked. It looks again by itself."""

    DEFAULT_CSS = """
    DeviceList { height: auto; text-wrap: nowrap; text-overflow: ellipsis; margin: 0 0 0 2; }
    """

    @dataclass
    class Surveyed(Message):
        """It has looked: `there` holds what it saw."""

        there: tuple[Occupied, ...]

    def __init__(self, asked: str = "auto") -> None:
        super().__init__(Content.styled("  reading the devices…", MUTED))
        self.there: tuple[Occupied, ...] = ()
        self._asked = asked
        self._looking = False

    def on_mount(self) -> None:
        self.set_interval(SURVEY_INTERVAL_S, self._look)
        self._look()

    def choose(self, asked: str) -> None:
        """Mark what `auto`, or the device of that name, would take."""
        self._asked = asked
        self._draw()

    def _look(self) -> None:
        if not self._looking and self.screen.is_current:
            self._looking = True
            self.run_worker(self._survey, group="devices", thread=True)

    def _survey(self) -> None:
        from workbench.workers.occupancy import survey  # noqa: PLC0415 - brings the drivers, in the thread

        self.post_message(self.Surveyed(survey()))

    def on_device_list_surveyed(self, message: Surveyed) -> None:
        self._looking = False
        self.there = steadied(self.there, message.there)
        self._draw()

    def _draw(self) -> None:
        from workbench.workers.occupancy import wanted  # noqa: PLC0415 - was brought by the first look

        if self.there:
            chosen = {one.device.name for one in wanted(self._asked, self.there)}
            self.show(device_lines(self.there, chosen))


def steadied(before: Sequence[Occupied], now: Sequence[Occupied]) -> tuple[Occupied, ...]:
    """What is there now, with the memory that was shown before where it hardly changed."""
    from workbench.workers import devices  # noqa: PLC0415 - was brought by the first look

    shown = {one.device.key: one.device for one in before}
    return tuple(
        replace(one, device=devices.steadied(shown.get(one.device.key), one.device)) for one in now
    )


def device_lines(there: Sequence[Occupied], chosen: set[str]) -> Content:
    """The table, without a heading: every column says what it is."""
    names = max(len(one.device.name) for one in there)
    labels = min(max(len(one.device.label) for one in there), _WIDEST_LABEL)
    memory = max(len(free_memory(one.device)) for one in there)
    return stacked(*(_line(one, one.device.name in chosen, (names, labels, memory)) for one in there))


def _line(one: Occupied, is_chosen: bool, widths: tuple[int, int, int]) -> Content:
    names, labels, memory = widths
    device = one.device
    return joined(
        Content.styled("▸ " if is_chosen else "  ", ACCENT),
        content(f"{device.name:<{names}}{_GAP}", "" if is_chosen else MUTED),
        content(f"{cut_middle(device.label, labels):<{labels}}{_GAP}", MUTED),
        content(f"{free_memory(device):>{memory}}{_GAP}"),
        state(one),
    )


def prospect(asked: str, there: Sequence[Occupied], *, wait: bool) -> Content:
    """What becomes of a run that asks for a device now: it starts, waits, or is refused."""
    from workbench.workers.occupancy import ahead  # noqa: PLC0415 - was brought by the first look

    if not there:
        return Content("")
    before = ahead(asked, there)
    if not before:
        return Content.styled("free: it starts at once", GOOD)
    more = f" and {len(before) - 1} more" if len(before) > 1 else ""
    if wait:
        return content(f"it waits for {before[0]}{more}", WARNING)
    return content(f"refused: taken by {before[0]}{more}", BAD)


def state(one: Occupied) -> Content:
    """Whether it is free, who holds it, how many wait."""
    queue = f", {len(one.waiting)} waiting" if one.waiting else ""
    if not one.device.slots:
        return Content.styled("takes any number of runs", MUTED)
    if one.is_open:
        return Content.styled("free", GOOD)
    held = f"held by {' and '.join(one.holders)}" if one.holders else "being handed on"
    return content(f"{held}{queue}", WARNING)


def free_memory(device: Device) -> str:
    """`61.2 of 64.0 GB free`."""
    if not device.memory_total:
        return "memory not told"
    free, unit = units.size(device.memory_free).split()
    total, total_unit = units.size(device.memory_total).split()
    return f"{free}{'' if unit == total_unit else f' {unit}'} of {total} {total_unit} free"
