"""The list of all runs, alive and ended."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable

from workbench.runs.listing import RunSummary
from workbench.tui.copies import Copy, of_run
from workbench.tui.screens.steering import KEYS, SteeringScreen, Target
from workbench.tui.session import Runs
from workbench.tui.text import MUTED, Calm, content, joined, state_style
from workbench.tui.widgets.key_line import KeyLine
from workbench.tui.widgets.runs_table import RunsTable
from workbench.tui.widgets.top_line import TopLine


class RunsScreen(SteeringScreen):
    """A table, and below it what is to say about the run under the cursor."""

    DEFAULT_CSS = """
    RunsScreen {
        RunsTable { margin: 1 0 0 0; }
        #empty { height: 1fr; padding: 1 2; display: none; }
        #detail { height: 3; padding: 0 1; margin: 1 0 0 0; }
        &.-empty RunsTable, &.-empty #detail { display: none; }
        &.-empty #empty { display: block; }
    }
    """
    BINDINGS = KEYS

    def compose(self) -> ComposeResult:
        yield TopLine("Runs")
        yield Calm(Content.styled("no runs yet; a launched recipe is listed here", MUTED), id="empty")
        yield RunsTable()
        yield Calm(id="detail")
        yield KeyLine()

    def on_mount(self) -> None:
        self.session.runs_changed.subscribe(self, self._runs_changed)
        self._runs_changed(self.session.runs)

    @property
    def target(self) -> Target | None:
        run = self.query_one(RunsTable).chosen
        return None if run is None else Target(run.folder, run.status.state)

    def copies(self) -> list[Copy]:
        run = self.query_one(RunsTable).chosen
        if run is None:
            return []
        return of_run(run.folder, run.status, run.manifest, run.manifest.parameters)

    def _runs_changed(self, runs: Runs) -> None:
        self.query_one(TopLine).count(runs, self.session.fault)
        self.query_one(RunsTable).fill(runs)
        self.set_class(not runs, "-empty")
        self._show_detail()

    def on_runs_table_moved(self) -> None:
        self._show_detail()

    def _show_detail(self) -> None:
        run = self.query_one(RunsTable).chosen
        self.query_one("#detail", Calm).show(Content("") if run is None else _detail(run))
        self.refresh_bindings()

    def on_data_table_row_selected(self, message: DataTable.RowSelected) -> None:
        message.stop()
        run = self.query_one(RunsTable).chosen
        if run is not None:
            self.workbench.show_run(run.folder)

    def on_steering_screen_asked(self, message: SteeringScreen.Asked) -> None:
        self.tell(f"{message.folder.name} is asked to {message.wish}")
        self.workbench.read_runs()


def _detail(run: RunSummary) -> Content:
    """The whole name, and why the run is as it is."""
    status = run.status
    reason = run.fault or status.reason
    name = joined(content(run.name), content(f"   {run.manifest.recipe.id}", MUTED))
    lines = [name, content(reason, state_style(status.state)), content(status.remedy, MUTED)]
    return Content("\n").join([line for line in lines if line])
