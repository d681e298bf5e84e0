"""All trials of a study, one line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from workbench.tui import keys
from workbench.tui.study.facts import StudyFacts
from workbench.tui.study.trial_lines import TrialLines, TrialOrder, trial_words
from workbench.tui.text import Calm
from workbench.tui.widgets.line_table import LineTable
from workbench.tuning.trials import TrialRecord


class TrialsPage(Vertical):
    """The table, and below it what it has no room for of the trial under the cursor."""

    DEFAULT_CSS = """
    TrialsPage > Calm { height: 2; padding: 0 1; background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__(id="trials")
        self._notes: Mapping[int, str] = {}

    def compose(self) -> ComposeResult:
        yield TrialsTable()
        yield Calm()

    def fill(self, facts: StudyFacts) -> None:
        """Show the trials as they are now."""
        self._notes = facts.notes
        self.query_one(TrialsTable).fill(facts)
        self._tell()

    def on_line_table_moved(self) -> None:
        self._tell()

    def _tell(self) -> None:
        trial = self.query_one(TrialsTable).chosen
        self.query_one(Calm).show(Content("") if trial is None else trial_words(trial, self._notes))


class TrialsTable(LineTable):
    """Sorted by any column; the cursor stays on its trial."""

    BINDINGS = keys.bindings("trials")

    @dataclass
    class TrialOpened(Message):
        """The trial's run is to be looked at."""

        trial: TrialRecord

    def __init__(self) -> None:
        super().__init__()
        self._order = TrialOrder()
        self._trials: Mapping[int, TrialRecord] = {}
        self._notes: Mapping[int, str] = {}
        self._sorted: Sequence[TrialRecord] = ()
        self._lines: TrialLines | None = None

    @property
    def chosen(self) -> TrialRecord | None:
        """The trial under the cursor."""
        return self._sorted[self.cursor_row] if self.cursor_row < len(self._sorted) else None

    def fill(self, facts: StudyFacts) -> None:
        """Show the trials as they are now."""
        if facts.plan is None or (facts.trials is self._trials and facts.notes is self._notes):
            return
        if not self._trials:
            self.redraw_heading()
        self._trials, self._notes = facts.trials, facts.notes
        self._lines = TrialLines(facts, facts.plan)
        self._show()

    def _show(self) -> None:
        if self._lines is not None:
            self._sorted = self._lines.sort(self._trials, self._order)
            self.fill_lines([trial.number for trial in self._sorted])

    def make_line(self, row: int) -> Content:
        assert self._lines is not None
        return self._lines.line(self._sorted[row])

    def make_heading(self) -> Content:
        if self._lines is None or not self._trials:
            return Content("no trials yet")
        return self._lines.heading(self._order)

    def line_length(self) -> int:
        return self._width if self._lines is None else self._lines.length

    def action_sort(self) -> None:
        if self._lines is not None:
            self._order = TrialOrder((self._order.column + 1) % self._lines.count)
            self._show()
            self.redraw_heading()

    def action_reverse(self) -> None:
        self._order = replace(self._order, falling=not self._order.falling)
        self._show()
        self.redraw_heading()

    def open_line(self, row: int) -> None:
        self.post_message(self.TrialOpened(self._sorted[row]))
