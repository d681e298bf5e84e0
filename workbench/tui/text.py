"""Texts with style; what comes from recipes and runs is only ever shown, never obeyed."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from workbench import units
from workbench.runs.states import State

MUTED = "$muted"
FAINT = "$faint"
STRONG = "bold"
ACCENT = "$accent"
GOOD = "$success"
WARNING = "$warning"
BAD = "$error"
INTERRUPTED = "$interrupted"

_STATE_STYLES = {
    State.RUNNING: ACCENT,
    State.STARTING: ACCENT,
    State.QUEUED: WARNING,
    State.PAUSED: WARNING,
    State.STOPPING: WARNING,
    State.FINISHED: GOOD,
    State.STOPPED: MUTED,
    State.PREEMPTED: INTERRUPTED,
    State.FAILED: BAD,
    State.LOST: BAD,
    State.LIVE: ACCENT,
    State.RECORDED: MUTED,
}
# Shapes as well as colours, for those who cannot tell the colours apart.
_STATE_SIGNS = {
    State.QUEUED: "◌",
    State.STARTING: "◌",
    State.RUNNING: "●",
    State.PAUSED: "‖",
    State.STOPPING: "◍",
    State.FINISHED: "✓",
    State.STOPPED: "■",
    State.PREEMPTED: "↻",
    State.FAILED: "✗",
    State.LOST: "?",
    State.LIVE: "◆",
    State.RECORDED: "◇",
}


def content(text: str, style: str = "", *, lines: bool = False) -> Content:
    """Foreign text as it is, control characters made visible; newlines stay where `lines` asks."""
    return Content.styled(units.plain(text, keep_newlines=lines), style)


def joined(*parts: Content) -> Content:
    """The parts one after the other."""
    return Content("").join(parts)


def stacked(*parts: Content) -> Content:
    """The parts one below the other."""
    return Content("\n").join(parts)


def state_style(state: State) -> str:
    """The colour of a state, as a variable of the theme."""
    return _STATE_STYLES[state]


def state_sign(state: State) -> str:
    """One cell that stands for a state."""
    return _STATE_SIGNS[state]


def cut_middle(text: str, width: int) -> str:
    """`text` in at most `width` characters; its end stays, where a run has its number."""
    return units.cut_middle(text, width)


def bar(fraction: float, width: int, style: str) -> Content:
    """A progress bar of `width` cells."""
    done = round(min(max(fraction, 0.0), 1.0) * width)
    return joined(Content.styled("━" * done, style), Content.styled("─" * (width - done), FAINT))


class Calm(Static):
    """A static text that is drawn anew only when it changed.

    Of a fixed size, it does not have the whole screen laid out anew.
    """

    def __init__(
        self, shown: Content | None = None, *, id: str | None = None, classes: str | None = None
    ) -> None:
        self._shown = Content("") if shown is None else shown
        super().__init__(self._shown, markup=False, id=id, classes=classes)

    def show(self, shown: Content) -> None:
        """Draw `shown` unless it is there already."""
        if not self._shown.is_same(shown):
            self._shown = shown
            self.update(shown, layout=self.styles.auto_dimensions)

    @property
    def shown(self) -> Content:
        return self._shown
