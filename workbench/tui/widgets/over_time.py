"""The probes of a run over its steps: a map of layers by time, and the curve of one layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from workbench.errors import WorkbenchError
from workbench.params import Parameter
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.states import State
from workbench.tui import keys
from workbench.tui.reading import ReadingLoop
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.screens.set_parameter import NewValue, SetParameterScreen
from workbench.tui.text import BAD, MUTED, Calm, content
from workbench.tui.widgets.drawing import Drawing

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp
    from workbench.tui.inspect.over_time import CourseReader, CourseSnapshot, CourseView

UNTRAINED = "an untrained network has no course: launch the recipe with probe_every=100"
USUAL_STEPS = 100  # between two probes
MOST_STEPS = 100_000
ALIVE = {State.RUNNING, State.PAUSED, State.STARTING}


class OverTime(Vertical, can_focus=True):
    """Reads the run while it is seen; asks its training for probes."""

    DEFAULT_CSS = """
    OverTime {
        & > Calm { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """
    BINDINGS = keys.bindings("overtime")

    @dataclass
    class Read(Message):
        """A reading; `fault` says why there is none."""

        snapshot: CourseSnapshot | None
        fault: str = ""

    @dataclass
    class Asked(Message):
        """A request is in the run's control file; `wish` says what for."""

        request: control.Request
        wish: str

    @dataclass
    class Refused(Message):
        """The run cannot be asked."""

        error: WorkbenchError

    @dataclass
    class AloneChanged(Message):
        """The drawing is to have all the room there is, or no longer."""

        alone: bool

    def __init__(self, folder: RunFolder | None) -> None:
        super().__init__(id="over_time")
        self._folder = folder
        self._reader: CourseReader | None = None
        self._snapshot: CourseSnapshot | None = None
        self._view: CourseView | None = None
        self._layer = ""  # that the page stands on
        self._asked: dict[str, str] = {}
        self.alone = False
        self._readings = ReadingLoop(self._start, lambda: self._workbench.link.is_free)

    def compose(self) -> ComposeResult:
        yield Calm(content("" if self._folder else UNTRAINED, MUTED))
        yield Drawing()

    def on_mount(self) -> None:
        if self._folder is not None:
            self.set_interval(self._workbench.session.settings.refresh_s, self._tick)

    @property
    def _workbench(self) -> WorkbenchApp:
        return cast("WorkbenchApp", self.app)

    @property
    def _is_seen(self) -> bool:
        return self.display and self.screen.is_current

    def _tick(self) -> None:
        if self._is_seen:
            self._readings.tick()

    def _start(self) -> None:
        room = self.query_one(Drawing).size
        view, layer = self._view, self._layer

        def read() -> Message:
            # In the thread: it brings numpy and plotext.
            from workbench.tui.inspect.over_time import CourseReader, CourseView  # noqa: PLC0415

            assert self._folder is not None
            seen = replace(view or CourseView(layer=layer), width=room.width, height=room.height)
            try:
                if self._reader is None:
                    self._reader = CourseReader(self._folder)
                return self.Read(self._reader.read(seen))
            except OSError as fault:
                return self.Read(None, f"{self._folder.name} cannot be read: {fault.strerror}")
            except WorkbenchError as fault:
                return self.Read(None, fault.title)

        self._in_thread(read)

    def _in_thread(self, work: Callable[[], Message]) -> None:
        self.run_worker(lambda: self.post_message(work()) and None, thread=True)

    def on_over_time_read(self, message: Read) -> None:
        busy_s = 0.0 if self._reader is None else self._reader.busy_s
        snapshot = message.snapshot
        loading = snapshot is not None and snapshot.loading
        self._readings.done(busy_s, more=loading, pace_s=self._workbench.link.pace_s)
        if snapshot is None:
            self.query_one(Calm).show(content(message.fault, BAD))
            return
        before, self._snapshot = self._snapshot, snapshot
        if self._view is None:
            self._view = snapshot.view
        self.query_one(Drawing).show(snapshot.strips)
        self.query_one(Calm).show(content(said(snapshot), MUTED))
        self._tell_answers(snapshot)
        if before is None or _offers(before) != _offers(snapshot):
            self.refresh_bindings()

    def _tell_answers(self, snapshot: CourseSnapshot) -> None:
        screen = cast("WorkbenchScreen[None]", self.screen)
        for request in [one for one in self._asked if one in snapshot.answers]:
            wish, refused = self._asked.pop(request), snapshot.answers[request]
            if refused:
                screen.tell_error(WorkbenchError(f"{wish}: refused", refused))
            else:
                screen.tell(f"{wish}: done")

    def on_drawing_room_changed(self) -> None:
        if self._folder is not None and self._is_seen:
            self._readings.read_soon()

    def on_show(self) -> None:
        if self._folder is not None:
            self._readings.read_soon()

    def on_hide(self) -> None:
        self._give_room(alone=False)

    def _see(self, view: CourseView) -> None:
        self._view = view
        self._readings.read_soon()

    def _give_room(self, *, alone: bool) -> None:
        if alone != self.alone:
            self.alone = alone
            self.refresh_bindings()
            self.post_message(self.AloneChanged(alone))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a training that lives can be asked; without probes there is nothing to choose."""
        snapshot = self._snapshot
        match action:
            case "probe" | "every":
                return snapshot is not None and snapshot.state in ALIVE
            case "measure" | "alone":
                return snapshot is not None and bool(snapshot.probes)
            case "layer":
                return snapshot is not None and len(snapshot.layers) > 1
            case "leave":
                return self.alone
        return super().check_action(action, parameters)

    def action_measure(self) -> None:
        from workbench.tui.inspect.over_time import next_quantity  # noqa: PLC0415 - is loaded by now

        if self._view is not None:
            self._see(replace(self._view, quantity=next_quantity(self._view.quantity)))

    def action_layer(self, by: int) -> None:
        """The curve of the next layer; behind the last one, some over the depth."""
        snapshot = self._snapshot
        if snapshot is not None and self._view is not None:
            names = ["", *snapshot.layers]
            at = names.index(self._view.layer) if self._view.layer in names else 0
            self._see(replace(self._view, layer=names[(at + by) % len(names)]))

    def stand_on(self, layer: str) -> None:
        """Show the curve of a layer, as the page stands on it."""
        self._layer = layer
        if self._view is not None and layer != self._view.layer:
            self._see(replace(self._view, layer=layer))

    def action_alone(self) -> None:
        self._give_room(alone=not self.alone)

    def action_leave(self) -> None:
        self._give_room(alone=False)

    def action_probe(self) -> None:
        self._ask(control.Probe(), "a probe")

    def action_every(self) -> None:
        snapshot = self._snapshot
        if snapshot is not None:
            now = snapshot.probe_every or USUAL_STEPS
            asked = SetParameterScreen([_every(now)], {})
            self.app.push_screen(asked, self._set_every)

    def _set_every(self, chosen: NewValue | None) -> None:
        if chosen is not None:
            request = control.SetParameter(name=chosen.name, value=chosen.value)
            self._ask(request, f"{chosen.name}={chosen.value}")

    def _ask(self, request: control.Request, wish: str) -> None:
        def write() -> Message:
            assert self._folder is not None
            try:
                return self.Asked(control.ask(self._folder.control_file, request), wish)
            except WorkbenchError as fault:
                return self.Refused(fault)

        self._in_thread(write)

    def on_over_time_asked(self, message: Asked) -> None:
        self._asked[message.request.id] = message.wish
        self._readings.read_soon()

    def on_over_time_refused(self, message: Refused) -> None:
        cast("WorkbenchScreen[None]", self.screen).tell_error(message.error)


def said(snapshot: CourseSnapshot) -> str:
    """What there is, and where more would come from."""
    alive = snapshot.state in ALIVE
    every = snapshot.probe_every
    more = f"one every {every:,} steps" if every and alive else ""
    if not snapshot.probes:
        now = keys.shown_for("overtime.probe"), keys.shown_for("overtime.every")
        asks = f"{now[0]} asks for one now, {now[1]} for one every so many steps"
        idle = "probe_every=100 takes one every 100 steps: set it when the run goes on"
        return f"no probes yet: {asks if alive else idle}"
    count = "one probe" if snapshot.probes == 1 else f"{snapshot.probes:,} probes"
    parts = [f"{count}, the last at step {snapshot.step:,}", more, *snapshot.faults[:1]]
    return " · ".join(part for part in parts if part)


def _offers(snapshot: CourseSnapshot) -> tuple[bool, bool, bool]:
    return snapshot.state in ALIVE, bool(snapshot.probes), len(snapshot.layers) > 1


def _every(now: int) -> Parameter:
    return Parameter(
        name="probe_every",
        kind="int",
        default=now,
        low=0,
        high=MOST_STEPS,
        live=True,
        help="steps between looks into the network; 0: never",
    )
