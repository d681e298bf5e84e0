"""The runs that are compared, one line each: the key to the letters and colours below."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from workbench import units
from workbench.tui.compare_facts import Compared
from workbench.tui.text import (
    ACCENT,
    BAD,
    MUTED,
    STRONG,
    Calm,
    content,
    cut_middle,
    joined,
    stacked,
    state_sign,
    state_style,
)

SHARE_OF_HEIGHT = 4  # at most a fourth of the screen
LEAST_LINES = 3
_NAME = 26
_WIDE_NAME = 44
_WIDE_FROM = 120


class ComparedRuns(Calm):
    """As many lines as there is room for, always with the chosen one among them."""

    DEFAULT_CSS = """
    ComparedRuns { height: auto; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    @property
    def room(self) -> int:
        """The most lines it takes."""
        return max(self.app.size.height // SHARE_OF_HEIGHT, LEAST_LINES)

    def expect(self, count: int) -> None:
        """Keep the lines free that so many runs will take, so that nothing jumps when they are read."""
        below = "\n" * (min(count, self.room) - 1)
        self.show(Content.styled(f"reading…{below}", MUTED))

    def fill(self, runs: Sequence[Compared], chosen: int) -> None:
        """Show the runs; the one at `chosen` is meant by the keys."""
        size, room = self.app.size, self.room
        first = 0 if len(runs) <= room else min(max(chosen - room // 2, 0), len(runs) - room + 1)
        shown = list(enumerate(runs))[first : first + (room if len(runs) <= room else room - 1)]
        wide = size.width >= _WIDE_FROM
        cells = [_cells(run, wide=wide) for _, run in shown]
        widths = [max(cell.cell_length for cell in column) for column in zip(*cells, strict=True)]
        lines = [
            _line(row, widths, chosen=index == chosen)
            for (index, _), row in zip(shown, cells, strict=True)
        ]
        if len(runs) > room:
            lines.append(Content.styled(f"  {len(runs)} runs; n and N show the others", MUTED))
        self.show(stacked(*lines))


def _cells(run: Compared, *, wide: bool) -> list[Content]:
    status = run.status
    best = "" if status.best is None else f"best {units.number(status.best.value)}"
    parent = f"fork of {run.parent}" if run.parent else ""
    return [
        content(run.letter, f"{STRONG} {run.style}"),
        content(cut_middle(run.name, _WIDE_NAME if wide else _NAME)),
        _state(run),
        content(f"step {status.step:,}", MUTED),
        content(best),
        content(parent, MUTED),
        content(run.recipe if wide else "", MUTED),
    ]


def _line(cells: Sequence[Content], widths: Sequence[int], *, chosen: bool) -> Content:
    padded = [
        joined(cell, Content(" " * (width - cell.cell_length)))
        for cell, width in zip(cells, widths, strict=True)
        if width
    ]
    line = joined(Content.styled("▸ " if chosen else "  ", ACCENT), Content("  ").join(padded))
    return line.stylize(STRONG) if chosen else line


def _state(run: Compared) -> Content:
    if run.gone or run.fault:
        return content("✗ deleted" if run.gone else "✗ unread", BAD)
    state = run.status.state
    return Content.styled(f"{state_sign(state)} {state}", state_style(state))
