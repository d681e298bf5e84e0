"""Several runs over one another: their curves, what differs in their parameters, how they came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import ScrollableContainer
from textual.content import Content
from textual.message import Message
from textual.widgets import ContentSwitcher

from workbench.runs.folder import RunFolder
from workbench.tui import keys
from workbench.tui.compare_facts import CompareView, Comparison
from workbench.tui.reading import ReadingLoop
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.screens.choose_metrics import ChooseMetricsScreen
from workbench.tui.screens.pick_run import PickRunScreen
from workbench.tui.text import ACCENT, MUTED, STRONG, Calm, content, joined
from workbench.tui.widgets.compare_tables import parameters_table
from workbench.tui.widgets.compared_runs import ComparedRuns
from workbench.tui.widgets.curves import Curves
from workbench.tui.widgets.key_line import KeyLine
from workbench.tui.widgets.notice import Notice
from workbench.tui.widgets.tab_line import TabLine

if TYPE_CHECKING:
    from workbench.tui.compare_reader import CompareReader

TABS = ("Curves", "Parameters", "Results")


class CompareScreen(WorkbenchScreen[None]):
    """Follows all of its runs; the first one is `a`."""

    DEFAULT_CSS = """
    CompareScreen {
        #title { height: 1; padding: 0 1; background: $panel; text-wrap: nowrap; }
        ContentSwitcher { height: 1fr; padding: 0 1; }
        ContentSwitcher > ScrollableContainer { scrollbar-size: 1 1; }
        ContentSwitcher > ScrollableContainer > Calm { height: auto; width: auto; }
    }
    """
    BINDINGS = keys.bindings("compare", "tabs.next", "tabs.previous")

    @dataclass
    class Read(Message):
        """A reading of the runs; `comparison` is None where nothing changed."""

        comparison: Comparison | None

    def __init__(self, folders: Sequence[RunFolder]) -> None:
        super().__init__()
        self.folders = list(dict.fromkeys(folders))
        self.comparison = Comparison()
        self._reader: CompareReader | None = None
        self._readings = ReadingLoop(self._start_reading, lambda: self.workbench.link.is_free)
        self._tab = 0
        self._chosen = 0
        self._every = False

    def compose(self) -> ComposeResult:
        yield Calm(id="title")
        yield ComparedRuns()
        yield TabLine(TABS)
        yield Notice()
        with ContentSwitcher(initial="curves"):
            yield Curves()
            with ScrollableContainer(id="parameters"):
                yield Calm()
            with ScrollableContainer(id="results"):
                yield Calm()
        yield KeyLine()

    def on_mount(self) -> None:
        self._show_title()
        self.query_one(Curves).focus()
        self.set_interval(self.session.settings.refresh_s, self._readings.tick)

    def on_resize(self) -> None:
        self._show_runs()

    def _show_title(self) -> None:
        count = len(self.folders)
        many = f"{count} runs" if count != 1 else f"1 run; {keys.shown_for('compare.add')} adds another"
        self.query_one("#title", Calm).show(
            joined(Content.styled("compare ", MUTED), content(many, f"{STRONG} {ACCENT}"))
        )

    def _start_reading(self) -> None:
        folders, view = tuple(self.folders), self._view()
        self.in_thread(lambda: self._read(folders, view), "read", exclusive=False)

    def _read(self, folders: Sequence[RunFolder], view: CompareView) -> Read:
        if self._reader is None:
            # In the thread: it brings numpy and plotext.
            from workbench.tui.compare_reader import CompareReader  # noqa: PLC0415

            self._reader = CompareReader()
        return self.Read(self._reader.read(folders, view))

    def _view(self) -> CompareView:
        """What is visible and has to be worked out."""
        if self._tab == TABS.index("Curves"):
            return CompareView(plots=self.query_one(Curves).view)
        return CompareView(results=self._tab == TABS.index("Results"))

    def on_compare_screen_read(self, message: Read) -> None:
        busy_s = 0.0 if self._reader is None else self._reader.busy_s
        link = self.workbench.link
        self.query_one(KeyLine).say(link.words)
        if message.comparison is not None:
            self.comparison = message.comparison
            self._show()
        more = message.comparison is not None and message.comparison.loading
        self._readings.done(busy_s, more=more, pace_s=link.pace_s)

    def _show(self) -> None:
        """Each part draws itself only where it changed."""
        self._show_runs()
        self._show_notice()
        runs, curves = self.comparison.runs, self.query_one(Curves)
        if self._tab == TABS.index("Curves"):
            if self.comparison.view.plots is None:
                return  # read before the tab was opened
            curves.take(self.comparison.as_snapshot)
            self.query_one(TabLine).mark(self._tab, curves.note)
        elif self._tab == TABS.index("Parameters"):
            table = parameters_table(runs, every=self._every)
            self.query_one("#parameters Calm", Calm).show(table)
        elif self.comparison.results is not None:
            self.query_one("#results Calm", Calm).show(self.comparison.results)

    def _show_runs(self) -> None:
        self._chosen = min(self._chosen, max(len(self.folders) - 1, 0))
        listed = self.query_one(ComparedRuns)
        if self.comparison.runs:
            listed.fill(self.comparison.runs, self._chosen)
        else:
            listed.expect(len(self.folders))

    def _show_notice(self) -> None:
        gone = [run.name for run in self.comparison.runs if run.gone]
        said = f"{', '.join(gone)}: deleted meanwhile; what was read of it stays" if gone else ""
        faults = [run.fault for run in self.comparison.runs if run.fault and not run.gone]
        self.query_one(Notice).say(said, "\n".join(faults))

    def on_curves_view_changed(self) -> None:
        self._readings.read_soon()

    def on_curves_choice_asked(self, message: Curves.ChoiceAsked) -> None:
        self.app.push_screen(ChooseMetricsScreen(message.metrics, message.chosen), self._choose_metrics)

    def _choose_metrics(self, chosen: frozenset[str] | None) -> None:
        if chosen is not None:
            every = chosen == frozenset(self.comparison.metrics)
            self.query_one(Curves).choose(None if every else chosen)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be done here is offered."""
        if action == "every":
            return self._tab == TABS.index("Parameters")
        if action in {"remove", "choose"}:
            return len(self.folders) > 1
        return super().check_action(action, parameters)

    def action_tab(self, by: int) -> None:
        self.action_show_tab((self._tab + by) % len(TABS))

    def action_show_tab(self, index: int) -> None:
        self._tab = index
        switcher = self.query_one(ContentSwitcher)
        switcher.current = TABS[index].lower()
        switcher.query_one(f"#{switcher.current}").focus()
        self.query_one(TabLine).mark(index)
        self.refresh_bindings()
        self._show()
        self._readings.read_soon()

    def action_every(self) -> None:
        self._every = not self._every
        self._show()

    def action_choose(self, by: int) -> None:
        self._chosen = (self._chosen + by) % len(self.folders)
        self._show_runs()

    def action_open_run(self) -> None:
        self.workbench.show_run(self.folders[self._chosen])

    def action_remove(self) -> None:
        self.folders.pop(self._chosen)
        self._folders_changed()

    def action_add(self) -> None:
        runs = [run for run in self.session.runs if run.folder not in self.folders]
        self.app.push_screen(PickRunScreen(runs), self._add)

    def _add(self, folder: RunFolder | None) -> None:
        if folder is not None:
            self.folders.append(folder)
            self._chosen = len(self.folders) - 1
            self._folders_changed()

    def _folders_changed(self) -> None:
        self._show_title()
        self.refresh_bindings()
        self._readings.read_soon()

    def action_back(self) -> None:
        self.dismiss()
