"""Why a run failed or was lost: what to try first, then what it left behind."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from workbench.tui.run_facts import PostMortem
from workbench.tui.text import BAD, MUTED, STRONG, Calm, content, joined, stacked


class PostMortemPage(VerticalScroll):
    """A text to scroll through."""

    def __init__(self, noun: str = "step") -> None:
        """`noun` is what the progress of the run counts."""
        super().__init__(id="post-mortem")
        self._noun = noun

    def compose(self) -> ComposeResult:
        yield Calm()

    def fill(self, told: PostMortem | None) -> None:
        """Show what is known; nothing for a run that did not die."""
        self.query_one(Calm).show(Content("") if told is None else post_mortem_text(told, self._noun))


def post_mortem_text(told: PostMortem, noun: str = "step") -> Content:
    """The parts that there are, each under its heading, the most useful first."""
    kind = told.exception or told.kind.replace("_", " ")
    where = f"{kind} at {noun} {told.step:,}" if kind else f"after {noun} {told.step:,}"
    happened = stacked(content(told.title, BAD, lines=True), content(where, MUTED))
    parts = [
        _part("What happened", happened),
        _part("What to try", content(told.remedy, lines=True)),
        _part("First value that is no number", content(told.non_finite)),
        _part("Worker", content(told.worker)),
        _part("Memory before it ended", stacked(*map(content, told.memory))),
        _part("Last lines of the log", stacked(*(content(line, MUTED) for line in told.log))),
        _part("Traceback", content(told.traceback.rstrip(), MUTED, lines=True)),
    ]
    return Content("\n\n").join([part for part in parts if part])


def _part(heading: str, text: Content) -> Content:
    return joined(Content.styled(f"{heading}\n", STRONG), text) if text else Content("")
