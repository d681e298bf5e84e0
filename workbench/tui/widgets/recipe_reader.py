"""A recipe in several views: its page, its source, its layers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.worker import get_current_worker

from workbench import schema as schemas
from workbench.catalog import RecipeInfo
from workbench.errors import WorkbenchError
from workbench.rehearsal import Rehearsal
from workbench.schema import Schema
from workbench.tui.text import ACCENT, BAD, MUTED, STRONG, Calm, content, joined, stacked
from workbench.tui.widgets.layer_table import LayerTable, LayerView
from workbench.tui.widgets.recipe_page import RecipePage

if TYPE_CHECKING:
    from workbench.runs.listing import RunSummary
    from workbench.tui.app import WorkbenchApp
    from workbench.tui.session import Session

VIEWS = ("text", "source", "layers")
ASKING_DELAY_S = 0.3  # the cursor passes many recipes that nobody wants to be rehearsed


class RecipeReader(Vertical):
    """The view's name, and the view; what takes time is made in threads."""

    DEFAULT_CSS = """
    RecipeReader {
        #views { height: 1; padding: 0 2; text-wrap: nowrap; }
        LayerView { padding: 1 2 0 2; display: none; }
        &.-layers LayerView { display: block; }
        &.-layers RecipePage { display: none; }
    }
    """

    @dataclass
    class SourceRead(Message):
        """The lines of a recipe's file."""

        recipe: RecipeInfo
        source: Content

    @dataclass
    class Rehearsed(Message):
        """The layers of a recipe, or why there are none; `key` is its fingerprint."""

        recipe: RecipeInfo
        key: str
        outcome: Rehearsal | WorkbenchError | None

    def __init__(self) -> None:
        super().__init__()
        self._view = 0
        self._recipe: RecipeInfo | None = None
        self._text: tuple[Schema | None, tuple[RunSummary, ...]] = (None, ())
        self._outcome: Rehearsal | WorkbenchError | None = None
        self._timer: Timer | None = None
        self._asking = False

    def compose(self) -> ComposeResult:
        yield Calm(id="views")
        yield RecipePage()
        yield LayerView()

    @property
    def view(self) -> str:
        """Which view is shown; a plain recipe has no layers."""
        views = self.views
        return views[min(self._view, len(views) - 1)]

    @property
    def views(self) -> tuple[str, ...]:
        """What there is of this recipe."""
        recipe = self._recipe
        can_train = recipe is not None and recipe.kind.endswith("Training")
        if recipe is None or not can_train or recipe.error or recipe.missing:
            return VIEWS[:2]
        return VIEWS

    def show(
        self, recipe: RecipeInfo | None, schema: Schema | None, runs: Iterable[RunSummary]
    ) -> None:
        """Show one recipe in the view that is on."""
        is_new = recipe != self._recipe
        self._recipe, self._text = recipe, (schema, tuple(runs))
        if is_new:
            self.query_one(RecipePage).scroll_home(animate=False)
        if is_new or self.view == "text":
            self._fill()

    def say(self, error: WorkbenchError) -> None:
        """Show why there is no recipe to show."""
        self.query_one(RecipePage).say(error)

    def turn(self) -> None:
        """The next view, from its beginning."""
        self._view = (self.views.index(self.view) + 1) % len(self.views)
        self.query_one(RecipePage).scroll_home(animate=False)
        self._fill()

    def stop(self) -> None:
        """Nobody looks: ask for nothing, and free the worker."""
        if self._timer is not None:
            self._timer.stop()
        self.workers.cancel_group(self, "layers")
        standby = self._session.standby
        if standby is not None and self._asking:
            standby.cancel_rehearsal()
        self._asking = False

    def go_on(self) -> None:
        """Somebody looks again."""
        if self.view == "layers" and not self._asking and not isinstance(self._outcome, Rehearsal):
            self._fill()

    def page(self, direction: int) -> None:
        """A page further, or back."""
        if self.has_class("-layers"):
            table = self.query_one(LayerTable)
            table.action_page_down() if direction > 0 else table.action_page_up()
            return
        page = self.query_one(RecipePage)
        page.scroll_relative(y=direction * max(page.size.height - 2, 1), animate=False)

    def _fill(self) -> None:
        self.stop()
        self._outcome = None
        self.remove_class("-layers")
        self.query_one("#views", Calm).show(self._names())
        page, recipe = self.query_one(RecipePage), self._recipe
        page.set_class(self.view == "source" and recipe is not None, "-code")
        if recipe is None or self.view == "text":
            page.show(recipe, *self._text)
        elif self.view == "source":
            self.run_worker(lambda: self._read(recipe), group="source", thread=True, exclusive=True)
        else:
            page.put(Content.styled("asks the warm worker…", MUTED))
            self._timer = self.set_timer(ASKING_DELAY_S, lambda: self._ask(recipe))

    def _names(self) -> Content:
        if self._recipe is None:
            return Content("")
        on, off = f"{STRONG} {ACCENT}", MUTED
        names = [Content.styled(name, on if name == self.view else off) for name in self.views]
        return Content("   ").join(names)

    def _read(self, recipe: RecipeInfo) -> None:
        from workbench.tui.source import source_of  # noqa: PLC0415 - pygments, in the thread

        self.post_message(self.SourceRead(recipe, source_of(recipe.file)))

    def on_recipe_reader_source_read(self, message: SourceRead) -> None:
        if message.recipe == self._recipe and self.view == "source":
            self.query_one(RecipePage).put(message.source)

    def _ask(self, recipe: RecipeInfo) -> None:
        self._asking = True
        self.run_worker(lambda: self._rehearse(recipe), group="layers", thread=True, exclusive=True)

    def _rehearse(self, recipe: RecipeInfo) -> None:
        """In a thread: what is known of this very text of the recipe, else one batch of it."""
        worker = get_current_worker()
        try:
            key = schemas.fingerprint(recipe)
        except OSError:  # it is gone, which the rehearsal will tell
            key = ""
        outcome = self._session.rehearsals.get(key) or _layers_of(recipe, self._session)
        if not worker.is_cancelled:
            self.post_message(self.Rehearsed(recipe, key, outcome))

    def on_recipe_reader_rehearsed(self, message: Rehearsed) -> None:
        if isinstance(message.outcome, Rehearsal):  # a fault may be mended outside of the file
            self._session.rehearsals[message.key] = message.outcome
        if message.recipe == self._recipe and self.view == "layers":
            self._asking = False
            self._outcome = message.outcome
            self._show_layers()

    def _show_layers(self) -> None:
        if not isinstance(self._outcome, Rehearsal):
            self.query_one(RecipePage).put(_no_layers(self._outcome))
            return
        self.add_class("-layers")
        measured = self._outcome
        above = f"a batch {measured.batch} on {measured.device}, with the default parameters"
        self.query_one(LayerView).show(
            stacked(content(above, MUTED), Content("")), measured.layers, measured.weights
        )

    @property
    def _session(self) -> Session:
        return cast("WorkbenchApp", self.app).session


def _layers_of(recipe: RecipeInfo, session: Session) -> Rehearsal | WorkbenchError | None:
    from workbench.workers.launch import Order, rehearsed  # noqa: PLC0415 - numpy, in the thread

    try:
        return rehearsed(Order(recipe), session.standby).measured
    except WorkbenchError as fault:
        return fault


def _no_layers(fault: WorkbenchError | None) -> Content:
    if fault is None:
        return Content.styled("its rehearsal tells of no layers", MUTED)
    title = joined(Content.styled("✗ ", BAD), content(fault.title, BAD, lines=True))
    return stacked(title, content(fault.remedy, MUTED, lines=True))
