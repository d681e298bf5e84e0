"""The list of all runs, alive and ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from workbench.runs import marks, trash
from workbench.runs.filter import read
from workbench.runs.folder import RunFolder
from workbench.runs.listing import RunSummary
from workbench.runs.trend import TrendReader
from workbench.tui import keys
from workbench.tui.compare_facts import companions
from workbench.tui.copies import Copy, of_run
from workbench.tui.inspect.subject import Subject
from workbench.tui.screens.note import NoteScreen
from workbench.tui.screens.steering import KEYS, SteeringScreen, Target, named
from workbench.tui.screens.stopping import StoppingScreen
from workbench.tui.text import ACCENT, BAD, MUTED, Calm, content, joined, state_style
from workbench.tui.widgets.filter_line import FilterLine
from workbench.tui.widgets.key_line import KeyLine
from workbench.tui.widgets.runs_table import RunsTable
from workbench.tui.widgets.top_line import TopLine

if TYPE_CHECKING:
    from workbench.tui.session import Runs


class RunsScreen(StoppingScreen):
    """A table, and below it what is to say about the run under the cursor."""

    DEFAULT_CSS = """
    RunsScreen {
        RunsTable { margin: 1 0 0 0; }
        #chooser { height: auto; margin: 1 1 0 1; }
        #chooser Input { width: 1fr; background: $background; }
        #chooser Input:focus { background: $panel; }
        #found { width: auto; max-width: 60%; height: auto; padding: 0 0 0 2; }
        #empty { height: 1fr; padding: 1 2; display: none; }
        #detail { height: 3; padding: 0 1; margin: 1 0 0 0; }
        &.-empty RunsTable, &.-empty #chooser, &.-empty #detail { display: none; }
        &.-empty #empty { display: block; }
        &.-low {
            RunsTable, #chooser, #detail { margin-top: 0; }
            #detail { height: 1; }
        }
    }
    """
    BINDINGS = [
        *KEYS,
        *keys.bindings("runs.filter", "runs.star", "runs.note", "runs.undo", "runs.all"),
        *keys.bindings("run.compare", "run.inspect"),
    ]
    AUTO_FOCUS = "RunsTable"
    # Below, the runs need the lines that else keep the parts of the page asunder.
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-high")]

    @dataclass
    class Restored(Message):
        """Runs are back from the trash; each with the name it had."""

        runs: list[tuple[str, RunFolder]]

    @dataclass
    class Marked(Message):
        """Star or note of runs is written."""

    @dataclass
    class TrendsRead(Message):
        """The rough courses of the runs in sight, by name."""

        trends: Mapping[str, Sequence[float]]

    def __init__(self) -> None:
        super().__init__()
        self._trends = TrendReader()
        self._keys_for: object = None

    def compose(self) -> ComposeResult:
        yield TopLine("Runs")
        yield Calm(Content.styled("no runs yet; a launched recipe is listed here", MUTED), id="empty")
        with Horizontal(id="chooser"):
            key = keys.shown_for("runs.filter")
            yield FilterLine(f"{key} to filter:  recipe:cnn state:failed lr>0.01")
            yield Calm(id="found")
        yield RunsTable()
        yield Calm(id="detail")
        yield KeyLine()

    def on_mount(self) -> None:
        self.session.runs_changed.subscribe(self, self._runs_changed)

    @property
    def target(self) -> Target | None:
        run = self.query_one(RunsTable).chosen
        return None if run is None else Target(run.folder, run.status.state)

    def copies(self) -> list[Copy]:
        run = self.query_one(RunsTable).chosen
        if run is None:
            return []
        return of_run(run.folder, run.status, run.manifest, run.manifest.parameters)

    @property
    def targets(self) -> Sequence[Target]:
        marked = self.query_one(RunsTable).marked
        return [Target(run.folder, run.status.state) for run in marked] or super().targets

    def on_screen_resume(self) -> None:
        self._runs_changed(self.session.runs)

    def _runs_changed(self, runs: Runs) -> None:
        if not self.is_current:
            return  # out of sight; it comes with the next look
        self.query_one(TopLine).count(runs, self.session.fault)
        if not runs:
            self.set_focus(None)  # or it goes on to the filter, which then takes every key
        elif self.has_class("-empty"):
            self.query_one(RunsTable).focus()
        self.set_class(not runs, "-empty")
        for run in runs:
            if run.status.state.ended:
                self.ended(run.folder, run.status)
        self._fill()

    def on_input_changed(self) -> None:
        self._fill()

    def action_to_list(self) -> None:
        self._fill()  # the message of the last letter may still be under way
        self.set_focus(self.query_one(RunsTable))

    def _fill(self) -> None:
        """Show the runs that are meant; terms that cannot be read choose nothing, and are told."""
        runs, text = self.session.runs, self.query_one(Input).value
        chosen, faults = read(text, runs)
        shown = chosen.keep(runs)
        count = f"{len(shown):,} of {len(runs):,}" if text.strip() else ""
        said = content("; ".join(faults), BAD) if faults else Content.styled(count, MUTED)
        self.query_one("#found", Calm).show(said)
        self.query_one(RunsTable).fill(shown)
        self._show_detail()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The filter is offered where it is not typed into, star and note where there is a run."""
        if action == "filter":
            return bool(self.session.runs) and self.focused is not self.query_one(Input)
        if action == "show_all":
            return bool(self.query_one(Input).value or self.query_one(RunsTable).marked)
        if action in {"star", "note"}:
            return bool(self._own_runs())
        if action == "compare":
            return bool(self.targets)
        if action == "inspect":
            target = self.target if self.is_mounted else None
            return target is not None and not target.folder.read_only
        return super().check_action(action, parameters)

    def action_filter(self) -> None:
        self.set_focus(self.query_one(Input))

    def action_show_all(self) -> None:
        """No marks, then all runs again."""
        if self.query_one(RunsTable).marked:
            self.query_one(RunsTable).unmark()
        else:
            self.query_one(Input).value = ""
        self.refresh_bindings()

    def _own_runs(self) -> list[RunSummary]:
        """The marked runs, or the one under the cursor, without those of other programs."""
        if not self.is_mounted:
            return []
        table = self.query_one(RunsTable)
        runs = table.marked or ((table.chosen,) if table.chosen else ())
        return [run for run in runs if not run.folder.read_only]

    def action_compare(self) -> None:
        """The marked runs; one alone with its parent, or with the newest of its recipe."""
        targets = self.targets
        if len(targets) == 1:
            (run,) = targets
            manifest = run.folder.manifest()
            self.workbench.show_compare(companions(run.folder, manifest, self.session.runs))
        else:
            self.workbench.show_compare([target.folder for target in targets])

    def action_inspect(self) -> None:
        target = self.target
        if target is not None:
            self.workbench.show_inspect(Subject(target.folder.full_name, target.folder))

    def action_star(self) -> None:
        runs = self._own_runs()
        starred = not all(run.marks.starred for run in runs)

        def write() -> Message:
            for run in runs:
                marks.star(run.folder, starred)
            return self.Marked()

        self.in_thread(write, "marks", exclusive=False)

    def action_note(self) -> None:
        run = self.query_one(RunsTable).chosen
        if run is not None and not run.folder.read_only:
            self.app.push_screen(
                NoteScreen(run.name, run.marks.note), partial(self._annotate, run.folder)
            )

    def _annotate(self, folder: RunFolder, note: str | None) -> None:
        if note is None:
            return

        def write() -> Message:
            marks.annotate(folder, note)
            return self.Marked()

        self.in_thread(write, "marks", exclusive=False)

    def on_runs_screen_marked(self) -> None:
        self.workbench.read_runs()

    def action_undo(self) -> None:
        checkpoints = self.session.checkpoints
        self.in_thread(lambda: self.Restored(trash.restore_last(checkpoints)), "undo")

    def on_runs_screen_restored(self, message: Restored) -> None:
        verb = "is" if len(message.runs) == 1 else "are"
        self.tell(f"{named([folder for _, folder in message.runs])} {verb} back")
        for name, folder in message.runs:
            if folder.name != name:
                self.tell(f"{name} is now {folder.name}: its name was taken meanwhile")
        self.workbench.read_runs()

    def on_runs_table_moved(self) -> None:
        self._show_detail()

    def _read_trends(self) -> None:
        runs = self.query_one(RunsTable).in_sight
        if runs:
            self.in_thread(lambda: self.TrendsRead(self._trends.read(runs)), "trends")

    def on_runs_screen_trends_read(self, message: TrendsRead) -> None:
        self.query_one(RunsTable).show_trends(message.trends)

    def _show_detail(self) -> None:
        self._read_trends()
        run = self.query_one(RunsTable).chosen
        self.query_one("#detail", Calm).show(Content("") if run is None else _detail(run))
        self._offer_keys()

    def _offer_keys(self) -> None:
        """Look anew for the keys that do something, where another state may allow others."""
        marked = self.query_one(RunsTable).marked
        kinds = frozenset((run.status.state, run.folder.read_only) for run in marked)
        target = self.target
        here = target and (target.state, target.folder.read_only, target.folder.name in self.ladders)
        if (here, kinds) != self._keys_for:
            self._keys_for = here, kinds
            self.refresh_bindings()

    def on_runs_table_opened(self, message: RunsTable.Opened) -> None:
        self.workbench.show_run(message.run.folder)

    def on_steering_screen_asked(self, message: SteeringScreen.Asked) -> None:
        self.tell(f"{message.folder.name} is asked to {message.wish}")
        self.workbench.read_runs()


def _detail(run: RunSummary) -> Content:
    """The whole name, and why the run is as it is."""
    status = run.status
    reason = run.fault or status.reason
    name = joined(content(run.name), content(f"   {run.manifest.recipe.id}", MUTED))
    if run.marks.note:
        name = joined(name, content(f"   {run.marks.note}", ACCENT))
    remedy = " · ".join(status.remedy.splitlines())  # of many faults the beginning of the list
    lines = [name, content(reason, state_style(status.state)), content(remedy, MUTED)]
    return Content("\n").join([line for line in lines if line])
