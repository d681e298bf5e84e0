"""The first line of the main screens: where one is, and what the runs do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from workbench.runs.states import State
from workbench.tui import keys
from workbench.tui.text import (
    ACCENT,
    BAD,
    MUTED,
    STRONG,
    Calm,
    content,
    joined,
    state_sign,
    state_style,
)

if TYPE_CHECKING:
    from workbench.tui.session import Runs

_COUNTED = (
    State.RUNNING,
    State.PAUSED,
    State.STOPPING,
    State.STARTING,
    State.QUEUED,
    State.LIVE,
)
_PLACES = ("Recipes", "Runs", "Devices")


class TopLine(Calm):
    """`workbench   1 Recipes   2 Runs   3 Devices` at the left, the living runs at the right."""

    DEFAULT_CSS = """
    TopLine {
        height: 1;
        padding: 0 1;
        background: $panel;
        text-wrap: nowrap;
    }
    """

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place = place
        self._right = self._short = Content("")

    def on_resize(self) -> None:
        self._fill()

    def count(self, runs: Runs, fault: str = "") -> None:
        """Show how many runs are in which living state, or why they cannot be read."""
        counts = Counter(run.status.state for run in runs)
        living = [(state, counts[state]) for state in _COUNTED if counts[state]]
        self._right, self._short = _counted(living, named=True), _counted(living, named=False)
        if fault:
            self._right = self._short = content(fault, BAD)
        self._fill()

    def _fill(self) -> None:
        places = [
            joined(
                Content.styled(
                    f"{keys.shown_for(f'app.{place.lower()}')} ",
                    ACCENT if place == self._place else MUTED,
                ),
                Content.styled(place, STRONG if place == self._place else MUTED),
            )
            for place in _PLACES
        ]
        left = Content("   ").join([Content.styled("workbench", f"{STRONG} {ACCENT}"), *places])
        room = self.content_size.width - left.cell_length
        right = self._right if self._right.cell_length < room else self._short
        self.show(joined(left, Content(" " * max(room - right.cell_length, 1)), right))


def _counted(living: Sequence[tuple[State, int]], *, named: bool) -> Content:
    """How many in each state; where there is no room for its name, its sign stands for it."""
    return Content("   ").join(
        Content.styled(f"{state_sign(state)} {count}{f' {state}' if named else ''}", state_style(state))
        for state, count in living
    )
