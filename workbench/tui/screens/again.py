"""The form that launches what a trial ran as a run of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from workbench.catalog import RecipeInfo
from workbench.runs.folder import RunFolder
from workbench.tui.screens.launch import LaunchScreen
from workbench.tui.text import ACCENT, MUTED, STRONG, content, joined
from workbench.tui.value_sets import ValueSet
from workbench.tui.widgets.parameter_form import ParameterForm

if TYPE_CHECKING:
    from workbench.workers.launch import Order


class AgainScreen(LaunchScreen):
    """Begins with the values of a trial; of a study with those of its best one."""

    def __init__(self, origin: RunFolder, name: str) -> None:
        """`name` is that of the trial; what the recipe is, `_read` finds in the record, in a thread."""
        super().__init__(RecipeInfo(name, origin.path, origin.path))
        self._origin = origin
        self._whose = name
        self._given: Order | None = None

    def _title(self) -> Content:
        return joined(Content.styled("launch as ", MUTED), content(self._whose, f"{STRONG} {ACCENT}"))

    def _read(self) -> LaunchScreen.FormReady:
        from workbench.tuning.hands_on import again  # noqa: PLC0415  # it brings numpy

        self._given = again(self._origin)
        self.recipe = self._given.recipe
        return super()._read()

    def form_made(self, form: ParameterForm) -> None:
        """Show the trial's values; the recipe's defaults are a key away."""
        if (values := self._newest()) is not None:
            form.put(values)

    def _newest(self) -> ValueSet | None:
        given = self._given
        if given is None:
            return None
        run_values = {"seed": given.seed, "device": given.device}
        return self._sets.of_values(f"as {self._whose}", given.values, run_values)
