"""The page of a study: its plots, trials, log and what it searches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import ContentSwitcher

from workbench.errors import WorkbenchError
from workbench.runs.folder import RunFolder
from workbench.tui import keys
from workbench.tui.copies import Copy, of_study
from workbench.tui.run_facts import Facts, Snapshot
from workbench.tui.screens.study_steering import HANDS, StudySteering
from workbench.tui.study.facts import Format, PlotName, StudyFacts, StudySnapshot, StudyView
from workbench.tui.study.words import plan_words
from workbench.tui.text import Calm
from workbench.tui.widgets.key_line import KeyLine
from workbench.tui.widgets.log_page import LogPage
from workbench.tui.widgets.notice import Notice
from workbench.tui.widgets.post_mortem import PostMortemPage
from workbench.tui.widgets.study_header import StudyHeader
from workbench.tui.widgets.study_plot import StudyPlot
from workbench.tui.widgets.tab_line import TabLine
from workbench.tui.widgets.trials_table import TrialsPage, TrialsTable
from workbench.tuning.study import StudyFolder
from workbench.tuning.trials import TrialRecord, TrialState

if TYPE_CHECKING:
    from workbench.tui.study.reader import StudyReader

PLOTS: tuple[PlotName, ...] = (*("history", "importances", "parallel", "slices", "contour", "workers"),)
TABS = (
    "History",
    "Importances",
    "Parallel",
    "Slices",
    "Contour",
    "Workers",
    "Trials",
    "Log",
    "Parameters",
)
SEVERAL = "Pareto front"  # in the place of the history, where several metrics count


class StudyScreen(StudySteering):
    """Follows one study; leaving the page does nothing to it."""

    DEFAULT_CSS = """
    StudyScreen.-low {
        TabLine { margin: 0; }
        TrialsPage > Calm { height: 1; }
    }
    """
    # Below, the plots need the lines that else keep the parts of the page asunder.
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-high")]
    BINDINGS = [*HANDS, *keys.bindings("study.picture", "study.table", "studytabs")]

    @dataclass
    class Read(Message):
        """A reading of the study; `snapshot` is None where nothing changed or it could not be read."""

        view: StudyView
        snapshot: StudySnapshot | None
        fault: str = ""

    @dataclass
    class Exported(Message):
        """What was looked at is in a file."""

        file: Path

    def __init__(self, folder: RunFolder) -> None:
        super().__init__(folder)
        self._reader: StudyReader | None = None
        self._seen = StudyView()
        self._marked_state: TrialState | None = None

    def compose(self) -> ComposeResult:
        yield StudyHeader(self.folder.name)
        yield TabLine(TABS, "studytabs")
        yield Notice()
        yield Notice(id="stopping")
        with ContentSwitcher(initial="plot"):
            yield StudyPlot()
            yield TrialsPage()
            yield LogPage("no output yet")
            with VerticalScroll(id="parameters"):
                yield Calm()
            yield PostMortemPage("trial")
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(StudyPlot).open(PLOTS[0])

    def on_unmount(self) -> None:
        if self._reader is not None:
            self._reader.close()

    def copies(self) -> list[Copy]:
        plan, best = self.study.plan, self.study.best
        return super().copies() if plan is None else of_study(StudyFolder(self.folder), plan, best)

    # Reading.

    def start_reading(self) -> None:
        view = replace(
            self.query_one(StudyPlot).view,
            earlier=self.query_one(LogPage).wants_earlier,
            notes=self._has_trials,
        )
        self.in_thread(lambda: self._read(view), "read", exclusive=False)

    def _read(self, view: StudyView) -> Read:
        def read() -> StudySnapshot | None:
            if self._reader is None:
                # In the thread: it brings numpy and plotext.
                from workbench.tui.study.reader import StudyReader  # noqa: PLC0415

                self._reader = StudyReader(self.folder)
            return self._reader.read(view)

        return self.Read(view, *self.read_folder(read))

    def on_study_screen_read(self, message: Read) -> None:
        self._seen = message.view
        link, snapshot = self.workbench.link, message.snapshot
        self.query_one(KeyLine).say(link.words)
        if message.fault:
            self.query_one("Notice", Notice).say(message.fault)
        run = None if snapshot is None else snapshot.run
        earlier = () if run is None else run.earlier
        if message.view.earlier:
            self.query_one(LogPage).take_earlier(earlier)
        if snapshot is not None:
            self._show(snapshot)
        busy_s = 0.0 if self._reader is None else self._reader.busy_s
        more = bool(earlier) or (run is not None and run.loading)
        self._readings.done(busy_s, more=more, pace_s=link.pace_s)

    def _show(self, snapshot: StudySnapshot) -> None:
        plot = self.query_one(StudyPlot)
        # What was drawn for another tab, or for another view of it, is not shown.
        if self._seen.plot is not None and self._seen.plot == plot.view.plot:
            plot.take(snapshot)
            self.query_one(TabLine).mark(self.tab, plot.note)
        before, self.study = self.study, snapshot.facts
        if self.study != before:
            self._show_study(before)
            if self.study.now != before.now or (self.study.best is None) != (before.best is None):
                self.refresh_bindings()
        if snapshot.run is not None:
            self._show_run(snapshot.run)
        elif self.study != before:
            self.query_one(StudyHeader).fill_study(self.facts, self.study)

    def _show_study(self, before: StudyFacts) -> None:
        plan = self.study.plan
        if plan is not None and plan.has_several and before.plan is None:
            self.query_one(TabLine).name_tabs(self._tabs)
        self.query_one(TrialsPage).fill(self.study)
        self.on_line_table_moved()  # the marked trial may have ended
        self.query_one("#parameters Calm", Calm).show(plan_words(self.study))

    def _show_run(self, run: Snapshot) -> None:
        before, self.facts = self.facts, run.facts
        if run.log:
            self.query_one(LogPage).append(run.log)
        self.query_one(StudyHeader).fill_study(self.facts, self.study)
        if self.facts != before:
            self._show_facts(before, loading=run.loading)

    def _show_facts(self, before: Facts, *, loading: bool) -> None:
        self.show_post_mortem(before, loading=loading)
        self.show_notice()
        self.tell_answers()
        if self.facts.status.state is not before.status.state:
            self.state_changed()

    @property
    def damage(self) -> Sequence[str]:
        return [*([self.study.fault] if self.study.fault else []), *self.facts.faults]

    # Tabs.

    @property
    def tab_names(self) -> Sequence[str]:
        plan = self.study.plan
        return (SEVERAL, *TABS[1:]) if plan is not None and plan.has_several else TABS

    def place_of(self, tab: str) -> str:
        return "plot" if self._plot is not None else super().place_of(tab)

    @property
    def _plot(self) -> PlotName | None:
        return PLOTS[self.tab] if self.tab < len(PLOTS) else None

    @property
    def _has_trials(self) -> bool:
        """Whether the table of trials is open."""
        return self.tab == TABS.index("Trials")

    def tab_opened(self) -> None:
        self.query_one(StudyPlot).open(self._plot)
        self.refresh_bindings()

    def on_study_plot_view_changed(self) -> None:
        # What a key changed is painted first: a reading takes half of the processor from it.
        self.call_after_refresh(self._readings.read_soon)

    def on_study_plot_alone_changed(self) -> None:
        self.set_class(self.query_one(StudyPlot).view.alone, "-alone")

    # What a person does with it.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is a picture of what is drawn, and a table of that and of the trials."""
        if action == "export":
            return self._plot is not None or (parameters[0] == "csv" and self._has_trials)
        return super().check_action(action, parameters)

    def action_export(self, wanted: Format) -> None:
        view, folder = self.query_one(StudyPlot).view, self.folder
        weights = None if self._reader is None else self._reader.weights

        def write() -> Message:
            # In the thread: it brings Pillow.
            from workbench.tui.study.export import export  # noqa: PLC0415

            return self.Exported(export(folder, view, weights, wanted))

        self.in_thread(write, "export")

    def on_study_screen_exported(self, message: Exported) -> None:
        """Say where it is, and copy that where the terminal allows it."""
        self.app.copy_to_clipboard(str(message.file))
        name = message.file.relative_to(self.folder.path)
        self.tell(f"{name} is in the study's folder; its path is copied")

    @property
    def marked(self) -> TrialRecord | None:
        """The trial under the cursor, while the table of them is open."""
        return self.query_one(TrialsTable).chosen if self._has_trials else None

    def on_line_table_moved(self) -> None:
        """Another trial is marked: of another state, other keys may do something."""
        state = None if self.marked is None else self.marked.state
        if state != self._marked_state:
            self._marked_state = state
            self.refresh_bindings()

    def on_trials_table_trial_opened(self, message: TrialsTable.TrialOpened) -> None:
        try:
            folder = self.run_of(message.trial)
        except WorkbenchError as fault:
            self.tell_error(fault)
        else:
            self.workbench.show_run(folder)
