"""The application: it holds the session, switches screens, and knows what is good everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, SystemCommand
from textual.message import Message
from textual.screen import Screen
from textual.signal import Signal

from workbench.catalog import RecipeInfo
from workbench.errors import WorkbenchError
from workbench.runs.folder import RunFolder
from workbench.tui import keys, theme
from workbench.tui.screens.recipes import RecipesScreen
from workbench.tui.session import Runs, Session
from workbench.units import plain

if TYPE_CHECKING:
    from workbench.workers.standby import Standby

RUNS_INTERVAL_S = 1.0
STANDBY_DELAY_S = 0.5  # the recipes are on the screen first
STANDBY_PATIENCE_S = 300.0
DRAWING_DELAY_S = 1.5
# What a run's page draws with: half a second of imports, best spent while someone reads.
DRAWING_MODULES = ("workbench.tui.screens.run", "workbench.tui.run_reader", "workbench.figures.chart")


def _runs() -> Screen[None]:
    # Tables take their time to load, and a sitting begins with the recipes.
    from workbench.tui.screens.runs import RunsScreen  # noqa: PLC0415

    return RunsScreen()


class WorkbenchApp(App[None]):
    """The workbench in the terminal; leaving it leaves the runs alone.

    A `standby` that is handed over is used as it is; otherwise the app starts its own and closes it.
    """

    TITLE = "workbench"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[None]]]] = {
        "recipes": RecipesScreen,
        "runs": _runs,
    }
    DEFAULT_MODE = "recipes"
    BINDINGS = keys.bindings("app", "move")

    @dataclass
    class RunsRead(Message):
        """The runs as they are now; `fault` says why they could not be read."""

        runs: Runs
        fault: str = ""

    @dataclass
    class StandbyStarted(Message):
        """A worker is loading torch."""

        standby: Standby

    @dataclass
    class StandbyReady(Message):
        """It has loaded torch: recipes can be imported and launched at once."""

    def __init__(
        self, checkpoints: Path, recipe_dirs: Sequence[Path] = (), *, standby: Standby | None = None
    ) -> None:
        super().__init__()
        changed: Signal[Runs] = Signal(self, "runs")
        ready: Signal[None] = Signal(self, "standby")
        self.session = Session(checkpoints, recipe_dirs, standby, changed, ready)
        self._own_standby = standby is None
        self._reading = False
        self.register_theme(theme.DARK)
        self.register_theme(theme.LIGHT)
        self.theme = theme.DARK.name

    def on_mount(self) -> None:
        self.call_after_refresh(self.read_runs)
        self.set_interval(RUNS_INTERVAL_S, self.read_runs)
        self.set_timer(STANDBY_DELAY_S, self._empty_trash)
        if self._own_standby:
            self.set_timer(STANDBY_DELAY_S, self._start_standby)
            self.set_timer(DRAWING_DELAY_S, self._load_drawing)

    def _empty_trash(self) -> None:
        self.run_worker(partial(self._empty, self.session.checkpoints), group="trash", thread=True)

    def _empty(self, checkpoints: Path) -> None:
        from workbench.runs import trash  # noqa: PLC0415  # after the first screen

        try:
            trash.empty(checkpoints)
        except WorkbenchError as fault:
            self.call_from_thread(self.notify, plain(fault.title), severity="warning", markup=False)

    def on_unmount(self) -> None:
        if self._own_standby and self.session.standby is not None:
            self.session.standby.close()

    def read_runs(self) -> None:
        """Read the runs in a thread, unless the last reading still goes on."""
        if not self._reading:
            self._reading = True
            self.run_worker(self._read_runs, group="runs", thread=True)

    def _read_runs(self) -> None:
        try:
            self.post_message(self.RunsRead(tuple(self.session.listing.read())))
        except OSError as fault:
            self.post_message(self.RunsRead((), f"{fault.filename}: {fault.strerror}"))

    def on_workbench_app_runs_read(self, message: RunsRead) -> None:
        self._reading = False
        self.session.take(message.runs, message.fault)

    def _load_drawing(self) -> None:
        self.run_worker(lambda: [import_module(name) for name in DRAWING_MODULES], thread=True)

    def _start_standby(self) -> None:
        self.run_worker(self._make_standby, group="standby", thread=True)

    def _make_standby(self) -> None:
        from workbench.workers.standby import Standby  # noqa: PLC0415  # after the first screen

        standby = Standby()
        standby.start()
        if not self.post_message(self.StandbyStarted(standby)):
            standby.close()
        elif standby.wait(STANDBY_PATIENCE_S):
            self.post_message(self.StandbyReady())

    def on_workbench_app_standby_ready(self) -> None:
        self.session.standby_ready.publish(None)

    def on_workbench_app_standby_started(self, message: StandbyStarted) -> None:
        self.session.standby = message.standby

    def show_launch(self, recipe: RecipeInfo) -> None:
        """Open the form that launches a recipe."""
        from workbench.tui.screens.launch import LaunchScreen  # noqa: PLC0415

        self.push_screen(LaunchScreen(recipe))

    def show_run(self, folder: RunFolder) -> None:
        """Open a run's page on top of where one is."""
        from workbench.tui.screens.run import RunScreen  # noqa: PLC0415

        self.push_screen(RunScreen(folder))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Between the two main screens one changes only from one of them."""
        if action in {"show_recipes", "show_runs"}:
            return len(self.screen_stack) == 1
        return super().check_action(action, parameters)

    async def action_show_recipes(self) -> None:
        await self.switch_mode("recipes")

    async def action_show_runs(self) -> None:
        await self.switch_mode("runs")

    def action_switch_theme(self) -> None:
        dark = self.theme == theme.DARK.name
        self.theme = theme.LIGHT.name if dark else theme.DARK.name

    def action_help(self) -> None:
        from workbench.tui.screens.help import HelpScreen  # noqa: PLC0415

        bound = self.screen.active_bindings.values()
        self.push_screen(HelpScreen({active.binding.id or "" for active in bound}))

    def action_help_quit(self) -> None:
        """What ctrl+c does: nothing is lost by a habit."""
        self.notify("q leaves the workbench; the runs train on", markup=False)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette offers what the keys offer here."""
        for active in screen.active_bindings.values():
            key = keys.named(active.binding.id)
            if key is not None and key.group != "move":
                title = f"{key.help[:1].upper()}{key.help[1:]}"
                run = partial(self.run_action, active.binding.action, active.node)
                yield SystemCommand(title, f"key: {keys.shown(key.key)}", run)


def run_app(checkpoints: Path, recipe_dirs: Sequence[Path] = ()) -> int:
    """Open the workbench and stay until the user leaves; the exit status of the program."""
    app = WorkbenchApp(checkpoints, recipe_dirs)
    app.run()
    return app.return_code or 0
