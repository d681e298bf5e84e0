"""The devices of this host, what uses them, and the queue of runs that wait for them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable

from workbench.errors import UsageError, WorkbenchError
from workbench.runs import control
from workbench.tui import keys
from workbench.tui.copies import Copy
from workbench.tui.device_rows import Row, detail, rows
from workbench.tui.reading import ReadingLoop
from workbench.tui.screens.question import QuestionScreen
from workbench.tui.screens.steering import SteeringScreen, Target
from workbench.tui.screens.stopping import StoppingScreen
from workbench.tui.text import MUTED, Calm
from workbench.tui.widgets.device_table import DeviceTable
from workbench.tui.widgets.key_line import KeyLine
from workbench.tui.widgets.notice import Notice
from workbench.tui.widgets.top_line import TopLine

if TYPE_CHECKING:
    from workbench.tui.session import Runs
    from workbench.workers.overview import Overseer, Overview, Waiting
    from workbench.workers.tickets import Where


class DevicesScreen(StoppingScreen):
    """Reads devices, leases and queue in a thread while it is on the screen."""

    DEFAULT_CSS = """
    DevicesScreen {
        DeviceTable { margin: 1 0 0 0; }
        #reading { height: auto; padding: 1 2 0 2; }
        #detail { height: 2; padding: 0 1; margin: 1 0 0 0; text-wrap: nowrap; }
        &.-read #reading { display: none; }
    }
    """
    BINDINGS = [
        *keys.bindings("devices.move_up", "devices.move_down", "devices.move_first", "devices.cancel"),
        *keys.bindings("run.stop", "run.stop_by_signal", "run.pause", "run.resume"),
    ]
    AUTO_FOCUS = "DeviceTable"

    @dataclass
    class Read(Message):
        """How it is now."""

        overview: Overview
        busy_s: float

    @dataclass
    class Placed(Message):
        """A run in the queue has the place that was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._overview: Overview | None = None
        self._overseer: Overseer | None = None
        self._readings = ReadingLoop(self._start_reading, lambda: self.workbench.link.is_free)

    def compose(self) -> ComposeResult:
        yield TopLine("Devices")
        yield Notice()
        yield Calm(Content.styled("reading the devices…", MUTED), id="reading")
        yield DeviceTable()
        yield Calm(id="detail")
        yield KeyLine()

    def on_mount(self) -> None:
        self.session.runs_changed.subscribe(self, self._runs_changed)
        self._runs_changed(self.session.runs)
        self.set_interval(self.session.settings.refresh_s, self._tick)

    def _tick(self) -> None:
        if self.is_current:
            self._readings.tick()

    def _runs_changed(self, runs: Runs) -> None:
        self.query_one(TopLine).count(runs, self.session.fault)
        for run in runs:
            if run.status.state.ended:
                self.ended(run.folder, run.status)

    def on_screen_resume(self) -> None:
        self._readings.read_soon()

    def _start_reading(self) -> None:
        self.in_thread(partial(self._read, self.session.runs), "read", exclusive=False)

    def _read(self, runs: Runs) -> Message:
        # In the thread: it brings the drivers.
        from workbench.workers.overview import Overseer, Overview  # noqa: PLC0415

        self._overseer = self._overseer or Overseer()
        began = time.thread_time()
        try:
            overview = self._overseer.read(runs)
        except WorkbenchError as fault:
            overview = Overview(fault=fault.title, remedy=fault.remedy)
        return self.Read(overview, time.thread_time() - began)

    def on_devices_screen_read(self, message: Read) -> None:
        self._overview = message.overview
        self.add_class("-read")
        self.query_one(Notice).say(message.overview.fault, message.overview.remedy)
        self._fill()
        self._readings.done(message.busy_s, more=False, pace_s=self.workbench.link.pace_s)

    def on_device_table_resized(self) -> None:
        self._fill()

    def _fill(self) -> None:
        table = self.query_one(DeviceTable)
        if self._overview is not None and table.room:
            table.fill(rows(self._overview, table.room))
            self._show_detail()

    def on_device_table_moved(self) -> None:
        self._show_detail()

    def _show_detail(self) -> None:
        self.query_one("#detail", Calm).show(detail(self._chosen))
        self.refresh_bindings()

    @property
    def _chosen(self) -> Row | None:
        return self.query_one(DeviceTable).chosen if self.is_mounted else None

    @property
    def _waiting(self) -> Waiting | None:
        row = self._chosen
        return None if row is None else row.waiting

    @property
    def target(self) -> Target | None:
        row = self._chosen
        if row is None or row.process is None:
            return None
        folder, state = row.process.folder, row.process.state
        return None if folder is None or state is None else Target(folder, state)

    def copies(self) -> Sequence[Copy]:
        row = self._chosen
        if row is None:
            return ()
        if row.device is not None:
            device = row.device.device
            return [Copy("device", device.name), Copy("hardware", device.key)]
        named = [Copy("folder", str(row.folder.path))] if row.folder is not None else []
        if row.process is not None:
            return [Copy("name", row.process.name), Copy("process", str(row.process.pid)), *named]
        if row.waiting is not None:
            claim = row.waiting.claim
            return [Copy("name", claim.run), Copy("process", str(claim.pid)), *named]
        return ()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A place is changed only in the queue, and only where there is another one."""
        if action == "place":
            one = self._waiting
            if one is None or self._overview is None:
                return False
            last = len(self._overview.queue)
            return one.place < last if parameters == ("down",) else one.place > 1
        if action == "cancel":
            return self._waiting is not None and self._waiting.folder is not None
        return super().check_action(action, parameters)

    def action_place(self, where: Where) -> None:
        one = self._waiting
        if one is None:
            return
        claim = one.claim

        def move() -> Message:
            from workbench.workers import tickets  # noqa: PLC0415  # with what reads the devices

            tickets.move(claim, where)
            return self.Placed()

        self.in_thread(move, "place", exclusive=False)

    def on_devices_screen_placed(self) -> None:
        self._readings.read_soon()

    def action_cancel(self) -> None:
        one = self._waiting
        if one is None:
            return
        question = QuestionScreen(
            f"Take {one.claim.run} out of the queue?",
            f"It ends as stopped. {keys.shown_for('run.continue')} on its page lets it wait again, "
            "behind all others.",
            yes="take it out",
        )
        self.app.push_screen(question, partial(self._cancel, one))

    def _cancel(self, one: Waiting, way: str | None) -> None:
        folder = one.folder
        if way != "yes" or folder is None:
            return

        def ask() -> Message:
            from workbench.workers import tickets  # noqa: PLC0415  # with what reads the devices

            if one.claim not in tickets.waiting():
                raise UsageError(
                    f"{folder.name} does not wait any more, so it was not stopped",
                    "it has started or ended meanwhile",
                )
            request = control.ask(folder.control_file, control.Stop())
            return self.Asked(folder, request, "leave the queue")

        self.in_thread(ask, "ask", exclusive=False)

    def on_steering_screen_asked(self, message: SteeringScreen.Asked) -> None:
        self.tell(f"{message.folder.name} is asked to {message.wish}")
        self.workbench.read_runs()

    def on_data_table_row_selected(self, message: DataTable.RowSelected) -> None:
        message.stop()
        row = self._chosen
        if row is not None and row.folder is not None:
            self.workbench.show_run(row.folder)
