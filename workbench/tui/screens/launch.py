"""The form that launches a recipe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from workbench.catalog import RecipeInfo
from workbench.params import Parameter
from workbench.runs.folder import RunFolder
from workbench.schema import Schema
from workbench.tui import keys
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.screens.fields import go_to_field, in_open_list
from workbench.tui.text import ACCENT, BAD, MUTED, STRONG, Calm, content, joined
from workbench.tui.value_sets import ValueSet, ValueSets
from workbench.tui.widgets.device_list import DeviceList, prospect
from workbench.tui.widgets.field_hint import hint
from workbench.tui.widgets.key_line import KeyLine
from workbench.tui.widgets.notice import Notice
from workbench.tui.widgets.parameter_field import ParameterField
from workbench.tui.widgets.parameter_form import ParameterForm

if TYPE_CHECKING:
    from workbench.tui.session import Runs
    from workbench.workers.devices import Device
    from workbench.workers.launch import Order

MOST_SEED = 10**9


class LaunchScreen(WorkbenchScreen[None]):
    """Values in, a run out; nothing starts while a field is faulty."""

    DEFAULT_CSS = """
    LaunchScreen {
        #title {
            height: 1;
            margin: 0 0 1 0;
            padding: 0 1;
            background: $panel;
            text-wrap: nowrap;
            text-overflow: ellipsis;
        }
        #reading { padding: 0 1; height: 1fr; }
        &.-wide ParameterField > .help { display: block; }
        &.-wide ParameterField > .name { width: 28; }
        #hint { height: 2; padding: 0 1; margin: 1 0 0 0; }
    }
    """
    BINDINGS = keys.bindings("launch")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]

    @dataclass
    class FormReady(Message):
        """What the form is made of."""

        schema: Schema
        devices: Sequence[Device]

    @dataclass
    class Launched(Message):
        """A worker was started."""

        folder: RunFolder

    def __init__(self, recipe: RecipeInfo) -> None:
        super().__init__()
        self.recipe = recipe
        self._launching = False
        self._reading = True
        self._launch_when_read = False
        self._has_others = False
        self._sets = ValueSets()

    def compose(self) -> ComposeResult:
        yield Calm(self._title(), id="title")
        yield Notice()
        yield Calm(Content.styled(f"reading the recipe…{self._torch()}", MUTED), id="reading")
        yield Calm(id="hint")
        yield KeyLine()

    def _title(self) -> Content:
        return joined(
            Content.styled("launch ", MUTED),
            content(self.recipe.id, f"{STRONG} {ACCENT}"),
            content(f"   {self.recipe.title}", MUTED),
        )

    def on_mount(self) -> None:
        self.in_thread(self._read, "form")
        self.session.runs_changed.subscribe(self, self._runs_changed)

    def _runs_changed(self, _runs: Runs) -> None:
        """Another run may be the recipe's newest."""
        if not self._reading and self.query(ParameterForm):
            self._say_whose()

    def _read(self) -> FormReady:
        # In the thread: they bring numpy and the drivers of the devices.
        from workbench.workers.devices import devices  # noqa: PLC0415
        from workbench.workers.launch import schema_of  # noqa: PLC0415

        return self.FormReady(schema_of(self.recipe, self.session.standby), devices())

    async def on_launch_screen_form_ready(self, message: FormReady) -> None:
        parameters = message.schema.parameters
        run_parameters = self.asked_of_run(message.devices)
        self._sets = ValueSets(parameters, run_parameters)
        form = ParameterForm(parameters, [*run_parameters, _wait()], {"device": DeviceList()})
        # It says that it reads until all fields are made, which takes seconds on a busy machine.
        with self.app.batch_update():
            await self.mount(form, after=Notice.__name__)
            self.form_made(form)
            await self.query_one("#reading").remove()
        self.query(ParameterField).first().control.focus()
        self._reading = False
        self._say_whose()
        self.refresh_bindings()
        if self._launch_when_read:
            self.action_launch()

    def form_made(self, form: ParameterForm) -> None:
        """The form stands, with the defaults."""

    def asked_of_run(self, devices: Sequence[Device]) -> list[Parameter]:
        """What the form asks beside the recipe's parameters."""
        return [_seed(), _device(devices)]

    def on_workbench_screen_refused(self, message: WorkbenchScreen.Refused) -> None:
        """The recipe cannot be read, or the launch was refused: it stands above the form."""
        self._launching = self._reading = self._launch_when_read = False
        for reading in self.query("#reading").results(Calm):
            reading.show(Content(""))
        self.query_one(Notice).say(message.error.title, message.error.remedy)
        self._hint()
        self.refresh_bindings()

    def on_parameter_field_changed(self) -> None:
        self.query_one(Notice).say("")
        self._tell_prospect()
        self._say_whose()
        self._hint()

    def on_device_list_surveyed(self) -> None:
        self._tell_prospect()

    def _tell_prospect(self) -> None:
        """Beside the switch: whether the run would start, wait, or be refused."""
        form, there = self.query_one(ParameterForm), self.query_one(DeviceList)
        asked, wait = str(form.field("device").value), bool(form.field("wait").value)
        there.choose(asked)
        form.field("wait").remark(prospect(asked, there.there, wait=wait) or None)

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        self._hint()

    def _hint(self) -> None:
        """What the field under the cursor is for, or what keeps the launch."""
        faulty = self.query_one(ParameterForm).faulty if self.query(ParameterForm) else []
        self.query_one("#hint", Calm).show(self._hint_text(len(faulty)))

    def _hint_text(self, faults: int) -> Content:
        if self._launching or self._launch_when_read:
            return Content.styled(f"starting…{self._torch()}", ACCENT)
        if faults:
            return Content.styled(f"{faults} to mend before this can be launched", BAD)
        field = self._field_in_focus()
        return Content("") if field is None else hint(field, self._newest())

    def _torch(self) -> str:
        """Why the first minute of a sitting is slower."""
        standby = self.session.standby
        return (
            ""
            if standby is not None and standby.ready
            else " (torch, or another recipe, is still being loaded)"
        )

    def _field_in_focus(self) -> ParameterField | None:
        if self.focused is None:
            return None
        found = [node for node in self.focused.ancestors if isinstance(node, ParameterField)]
        return found[0] if found else None

    def on_input_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self.action_launch()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Launching may be asked for while the recipe is read; there are values once it is."""
        there = not self._reading and bool(self.query(ParameterForm))
        if action == "field":
            return not in_open_list(self)
        if action == "launch":
            return self._reading or there
        if action == "rehearse":
            return there
        if action == "turn_values":
            return there and self._has_others
        return super().check_action(action, parameters)

    def action_launch(self) -> None:
        """Launch; as soon as the form is there, where it is not yet."""
        if self._reading:
            self._launch_when_read = True
            self._hint()
            return
        self._launch_when_read = False
        self.run_worker(self._once_typed(self._launch), "launch")

    async def _once_typed(self, act: Callable[[ParameterForm], None]) -> None:
        """Act on what the form holds with the keys before this one; or show its first fault."""
        form = self.query_one(ParameterForm)
        await form.settle()
        if form.faulty:
            form.faulty[0].control.focus()
        else:
            act(form)

    def _launch(self, form: ParameterForm) -> None:
        if not self._launching:
            self._launching = True
            self._hint()
            start = self.order(form)
            self.in_thread(lambda: self.Launched(start()), "launch")

    def order(self, form: ParameterForm) -> Callable[[], RunFolder]:
        """What starts the run that the form describes now; to be called in a thread."""
        from workbench.workers.launch import launch  # noqa: PLC0415  # as above

        order = self._order(form)
        return lambda: launch(order, self.session.checkpoints, self.session.standby)

    def _order(self, form: ParameterForm) -> Order:
        """What the form asks for."""
        from workbench.workers.launch import Order  # noqa: PLC0415  # loaded when the form was made

        run = form.run_values
        seed, device = int(str(run["seed"])), str(run["device"])
        return Order(self.recipe, form.values, seed, device, wait_for_device=bool(run["wait"]))

    def _newest(self) -> ValueSet | None:
        """The values of the recipe's newest run."""
        manifests = (run.manifest for run in self.session.runs if not run.fault)
        newest = next((one for one in manifests if one.recipe.id == self.recipe.id), None)
        return None if newest is None else self._sets.of_run(newest)

    def action_turn_values(self) -> None:
        """Show the next set of values; what was typed is one of them, and so is never lost."""
        form = self.query_one(ParameterForm)
        form.put(self._sets.turned(form.values, form.run_values, self._newest()))

    def _say_whose(self) -> None:
        form, newest = self.query_one(ParameterForm), self._newest()
        form.say_whose(self._sets.whose(form.values, form.run_values, newest))
        has_others = self._sets.has_others(form.values, form.run_values, newest)
        if has_others != self._has_others:
            self._has_others = has_others
            self.refresh_bindings()

    def action_rehearse(self) -> None:
        """One batch of what the form asks for; it may be launched from there."""
        from workbench.tui.screens.rehearsal import RehearsalScreen  # noqa: PLC0415

        def rehearse(form: ParameterForm) -> None:
            if not self._launching:
                self.app.push_screen(RehearsalScreen(self._order(form)), self._rehearsed)

        self.run_worker(self._once_typed(rehearse), "launch")

    def _rehearsed(self, launch: bool | None) -> None:
        if launch:
            self.action_launch()

    def on_launch_screen_launched(self, message: Launched) -> None:
        self.workbench.read_runs()
        self.dismiss()
        self.workbench.show_run(message.folder)

    def action_field(self, direction: int) -> None:
        go_to_field(self, direction)

    def action_back(self) -> None:
        self.dismiss()


def _seed() -> Parameter:
    return Parameter(
        name="seed",
        kind="int",
        default=0,
        low=0,
        high=MOST_SEED,
        help="the same seed gives the same run",
    )


def _device(devices: Sequence[Device]) -> Parameter:
    return Parameter(
        name="device",
        kind="choice",
        default="auto",
        choices=("auto", *(device.name for device in devices)),
        help="where it trains; auto takes the graphics processor with the most free memory",
    )


def _wait() -> Parameter:
    return Parameter(
        name="wait",
        kind="bool",
        default=True,
        help="yes: it waits in the queue for a device that is taken; no: then it is not launched",
    )
