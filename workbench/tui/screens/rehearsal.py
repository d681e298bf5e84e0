"""One batch of what the form says, before a run is made of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message

from workbench import units
from workbench.rehearsal import Rehearsal
from workbench.tui import keys
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.text import ACCENT, BAD, MUTED, STRONG, Calm, content, joined, stacked
from workbench.tui.widgets.key_line import KeyLine
from workbench.tui.widgets.layer_table import LayerTable, LayerView

if TYPE_CHECKING:
    from workbench.errors import WorkbenchError
    from workbench.workers.launch import Order
    from workbench.workers.protocol import Report

TICK_S = 1.0
_FACT_WIDTH = 14


class RehearsalScreen(WorkbenchScreen[bool]):
    """What the batch showed, to be scrolled; left with true where it is to be launched."""

    DEFAULT_CSS = """
    RehearsalScreen {
        #title {
            height: 1;
            margin: 0 0 1 0;
            padding: 0 1;
            background: $panel;
            text-wrap: nowrap;
            text-overflow: ellipsis;
        }
        VerticalScroll { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
        VerticalScroll > Calm { height: auto; }
        LayerView { height: 1fr; padding: 0 1; display: none; }
        &.-measured VerticalScroll { display: none; }
        &.-measured LayerView { display: block; }
    }
    """
    BINDINGS = keys.bindings("launch.start", "rehearsal")
    AUTO_FOCUS = "VerticalScroll"

    @dataclass
    class Done(Message):
        """The batch was made."""

        report: Report

    def __init__(self, order: Order) -> None:
        super().__init__()
        self._order = order
        self._began_s = time.monotonic()
        self._report: Report | None = None
        self._fault: WorkbenchError | None = None

    def compose(self) -> ComposeResult:
        recipe = self._order.recipe
        yield Calm(
            joined(
                Content.styled("rehearse ", MUTED),
                content(recipe.id, f"{STRONG} {ACCENT}"),
                content(f"   {recipe.title}", MUTED),
            ),
            id="title",
        )
        with VerticalScroll():
            yield Calm(id="report")
        yield LayerView()
        yield KeyLine()

    def on_mount(self) -> None:
        self.in_thread(self._rehearse, "rehearsal")
        self.set_interval(TICK_S, self._draw)
        self._draw()

    def on_unmount(self) -> None:
        standby = self.session.standby
        if standby is not None and self._report is None and self._fault is None:
            standby.cancel_rehearsal()  # a launch would wait behind it

    def _rehearse(self) -> Done:
        from workbench.workers.launch import rehearsed  # noqa: PLC0415 - brings numpy, in the thread

        return self.Done(rehearsed(self._order, self.session.standby))

    def on_rehearsal_screen_done(self, message: Done) -> None:
        self._report = message.report
        self._draw()

    def on_workbench_screen_refused(self, message: WorkbenchScreen.Refused) -> None:
        """It failed: that is its result."""
        self._fault = message.error
        self._draw()

    def _draw(self) -> None:
        measured = None if self._report is None else self._report.measured
        if measured is None:
            self.query_one("#report", Calm).show(self._shown())
        elif not self.has_class("-measured"):
            self.add_class("-measured")
            self.query_one(LayerView).show(report(measured), measured.layers, measured.weights)
            self.query_one(LayerTable).focus()

    def _shown(self) -> Content:
        if self._fault is not None:
            return failed(self._fault)
        if self._report is None:
            return _waiting(time.monotonic() - self._began_s, warm=self._is_warm)
        return content(self._report.text, lines=True)

    @property
    def _is_warm(self) -> bool:
        return self.session.standby is not None and self.session.standby.ready

    def action_launch(self) -> None:
        self.dismiss(True)

    def action_back(self) -> None:
        self.dismiss(False)


def report(measured: Rehearsal) -> Content:
    """Time and memory, which decide about the launch; the layers come below."""
    facts = stacked(*_facts(measured))
    count = Content.styled(f"  {len(measured.layers)}", MUTED)
    heading = joined(Content.styled("Layers", STRONG), count)
    return stacked(facts, Content(""), heading)


def failed(fault: WorkbenchError) -> Content:
    """What went wrong with the batch, and what to do."""
    remedy = content(fault.remedy, MUTED, lines=True)
    title = joined(Content.styled("✗ ", BAD), content(fault.title, BAD, lines=True))
    return stacked(title, remedy) if fault.remedy else title


def _facts(measured: Rehearsal) -> Iterator[Content]:
    about = units.duration(measured.whole_run_s)
    step = f"{measured.step_s * 1e3:,.1f} ms"
    yield _fact("whole run", f"about {about}", f"{measured.steps:,} steps; evaluation comes on top")
    yield _fact("a step", step, f"the first {units.duration(measured.first_step_s)}")
    yield _fact("peak memory", units.size(measured.peak_memory_bytes), f"on {measured.device}")
    if measured.fitting_batch:
        yield _fact("fits", f"{measured.fitting_batch:,}", "in a batch, about")
    yield _fact("batch", measured.batch, "")


def _fact(name: str, value: str, more: str) -> Content:
    return joined(
        Content.styled(f"{name:<{_FACT_WIDTH}}", MUTED),
        content(value, STRONG),
        content(f"  {more}" if more else "", MUTED),
    )


def _waiting(elapsed_s: float, *, warm: bool) -> Content:
    why = "" if warm else "  torch, or another recipe, is still being loaded"
    return joined(
        Content.styled("rehearsing…", ACCENT),
        Content.styled(f"  {units.duration(round(elapsed_s))}", MUTED),
        Content.styled(why, MUTED),
    )
