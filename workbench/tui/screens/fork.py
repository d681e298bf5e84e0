"""The form that starts a child of a run from one of its checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual.content import Content

from workbench.catalog import RecipeInfo
from workbench.params import Parameter, Value
from workbench.runs.folder import RunFolder
from workbench.runs.saved import Saved
from workbench.tui.screens.launch import LaunchScreen
from workbench.tui.text import ACCENT, MUTED, STRONG, content, joined
from workbench.tui.widgets.parameter_form import ParameterForm

if TYPE_CHECKING:
    from workbench.workers.devices import Device

_PARTIAL = Parameter(
    name="partial",
    kind="bool",
    default=False,
    help="yes: of a network with another shape, take the weights that fit; the rest begin anew",
)


class ForkScreen(LaunchScreen):
    """Begins with what held in the parent at that step; what is not changed stays so."""

    def __init__(self, parent: RunFolder, checkpoint: Saved) -> None:
        # What the recipe is stands in the parent's record, which `_read` reads in a thread.
        super().__init__(RecipeInfo(parent.name, parent.path, parent.path))
        self.parent_run = parent
        self.checkpoint = checkpoint
        self._held: dict[str, Value] = {}

    def _title(self) -> Content:
        step = "" if self.checkpoint.step is None else f" at step {self.checkpoint.step:,}"
        return joined(
            Content.styled("fork of ", MUTED),
            content(self.parent_run.full_name, f"{STRONG} {ACCENT}"),
            content(step),
            content(f"   {self.checkpoint.file}", MUTED),
        )

    def _read(self) -> LaunchScreen.FormReady:
        from workbench.workers.devices import devices  # noqa: PLC0415  # as for any launch
        from workbench.workers.launch import parameters_at, recipe_of, schema_of  # noqa: PLC0415

        manifest = self.parent_run.manifest()
        self.recipe = recipe_of(self.parent_run)
        schema = schema_of(self.recipe, self.session.standby)
        values = parameters_at(self.parent_run, self.checkpoint.step)
        self._held = {"seed": manifest.seed, "device": manifest.device}
        return self.FormReady(
            replace(schema, parameters=_beginning_with(values, schema.parameters)), devices()
        )

    def asked_of_run(self, devices: Sequence[Device]) -> list[Parameter]:
        """Seed and device as in the parent, and whether weights that do not fit are left out."""
        return [*_beginning_with(self._held, super().asked_of_run(devices)), _PARTIAL]

    def order(self, form: ParameterForm) -> Callable[[], RunFolder]:
        """What starts the child; to be called in a thread."""
        from workbench.workers.launch import fork  # noqa: PLC0415  # as for any launch

        values, run = form.values, form.run_values
        return lambda: fork(
            self.parent_run,
            checkpoints=self.session.checkpoints,
            values=values,
            checkpoint=self.checkpoint.file,
            partial=bool(run["partial"]),
            seed=int(str(run["seed"])),
            device=str(run["device"]),
            wait_for_device=bool(run["wait"]),
            standby=self.session.standby,
        )


def _beginning_with(values: dict[str, Value], parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """The parameters with `values` in the place of their defaults, where a choice still offers them."""
    return tuple(
        replace(one, default=values[one.name])
        if one.name in values and (one.kind != "choice" or values[one.name] in one.choices)
        else one
        for one in parameters
    )
