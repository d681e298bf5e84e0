"""The figures of a run: their names at the left, one step of the chosen one at the right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from workbench.tui import keys
from workbench.tui.figure_slider import leapt, moved, slider
from workbench.tui.run_facts import FigureSeen, FigureSteps, FigureView, Snapshot
from workbench.tui.text import MUTED, Calm, content, joined
from workbench.tui.widgets.picture_drawing import PictureDrawing

_NONE = FigureSteps(0, 0)


class Figures(Horizontal, can_focus=True):
    """A list, a drawing, and below it a slider over the steps; holds what is to be seen.

    The newest step is followed until one moves back. `alone` leaves all room to the drawing.
    """

    DEFAULT_CSS = """
    Figures {
        & > OptionList {
            width: 24;
            height: 1fr;
            border: none;
            padding: 0;
            margin: 0 2 0 0;
            background: $background;
            display: none;
            text-wrap: nowrap;
            text-overflow: ellipsis;
            & > .option-list--option-highlighted {
                background: $block-cursor-background;
                color: $block-cursor-foreground;
            }
        }
        &.-some > OptionList { display: block; }
        &.-alone > OptionList { display: none; }
        & > Vertical > Calm { height: 1; text-wrap: nowrap; }
    }
    """
    BINDINGS = keys.bindings("figures")

    @dataclass
    class ViewChanged(Message):
        """Another figure, another step or another size of it, is to be seen."""

    @dataclass
    class AloneChanged(Message):
        """The drawing is to have all the room there is, or no longer."""

        alone: bool

    def __init__(self) -> None:
        super().__init__(id="figures")
        self.view = FigureView()
        self.alone = False
        self._steps: Mapping[str, FigureSteps] = {}
        self._seen = FigureSeen()

    def compose(self) -> ComposeResult:
        names = OptionList(markup=False)
        names.can_focus = False  # the keys are this widget's, also where the list is not shown
        yield names
        with Vertical():
            yield PictureDrawing("no figures yet")
            yield Calm()

    def take(self, snapshot: Snapshot) -> None:
        """Show the names, and the drawing that was made for `view`."""
        if snapshot.facts.figures != self._steps:
            self._list(snapshot.facts.figures)
        self.query_one(PictureDrawing).show_figure(snapshot.drawing, snapshot.pictures)
        before, self._seen = self._seen, snapshot.figure
        self._show_slider()
        if before.images != self._seen.images:
            self.refresh_bindings()

    def _list(self, steps: Mapping[str, FigureSteps]) -> None:
        names = self.query_one(OptionList)
        if list(steps) != list(self._steps):
            before = names.highlighted
            names.set_options([Option(_line(name, one.newest)) for name, one in steps.items()])
            names.highlighted = before or 0
        else:
            for index, (name, one) in enumerate(steps.items()):
                if self._steps[name].newest != one.newest:
                    names.replace_option_prompt_at_index(index, _line(name, one.newest))
        self._steps = dict(steps)
        self.refresh_bindings()
        if self.has_class("-some") == bool(steps):
            self._choose()
        else:
            self.set_class(bool(steps), "-some")  # the room changes, and then it is chosen for that

    def _show_slider(self) -> None:
        seen, line = self._seen, self.query_one("Vertical > Calm", Calm)
        count = self._steps.get(seen.name, _NONE).count
        if not count:
            line.show(Content(""))
            return
        which = f"{list(self._steps).index(seen.name) + 1}/{len(self._steps)}"
        line.show(slider(seen, count, which, line.size.width))

    def on_option_list_option_highlighted(self, message: OptionList.OptionHighlighted) -> None:
        message.stop()
        self._choose()

    def forget_pictures(self) -> None:
        """Have the terminal drop the pictures, where there are any yet."""
        for drawing in self.query(PictureDrawing):
            drawing.forget()

    def covered(self) -> None:
        """Another screen came above this one, or went away again; perhaps before it had any parts."""
        for drawing in self.query(PictureDrawing):
            drawing.refresh()

    def on_drawing_room_changed(self) -> None:
        self._choose()
        self._show_slider()

    def on_hide(self) -> None:
        self._give_room(alone=False)

    def _choose(self) -> None:
        """See the figure under the cursor, in the room there is; of another one its newest step."""
        index = self.query_one(OptionList).highlighted or 0
        name = list(self._steps)[index] if index < len(self._steps) else ""
        room = self.query_one(PictureDrawing).size
        view = replace(self.view, name=name, width=room.width, height=room.height)
        self._see(view if name == self.view.name else replace(view, place=None, image=None))

    def _see(self, view: FigureView) -> None:
        if view == self.view:
            return
        before, self.view = self.view, view
        if (before.image is None) != (view.image is None):
            self.refresh_bindings()
        self.post_message(self.ViewChanged())

    def _give_room(self, *, alone: bool) -> None:
        if alone != self.alone:
            self.alone = alone
            self.set_class(alone, "-alone")
            self.refresh_bindings()
            self.post_message(self.AloneChanged(alone))

    @property
    def _count(self) -> int:
        return self._steps.get(self.view.name, _NONE).count

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would change nothing are nobody's, or the page's."""
        match action:
            case "step" | "leap" | "first" | "newest":
                return self._count > 1
            case "name":
                return len(self._steps) > 1
            case "alone":
                return bool(self._steps)
            case "image":
                return self._seen.images > 1
            case "leave":
                return self.alone or self.view.image is not None
        return super().check_action(action, parameters)

    def action_step(self, by: int) -> None:
        self._see(replace(self.view, place=moved(self.view.place, by, self._count)))

    def action_leap(self, by: int) -> None:
        self._see(replace(self.view, place=leapt(self.view.place, by, self._count)))

    def action_first(self) -> None:
        self._see(replace(self.view, place=0))

    def action_newest(self) -> None:
        self._see(replace(self.view, place=None))

    def action_name(self, by: int) -> None:
        names = self.query_one(OptionList)
        names.highlighted = ((names.highlighted or 0) + by) % len(self._steps)

    def action_image(self, by: int) -> None:
        before = -1 if self.view.image is None and by > 0 else self.view.image or 0
        self._see(replace(self.view, image=(before + by) % self._seen.images))

    def action_alone(self) -> None:
        self._give_room(alone=not self.alone)

    def action_leave(self) -> None:
        """Out of the image that is seen alone, then out of the full screen."""
        if self.view.image is not None:
            self._see(replace(self.view, image=None))
        else:
            self._give_room(alone=False)


def _line(name: str, step: int) -> Content:
    return joined(content(name), Content.styled(f"  {step:,}", MUTED))
