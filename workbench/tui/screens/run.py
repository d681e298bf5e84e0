"""The page of one run: how it stands, its curves, figures, log, parameters and checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import ContentSwitcher

from workbench.errors import WorkbenchError
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.forks import Child, children
from workbench.tui import keys
from workbench.tui.compare_facts import companions
from workbench.tui.inspect.subject import Subject
from workbench.tui.run_facts import Facts, Snapshot, View
from workbench.tui.screens.choose_metrics import ChooseMetricsScreen
from workbench.tui.screens.page import PageScreen
from workbench.tui.screens.set_parameter import NewValue, SetParameterScreen
from workbench.tui.text import Calm
from workbench.tui.widgets.checkpoints_table import Checkpoints, latest
from workbench.tui.widgets.curves import Curves
from workbench.tui.widgets.figures import Figures
from workbench.tui.widgets.key_line import KeyLine
from workbench.tui.widgets.log_page import LogPage
from workbench.tui.widgets.notice import Notice
from workbench.tui.widgets.post_mortem import PostMortemPage
from workbench.tui.widgets.run_header import RunHeader
from workbench.tui.widgets.run_tables import parameters_text
from workbench.tui.widgets.system import System
from workbench.tui.widgets.tab_line import TabLine

if TYPE_CHECKING:
    from workbench.tui.run_reader import RunReader
    from workbench.tui.session import Runs

TABS = ("Curves", "Figures", "Log", "Parameters", "Checkpoints", "System")


class RunScreen(PageScreen):
    """Follows one run; leaving the page does nothing to it."""

    BINDINGS = keys.bindings("run.checkpoint", "run.compare", "run.inspect", "tabs")

    @dataclass
    class Read(Message):
        """A reading of the run; `snapshot` is None where nothing changed or it could not be read."""

        view: View
        snapshot: Snapshot | None
        fault: str = ""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__(folder)
        self._reader: RunReader | None = None
        self._seen = View()
        self._children: tuple[Child, ...] = ()
        self._loading = True

    def compose(self) -> ComposeResult:
        yield RunHeader(self.folder.name)
        yield TabLine(TABS)
        yield Notice()
        yield Notice(id="stopping")
        with ContentSwitcher(initial="curves"):
            yield Curves()
            yield Figures()
            yield LogPage("no log of another program" if self.folder.read_only else "no output yet")
            with VerticalScroll(id="parameters"):
                yield Calm()
            yield Checkpoints()
            yield System(
                "what another program uses is not known"
                if self.folder.read_only
                else "no samples; a worker takes one every 5 s while it trains"
            )
            yield PostMortemPage()
        yield KeyLine()

    def on_mount(self) -> None:
        forget = self.query_one(Figures).forget_pictures
        self.workbench.leaving.subscribe(self, lambda _: forget(), immediate=True)
        self.session.runs_changed.subscribe(self, self._find_children)

    def start_reading(self) -> None:
        view = self._view()
        self.in_thread(lambda: self._read(view), "read", exclusive=False)

    def _read(self, view: View) -> Read:
        def read() -> Snapshot | None:
            if self._reader is None:
                # In the thread: it brings numpy and plotext.
                from workbench.tui.run_reader import RunReader  # noqa: PLC0415

                self._reader = RunReader(self.folder)
            return self._reader.read(view)

        return self.Read(view, *self.read_folder(read))

    def _view(self) -> View:
        """What is visible and has to be drawn."""
        view = View(children=self._children)
        if self.tab == TABS.index("Curves"):
            return replace(view, plots=self.query_one(Curves).view)
        if self.tab == TABS.index("Figures"):
            return replace(view, figure=self.query_one(Figures).view)
        if self.tab == TABS.index("System"):
            return replace(view, system=self.query_one(System).curves.view)
        return replace(view, earlier=self.query_one(LogPage).wants_earlier)

    def _find_children(self, runs: Runs) -> None:
        manifest = self.facts.manifest
        found = () if manifest is None or self.folder.read_only else children(manifest, runs)
        if found != self._children:
            self._children = found
            self._readings.read_soon()

    def on_run_screen_read(self, message: Read) -> None:
        self._seen = message.view
        busy_s = 0.0 if self._reader is None else self._reader.busy_s
        link = self.workbench.link
        self.query_one(KeyLine).say(link.words)
        if message.fault:
            self.query_one(Notice).say(message.fault)
        snapshot = message.snapshot
        earlier = () if snapshot is None else snapshot.earlier
        if message.view.earlier:
            self.query_one(LogPage).take_earlier(earlier)
        if snapshot is not None:
            self._loading = snapshot.loading
            self._show(snapshot)
        more = bool(earlier) or (snapshot is not None and snapshot.loading)
        self._readings.done(busy_s, more=more, pace_s=link.pace_s)

    def _show(self, snapshot: Snapshot) -> None:
        before, self.facts = self.facts, snapshot.facts
        self.query_one(Curves).choose(self.session.metrics.get(self._recipe))
        self._show_drawing(snapshot)
        if snapshot.log:
            self.query_one(LogPage).append(snapshot.log)
        if self.facts != before:
            self._show_facts(before)

    def _show_drawing(self, snapshot: Snapshot) -> None:
        """What was drawn, where its tab is still open."""
        if self.tab == TABS.index("Curves") and self._seen.plots is not None:
            self.query_one(Curves).take(snapshot)
            self.query_one(TabLine).mark(self.tab, self.query_one(Curves).note)
        elif self.tab == TABS.index("Figures") and self._seen.figure is not None:
            self.query_one(Figures).take(snapshot)
        elif self.tab == TABS.index("System") and self._seen.system is not None:
            curves = self.query_one(System).curves
            curves.take(snapshot)
            self.query_one(TabLine).mark(self.tab, curves.note)

    def _show_facts(self, before: Facts) -> None:
        if before.manifest is None:
            self._find_children(self.session.runs)
        self.query_one(RunHeader).fill(self.facts)
        self.query_one("#parameters Calm", Calm).show(parameters_text(self.facts))
        self.query_one(Checkpoints).fill(self.facts)
        self.query_one(System).fill(self.facts.system, alive=not self.facts.status.state.ended)
        self.show_post_mortem(before, loading=self._loading)
        self.show_notice()
        self.tell_answers()
        forkable = bool(self.facts.checkpoints) != bool(before.checkpoints)
        if self.facts.status.state is not before.status.state or forkable:
            self.state_changed()

    def on_curves_view_changed(self) -> None:
        self._readings.read_soon()

    def on_curves_choice_asked(self, message: Curves.ChoiceAsked) -> None:
        self.app.push_screen(ChooseMetricsScreen(message.metrics, message.chosen), self._choose_metrics)

    def _choose_metrics(self, chosen: frozenset[str] | None) -> None:
        if chosen is None:
            return
        curves = self.query_one(Curves)
        if chosen == frozenset(curves.metrics):
            self.session.metrics.pop(self._recipe, None)
        else:
            self.session.metrics[self._recipe] = chosen
        curves.choose(self.session.metrics.get(self._recipe))

    @property
    def _recipe(self) -> str:
        manifest = self.facts.manifest
        return "" if manifest is None else manifest.recipe.id

    def on_figures_view_changed(self) -> None:
        self._readings.read_soon()

    def on_screen_suspend(self) -> None:
        self._figures_covered()

    def on_screen_resume(self) -> None:
        self._figures_covered()

    def _figures_covered(self) -> None:
        for figures in self.query(Figures):  # none, where another screen came before the page was made
            figures.covered()

    def on_figures_alone_changed(self, message: Figures.AloneChanged) -> None:
        self.set_class(message.alone, "-alone")

    def on_system_curves_view_changed(self) -> None:
        self._readings.read_soon()

    @property
    def tab_names(self) -> Sequence[str]:
        return TABS

    def tab_opened(self) -> None:
        # What was drawn last is painted first: a reading takes half of the processor from it.
        self.call_after_refresh(self._readings.read_soon)

    def action_checkpoint(self) -> None:
        self.ask(self.folder, control.SaveCheckpoint(), "checkpoint")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A run without checkpoints has nothing to fork from."""
        if action == "fork":
            return bool(self.facts.checkpoints)
        if action == "inspect":
            return not self.folder.read_only
        return super().check_action(action, parameters)

    def action_fork(self) -> None:
        looked_at = self.tab == TABS.index("Checkpoints")
        chosen = self.query_one(Checkpoints).chosen if looked_at else None
        checkpoint = chosen or latest(self.facts.checkpoints)
        if checkpoint is not None:
            self.workbench.show_fork(self.folder, checkpoint)

    def action_inspect(self) -> None:
        """The checkpoint under the cursor, where they are looked at; else the newest one."""
        looked_at = self.tab == TABS.index("Checkpoints")
        chosen = self.query_one(Checkpoints).chosen if looked_at else None
        file = "" if chosen is None else chosen.file
        self.workbench.show_inspect(Subject(self.folder.full_name, self.folder, file))

    def action_compare(self) -> None:
        self.workbench.show_compare(companions(self.folder, self.facts.manifest, self.session.runs))

    def action_set(self) -> None:
        live = self.facts.live_parameters
        if not live:
            error = WorkbenchError("this run has no parameter that can be set while it trains")
            self.tell_error(error)
            return
        self.app.push_screen(SetParameterScreen(live, self.facts.values), self._set)

    def _set(self, chosen: NewValue | None) -> None:
        if chosen is not None:
            request = control.SetParameter(name=chosen.name, value=chosen.value)
            self.ask(self.folder, request, f"{chosen.name}={chosen.value}")
