"""The first line of the two main screens: where one is, and what the runs do."""

from __future__ import annotations

from collections import Counter

from textual.content import Content

from workbench.runs.state import State
from workbench.tui import keys
from workbench.tui.session import Runs
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

_COUNTED = (
    State.RUNNING,
    State.PAUSED,
    State.STOPPING,
    State.STARTING,
    State.QUEUED,
    State.LIVE,
)
_PLACES = ("Recipes", "Runs")


class TopLine(Calm):
    """`workbench   1 Recipes   2 Runs` at the left, the living runs at the right."""

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
        self._right = Content("")

    def on_resize(self) -> None:
        self._fill()

    def count(self, runs: Runs, fault: str = "") -> None:
        """Show how many runs are in which living state, or why they cannot be read."""
        states = Counter(run.status.state for run in runs)
        parts = [
            Content.styled(f"{state_sign(state)} {states[state]} {state}", state_style(state))
            for state in _COUNTED
            if states[state]
        ]
        self._right = content(fault, BAD) if fault else Content("   ").join(parts)
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
        blank = max(self.content_size.width - left.cell_length - self._right.cell_length, 1)
        self.show(joined(left, Content(" " * blank), self._right))
