"""The application: it holds the session, switches screens, and knows what is good everywhere."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, SystemCommand
from textual.driver import Driver
from textual.filter import LineFilter
from textual.message import Message
from textual.screen import Screen
from textual.signal import Signal

from workbench import units
from workbench.catalog import RecipeInfo
from workbench.errors import WorkbenchError
from workbench.settings import Loaded
from workbench.tui import keys, look, theme
from workbench.tui.frame import Frame
from workbench.tui.keymap import complete, keymap
from workbench.tui.link import Link
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.screens.recipes import RecipesScreen
from workbench.tui.session import Session

if TYPE_CHECKING:
    from concurrent.futures import Future

    from rich.console import RenderableType

    from workbench.catalog import Catalog
    from workbench.runs.folder import RunFolder
    from workbench.runs.saved import Saved
    from workbench.tui.copies import Copy
    from workbench.tui.inspect.subject import Subject
    from workbench.tui.session import Runs
    from workbench.workers.standby import Standby

RUNS_INTERVAL_S = 1.0
STANDBY_DELAY_S = 0.5  # the recipes are on the screen first
STANDBY_PATIENCE_S = 300.0
DRAWING_DELAY_S = 1.5
FAULTS_SHOWN_S = 30.0
# A key passes through three threads: with Python's 5 ms, each would wait for one that draws.
SWITCH_INTERVAL_S = 0.0005
# What a run's page draws with: half a second of imports, best spent while someone reads.
DRAWING_MODULES = (
    *("workbench.tui.screens.run", "workbench.tui.run_reader", "workbench.figures.chart"),
    *("workbench.tui.screens.study", "workbench.tui.study.reader"),
)

ASCII = look.AsciiFilter()


def _runs() -> Screen[None]:
    # Tables take their time to load, and a sitting begins with the recipes.
    from workbench.tui.screens.runs import RunsScreen  # noqa: PLC0415

    return RunsScreen()


def _devices() -> Screen[None]:
    from workbench.tui.screens.devices import DevicesScreen  # noqa: PLC0415 - a table as well

    return DevicesScreen()


class WorkbenchApp(App[None]):
    """The workbench in the terminal; leaving it leaves the runs alone.

    A `standby` that is handed over is used as it is; otherwise the app starts its own and closes it.
    So is what was `discovered` meanwhile, once; otherwise the app looks for the recipes by itself.
    """

    TITLE = "workbench"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[None]]]] = {
        "recipes": RecipesScreen,
        "runs": _runs,
        "devices": _devices,
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
        self,
        checkpoints: Path,
        recipe_dirs: Sequence[Path] = (),
        *,
        standby: Standby | None = None,
        watched: Path | None = None,
        loaded: Loaded | None = None,
        discovered: Future[Catalog] | None = None,
    ) -> None:
        self._loaded = _with_keys(loaded or Loaded())
        self.link = Link()
        settings = self._loaded.settings
        self._frame = Frame()
        self._look = look.found(settings.characters, pictures=settings.pictures)
        look.use(self._look)
        if self._look.pictures == "kitty":
            # A terminal with this protocol knows 24-bit colours, in which the pictures' numbers are
            # written; the variable that says so does not come along over SSH.
            os.environ["COLORTERM"] = "truecolor"
        # With a terminal's own colours the filter of $NO_COLOR leaves none; otherwise it leaves greys.
        super().__init__(ansi_color=None if self._look.colour else True)
        changed_keys, _ = keymap(self._loaded.settings.keys)
        keys.use(changed_keys)
        self.set_keymap(complete(changed_keys))
        changed: Signal[Runs] = Signal(self, "runs")
        ready: Signal[None] = Signal(self, "standby")
        self.session = Session(
            checkpoints,
            recipe_dirs,
            standby,
            changed,
            ready,
            self._loaded.settings,
            watched=watched,
            discovered=discovered,
        )
        self.leaving: Signal[None] = Signal(self, "leaving")
        self._own_standby = standby is None
        self._reading = False
        for one in theme.THEMES.values():
            self.register_theme(one)
        self.theme = theme.THEMES[self._loaded.settings.theme if self._look.colour else "terminal"].name
        self.stylesheet.set_variables(self.get_css_variables())

    def get_driver_class(self) -> type[Driver]:
        """Textual's for this platform, with timed writes where it is a terminal's."""
        usual = super().get_driver_class()
        if usual.__name__ == "WebDriver":
            from workbench.tui.web_driver import ServedDriver  # noqa: PLC0415 - only for a browser

            return ServedDriver
        if usual.__name__ != "LinuxDriver":
            return usual
        from workbench.tui.driver import MeteredDriver  # noqa: PLC0415 - there is none on Windows

        return MeteredDriver

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line passes on its way to the terminal."""
        filters = super().get_line_filters()
        return filters if self._look.unicode else [*filters, ASCII]

    @property
    def _background_screens(self) -> list[Screen[object]]:
        """Those that show through: none below a page, which Textual would have sent anew with them."""
        return super()._background_screens if self.screen.is_modal else []

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        super()._display(screen, self._frame.through(renderable))

    def refresh_css(self, animate: bool = True) -> None:
        """Give all widgets the theme's colours; before there are widgets, nothing is parsed anew.

        Textual would parse all rules three times: for the theme that is set before it runs, for the
        first screen that has not had any yet, and when that screen's widgets come.
        """
        if self._is_mounted:
            super().refresh_css(animate)

    def on_mount(self) -> None:
        self.call_after_refresh(_collect_garbage)
        self.call_after_refresh(self.read_runs)
        if self.session.watched is not None:
            self.call_after_refresh(self.action_show_runs)
        self.set_interval(RUNS_INTERVAL_S, self.read_runs)
        self.set_timer(STANDBY_DELAY_S, self._empty_trash)
        if self._own_standby:
            self.set_timer(STANDBY_DELAY_S, self._start_standby)
            self.set_timer(DRAWING_DELAY_S, self._load_drawing)
        self._tell_faults()

    def _tell_faults(self) -> None:
        """What is wrong with the settings; the defaults hold meanwhile."""
        if self._loaded.error is not None:
            self.notify(
                units.plain(str(self._loaded.error), keep_newlines=True),
                title="The settings are wrong, so the defaults hold",
                severity="error",
                timeout=FAULTS_SHOWN_S,
                markup=False,
            )

    def _empty_trash(self) -> None:
        self.run_worker(partial(self._empty, self.session.checkpoints), group="trash", thread=True)

    def _empty(self, checkpoints: Path) -> None:
        from workbench.runs import trash  # noqa: PLC0415  # after the first screen

        try:
            trash.empty(checkpoints)
        except WorkbenchError as fault:
            self.call_from_thread(
                self.notify, units.plain(fault.title), severity="warning", markup=False
            )

    def on_unmount(self) -> None:
        if self._own_standby and self.session.standby is not None:
            self.session.standby.close()

    def exit(
        self, result: None = None, return_code: int = 0, message: RenderableType | None = None
    ) -> None:
        """Leave; what was handed to the terminal is taken back while the screen is there."""
        self.leaving.publish(None)
        super().exit(result, return_code, message)

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
        def load() -> None:
            for name in DRAWING_MODULES:
                import_module(name)
            # To look through 100,000 objects of modules for garbage would hold up a key by 0.1 s.
            gc.freeze()

        self.run_worker(load, thread=True)

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

    def show_fork(self, parent: RunFolder, checkpoint: Saved) -> None:
        """Open the form that starts a child of a run from one of its checkpoints."""
        from workbench.tui.screens.fork import ForkScreen  # noqa: PLC0415

        self.push_screen(ForkScreen(parent, checkpoint))

    def show_inspect(self, subject: Subject) -> None:
        """Look into the network of a run or a recipe."""
        from workbench.tui.screens.inspect import InspectScreen  # noqa: PLC0415

        self.push_screen(InspectScreen(subject))

    def show_compare(self, folders: Sequence[RunFolder]) -> None:
        """Open the comparison of runs, in this order."""
        from workbench.tui.screens.compare import CompareScreen  # noqa: PLC0415

        self.push_screen(CompareScreen(folders))

    def show_run(self, folder: RunFolder) -> None:
        """Open a run's page, or a study's, on top of where one is."""
        from workbench.tuning.study import is_study  # noqa: PLC0415

        if is_study(folder):
            from workbench.tui.screens.study import StudyScreen  # noqa: PLC0415

            self.push_screen(StudyScreen(folder))
            return
        from workbench.tui.screens.run import RunScreen  # noqa: PLC0415

        self.push_screen(RunScreen(folder))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Between the main screens one changes only from one of them."""
        if action in {"show_recipes", "show_runs", "show_devices"}:
            return len(self.screen_stack) == 1
        if action == "copy":
            return bool(self._copies())
        return super().check_action(action, parameters)

    def _copies(self) -> Sequence[Copy]:
        """What can be copied from the page; nothing while it is being made."""
        here = self.screen
        return here.copies() if isinstance(here, WorkbenchScreen) and here.is_mounted else ()

    def action_copy(self) -> None:
        from workbench.tui.screens.copy import CopyScreen  # noqa: PLC0415

        if copies := self._copies():
            self.push_screen(CopyScreen(copies))

    async def action_show_recipes(self) -> None:
        await self.switch_mode("recipes")

    async def action_show_runs(self) -> None:
        await self.switch_mode("runs")

    async def action_show_devices(self) -> None:
        await self.switch_mode("devices")

    def action_switch_theme(self) -> None:
        self.theme = theme.following(self.theme)

    def action_help(self) -> None:
        from workbench.tui.screens.help import HelpScreen  # noqa: PLC0415

        bound = self.screen.active_bindings.values()
        self.push_screen(HelpScreen({active.binding.id or "" for active in bound}))

    def action_help_quit(self) -> None:
        """What ctrl+c does: nothing is lost by a habit."""
        self.notify(
            f"{keys.shown_for('app.quit')} leaves the workbench; the runs train on", markup=False
        )

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette offers what the keys offer here."""
        by_id = {active.binding.id: active for active in screen.active_bindings.values()}
        for active in by_id.values():
            key = keys.named(active.binding.id)
            if key is not None and key.group != "move":
                title = f"{key.help[:1].upper()}{key.help[1:]}"
                run = partial(self.run_action, active.binding.action, active.node)
                yield SystemCommand(title, f"key: {keys.shown_for(key.id)}", run)
        for name, one in theme.THEMES.items():
            yield SystemCommand(
                f"Theme {name}", "the colours", partial(setattr, self, "theme", one.name)
            )


def _with_keys(loaded: Loaded) -> Loaded:
    """The settings as loaded; without them where their keys are wrong."""
    _, faults = keymap(loaded.settings.keys)
    return Loaded(faults=tuple(faults)) if faults else loaded


def _collect_garbage() -> None:
    """From now on; what was made for the start stays, and is never looked through again."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def run_app(
    checkpoints: Path,
    recipe_dirs: Sequence[Path] = (),
    watched: Path | None = None,
    loaded: Loaded | None = None,
    discovered: Future[Catalog] | None = None,
) -> int:
    """Open the workbench and stay until the user leaves; the exit status of the program.

    The garbage collector, where it was off, is on again once the first screen stands.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    # Under nohup it would be ignored, and screens whose terminal is gone stay and compute.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    app = WorkbenchApp(checkpoints, recipe_dirs, watched=watched, loaded=loaded, discovered=discovered)
    app.run()
    return app.return_code or 0
