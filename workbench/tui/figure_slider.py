"""The steps of a figure as places on a line: where one is, and where a key leads."""

from __future__ import annotations

from textual.content import Content

from workbench.figures.cells import clean, cut
from workbench.tui import keys
from workbench.tui.run_facts import FigureSeen
from workbench.tui.text import ACCENT, FAINT, MUTED, STRONG, WARNING, content, joined

LEAP = 10  # parts of the whole
_LEAST_TRACK = 6
_MOST_TRACK = 60


def moved(place: int | None, by: int, count: int) -> int | None:
    """The place `by` steps on; None, which follows the newest, from the last one on."""
    now = count - 1 if place is None else min(place, count - 1)
    reached = max(now + by, 0)
    return None if reached >= count - 1 else reached


def leapt(place: int | None, by: int, count: int) -> int | None:
    """The place a tenth of all steps on, one step at the least."""
    return moved(place, by * max(round(count / LEAP), 1), count)


def knob(place: int, count: int, width: int) -> int:
    """The cell of a track of `width` cells that stands for a place."""
    return round(place * (width - 1) / (count - 1)) if count > 1 else width - 1


def slider(seen: FigureSeen, count: int, which: str, width: int) -> Content:
    """One line: `which` figure, the track and its keys where they fit, the step, how many are newer."""
    newer = count - 1 - seen.place
    left = joined(content(f"{which} ", MUTED), content(cut(clean(seen.name), width // 3), STRONG))
    told = [content(f"step {seen.step:,}", STRONG)]
    if count > 1:
        told.insert(0, content(f"{seen.place + 1:,}/{count:,}", MUTED))
        told.append(content(f"{newer:,} newer", WARNING) if newer > 0 else content("newest", MUTED))
    right = Content(" · ").join(told)
    before, after = keys.shown_for("figures.earlier"), keys.shown_for("figures.later")
    around = len(f"  {before}  {after}  ")
    room = min(width - left.cell_length - right.cell_length - around, _MOST_TRACK)
    if count < 2 or room < _LEAST_TRACK:
        return Content("  ").join([left, right])
    at = knob(seen.place, count, room)
    track = joined(
        content(f"{before} ", ACCENT),
        Content.styled("━" * at, ACCENT),
        Content.styled("●", ACCENT),
        Content.styled("─" * (room - at - 1), FAINT),
        content(f" {after}", ACCENT),
    )
    return Content("  ").join([left, track, right])
