"""The page of a study: its plots, trials, log and what it searches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from workbench.errors import WorkbenchError
from workbench.runs.folder import RunFolder
from workbench.runs.states import State
from workbench.tui import keys
from workbench.tui.copies import Copy, of_study
from workbench.tui.painting import paint_now
from workbench.tui.run_facts import Facts, Snapshot
from workbench.tui.screens.steering import KEYS
from workbench.tui.screens.study_steering import HANDS, StudySteering
from workbench.tui.study.facts import Format, PlotName, StudyFacts, StudySnapshot, StudyView
from workbench.tui.study.words import plan_words
from workbench.tui.text import Calm, state_style
from workbench.tui.widgets.key_line import KeyLine
from workbench.tui.widgets.log_page import LogPage
from workbench.tui.widgets.notice import Notice
from workbench.tui.widgets.study_header import StudyHeader
from workbench.tui.widgets.study_plot import StudyPlot
from workbench.tui.widgets.tab_line import TabLine
from workbench.tui.widgets.trials_table import TrialsTable
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
    StudyScreen {
        ContentSwitcher { height: 1fr; padding: 0 1; }
        ContentSwitcher > VerticalScroll { scrollbar-size-vertical: 1; }
        ContentSwitcher > VerticalScroll > Calm { height: auto; }
        &.-alone { RunHeader, TabLine { display: none; } }
        &.-low TabLine { margin: 0; }
    }
    """
    # Below, the plots need the lines that else keep the parts of the page asunder.
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-high")]
    BINDINGS = [
        *KEYS,
        *HANDS,
        *keys.bindings("study.picture", "study.table", "run.back", "studytabs"),
    ]

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
        self._tab = 0
        self._marked_state: TrialState | None = None

    def compose(self) -> ComposeResult:
        yield StudyHeader(self.folder.name)
        yield TabLine(TABS, "studytabs")
        yield Notice()
        yield Notice(id="stopping")
        with ContentSwitcher(initial="plot"):
            yield StudyPlot()
            yield TrialsTable()
            yield LogPage("no output yet")
            with VerticalScroll(id="parameters"):
                yield Calm()
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
        view = replace(self.query_one(StudyPlot).view, earlier=self.query_one(LogPage).wants_earlier)
        self.in_thread(lambda: self._read(view), "read", exclusive=False)

    def _read(self, view: StudyView) -> Read:
        try:
            if self._reader is None:
                # In the thread: it brings numpy and plotext.
                from workbench.tui.study.reader import StudyReader  # noqa: PLC0415

                self._reader = StudyReader(self.folder)
            if not self.folder.path.is_dir():
                gone = f"{self.folder.name} is no more: somebody deleted its folder"
                return self.Read(view, None, gone)
            return self.Read(view, self._reader.read(view))
        except OSError as fault:
            return self.Read(view, None, f"{self.folder.name} cannot be read: {fault}")

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
            self.query_one(TabLine).mark(self._tab, plot.note)
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
            self.query_one(TabLine).name_tabs((SEVERAL, *TABS[1:]))
        self.query_one(TrialsTable).fill(self.study)
        self.on_line_table_moved()  # the marked trial may have ended
        self.query_one("#parameters Calm", Calm).show(plan_words(self.study))

    def _show_run(self, run: Snapshot) -> None:
        before, self.facts = self.facts, run.facts
        if run.log:
            self.query_one(LogPage).append(run.log)
        self.query_one(StudyHeader).fill_study(self.facts, self.study)
        if self.facts != before:
            self._show_facts(before)

    def _show_facts(self, before: Facts) -> None:
        status = self.facts.status
        broken = status.state in {State.FAILED, State.LOST, State.PREEMPTED}
        remedies = [status.remedy] if broken and status.remedy else []
        faults = [*([self.study.fault] if self.study.fault else []), *self.facts.faults]
        if faults:
            remedies.append(f"a part of the record is damaged, the rest is shown: {faults[0]}")
        title = status.reason if broken else ""
        self.query_one("Notice", Notice).say(
            title, "\n".join(remedies), style=state_style(status.state)
        )
        self.tell_answers()
        if status.state is not before.status.state:
            self.state_changed()

    # Tabs.

    def action_tab(self, by: int) -> None:
        self.action_show_tab((self._tab + by) % len(TABS))

    def action_show_tab(self, index: int) -> None:
        self._tab = index
        tabs = self.query_one(TabLine)
        tabs.mark(index)
        paint_now(tabs)
        plot = PLOTS[index] if index < len(PLOTS) else None
        switcher = self.query_one(ContentSwitcher)
        switcher.current = "plot" if plot else TABS[index].lower()
        inside = switcher.query_one(f"#{switcher.current}").walk_children(Widget, with_self=True)
        self.set_focus(next((widget for widget in inside if widget.focusable), None))
        self.query_one(StudyPlot).open(plot)
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
            drawn = self._tab < len(PLOTS)
            return drawn or (parameters[0] == "csv" and TABS[self._tab] == "Trials")
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
        return self.query_one(TrialsTable).chosen if TABS[self._tab] == "Trials" else None

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
