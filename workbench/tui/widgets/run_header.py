"""The head of a run's page: what it is, what it does, how far it is."""

from __future__ import annotations

from textual.content import Content

from workbench import units
from workbench.runs.state import Status
from workbench.runs.states import State
from workbench.tui.run_facts import Facts
from workbench.tui.text import (
    ACCENT,
    MUTED,
    STRONG,
    Calm,
    bar,
    content,
    joined,
    stacked,
    state_sign,
    state_style,
)

_GAP = "   "
_LEAST_BAR = 10
_MOST_BAR = 60


class RunHeader(Calm):
    """Three lines: name and state, progress, best value and time."""

    DEFAULT_CSS = """
    RunHeader {
        height: 3;
        padding: 0 1;
        background: $panel;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    """

    def __init__(self, name: str) -> None:
        super().__init__(content(name, STRONG))
        self._run = name
        self._facts = Facts()

    def fill(self, facts: Facts) -> None:
        """Show how the run stands."""
        self._facts = facts
        self.on_resize()

    def on_resize(self) -> None:
        if self._facts.manifest is not None or self._facts.faults:
            self.show(self.made(self.content_size.width))

    def made(self, width: int) -> Content:
        """What it says in so many cells."""
        return header(self._run, self._facts, width)


def header(
    name: str, facts: Facts, width: int, *, noun: str = "step", best: Content | None = None
) -> Content:
    """The three lines, each within `width` cells.

    `noun` is what its progress counts; `best` stands in the place of the run's own best value.
    """
    return stacked(
        _first(name, facts, width), _progress(facts.status, width, noun), _numbers(facts, best)
    )


def _first(name: str, facts: Facts, width: int) -> Content:
    state = facts.status.state
    style = state_style(state)
    phase = f" · {facts.status.phase}" if facts.status.phase and not state.ended else ""
    left = joined(
        content(name, f"{STRONG} {ACCENT}"),
        Content.styled(f"{_GAP}{state_sign(state)} {state}", style),
        content(phase, MUTED),
    )
    right = content(_origin(facts), MUTED)
    room = width - left.cell_length - right.cell_length
    return joined(left, Content(" " * room), right) if room > 0 else left


def _origin(facts: Facts) -> str:
    """Where it runs, and which attempt it is."""
    parts = [facts.status.device] if facts.status.device else []
    if facts.read_only and facts.manifest is not None:
        parts = [facts.manifest.recipe.id, "read-only"]
    if facts.status.attempt > 1:
        parts.append(f"attempt {facts.status.attempt}")
    return " · ".join(parts)


def _progress(status: Status, width: int, noun: str) -> Content:
    numbers = _steps(status, noun)
    fraction = status.fraction
    if fraction is None:
        return content(numbers, MUTED)
    percent = f" {fraction:>4.0%}  "
    room = min(max(width - len(numbers) - len(percent) - 1, _LEAST_BAR), _MOST_BAR)
    return joined(
        bar(fraction, room, state_style(status.state)),
        Content.styled(percent, STRONG),
        content(numbers, MUTED),
    )


def _steps(status: Status, noun: str) -> str:
    total = f"/{status.total:,}" if status.total else ""
    parts = [f"{noun} {status.step:,}{total}"]
    if status.epochs or status.epoch:
        parts.append(f"epoch {status.epoch}" + (f"/{status.epochs}" if status.epochs else ""))
    if status.eta_s is not None and not status.state.ended:
        parts.append(f"{units.duration(status.eta_s)} to go")
    return " · ".join(parts)


def _numbers(facts: Facts, best: Content | None) -> Content:
    status = facts.status
    parts = [best] if best else []
    if best is None and status.best is not None:
        value = Content.styled(units.number(status.best.value), STRONG)
        where = content(f" at step {status.best.step:,}", MUTED)
        parts.append(joined(content(f"best {status.best.metric} ", MUTED), value, where))
    if status.elapsed_s:
        parts.append(Content.styled(f"{units.duration(status.elapsed_s)} trained", MUTED))
    if status.state is State.QUEUED and status.reason:
        parts.append(content(status.reason, MUTED))
    if facts.messages:
        count = len(facts.messages)
        said = f"{count:,} messages, the last: " if count > 1 else ""
        parts.append(content(f"{said}{facts.messages[-1].text}", MUTED))
    return Content(_GAP).join(parts)
