"""The form that launches a recipe."""

from __future__ import annotations

from collections.abc import Sequence
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
from workbench.tui.text import ACCENT, BAD, MUTED, STRONG, Calm, content, joined
from workbench.tui.value_sets import ValueSet, defaults, following, of_run
from workbench.tui.widgets.device_list import DeviceList, prospect
from workbench.tui.widgets.key_line import KeyLine
from workbench.tui.widgets.notice import Notice
from workbench.tui.widgets.parameter_field import ParameterField
from workbench.tui.widgets.parameter_form import ParameterForm
from workbench.tui.widgets.recipe_page import value_text

if TYPE_CHECKING:
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
        self._parameters: Sequence[Parameter] = ()
        self._run_parameters: Sequence[Parameter] = ()
        self._typed: ValueSet | None = None

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

    def _read(self) -> FormReady:
        # In the thread: they bring numpy and the drivers of the devices.
        from workbench.workers.devices import devices  # noqa: PLC0415
        from workbench.workers.launch import schema_of  # noqa: PLC0415

        return self.FormReady(schema_of(self.recipe, self.session.standby), devices())

    async def on_launch_screen_form_ready(self, message: FormReady) -> None:
        self._parameters = message.schema.parameters
        self._run_parameters = [_seed(), _device(message.devices)]
        run_parameters = [*self._run_parameters, _wait()]
        form = ParameterForm(self._parameters, run_parameters, {"device": DeviceList()})
        await self.query_one("#reading").remove()
        await self.mount(form, after=Notice.__name__)
        self.query(ParameterField).first().control.focus()
        self._say_whose()
        self.refresh_bindings()

    def on_workbench_screen_refused(self, message: WorkbenchScreen.Refused) -> None:
        """The recipe cannot be read, or the launch was refused: it stands above the form."""
        self._launching = False
        for reading in self.query("#reading").results(Calm):
            reading.show(Content(""))
        self.query_one(Notice).say(message.error.title, message.error.remedy)
        self._hint()

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
        if self._launching:
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
        """There is nothing to launch before the form is there."""
        if action in {"launch", "rehearse", "turn_values"}:
            return bool(self.query(ParameterForm))
        return super().check_action(action, parameters)

    def action_launch(self) -> None:
        form = self.query_one(ParameterForm)
        if form.faulty:
            form.faulty[0].control.focus()
        elif not self._launching:
            self._launching = True
            self._hint()
            order = self._order(form)
            self.in_thread(lambda: self._launch(order), "launch")

    def _order(self, form: ParameterForm) -> Order:
        """What the form asks for."""
        from workbench.workers.launch import Order  # noqa: PLC0415  # loaded when the form was made

        run = form.run_values
        seed, device = int(str(run["seed"])), str(run["device"])
        return Order(self.recipe, form.values, seed, device, wait_for_device=bool(run["wait"]))

    def _launch(self, order: Order) -> Launched:
        from workbench.workers.launch import launch  # noqa: PLC0415  # as above

        return self.Launched(launch(order, self.session.checkpoints, self.session.standby))

    def _newest(self) -> ValueSet | None:
        """The values of the recipe's newest run."""
        manifests = (run.manifest for run in self.session.runs if not run.fault)
        newest = next((one for one in manifests if one.recipe.id == self.recipe.id), None)
        return None if newest is None else of_run(newest, self._parameters, self._run_parameters)

    def _known_sets(self) -> list[ValueSet]:
        """What the form can be turned to, in this order."""
        sets = [self._typed, self._newest(), defaults(self._parameters, self._run_parameters)]
        return [one for one in sets if one is not None]

    def _shown_set(self, form: ParameterForm) -> ValueSet:
        names = [parameter.name for parameter in self._run_parameters]
        return ValueSet("as typed", form.values, {name: form.run_values[name] for name in names})

    def action_turn_values(self) -> None:
        """Show the next set of values; what was typed is one of them, and so is never lost."""
        form = self.query_one(ParameterForm)
        shown = self._shown_set(form)
        named = [one for one in self._known_sets() if one is not self._typed]
        if not any(one.same_as(shown) for one in named):
            self._typed = shown
        form.put(following(shown, self._known_sets()))

    def _say_whose(self) -> None:
        form = self.query_one(ParameterForm)
        shown = self._shown_set(form)
        named = [one for one in self._known_sets()[::-1] if one is not self._typed]
        label = next((one.label for one in named if one.same_as(shown)), "")
        count = form.differing
        form.say_whose(label or f"{count} {'differs' if count == 1 else 'differ'} from the defaults")

    def action_rehearse(self) -> None:
        """One batch of what the form asks for; it may be launched from there."""
        from workbench.tui.screens.rehearsal import RehearsalScreen  # noqa: PLC0415

        form = self.query_one(ParameterForm)
        if form.faulty:
            form.faulty[0].control.focus()
        elif not self._launching:
            self.app.push_screen(RehearsalScreen(self._order(form)), self._rehearsed)

    def _rehearsed(self, launch: bool | None) -> None:
        if launch:
            self.action_launch()

    def on_launch_screen_launched(self, message: Launched) -> None:
        self.workbench.read_runs()
        self.dismiss()
        self.workbench.show_run(message.folder)

    def action_back(self) -> None:
        self.dismiss()


def hint(field: ParameterField, newest: ValueSet | None) -> Content:
    """What a field is for, all its choices, and what its value would be elsewhere."""
    parameter = field.parameter
    parts = [content(parameter.help, MUTED)] if parameter.help else []
    if parameter.kind == "choice":
        parts.append(content(f"one of {', '.join(parameter.choices)}", MUTED))
    if field.differs:
        parts.append(content(f"default {value_text(parameter.default)}", ACCENT))
    last = None if newest is None else newest.values.get(parameter.name)
    if newest is not None and last is not None and last not in {field.value, parameter.default}:
        parts.append(content(f"{value_text(last)} {newest.label}", MUTED))
    between = Content.styled(" · ", MUTED)
    return joined(content(f"{parameter.name}: "), between.join(parts)) if parts else Content("")


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
