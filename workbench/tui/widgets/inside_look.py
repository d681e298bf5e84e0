"""The figure of a network that is looked into, with the keys that lead to the next one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from workbench.debugging.protocol import SampleView, View
from workbench.tui import keys
from workbench.tui.inspect.facts import LOOKS, Place, Shot
from workbench.tui.inspect.moving import Reach, moved
from workbench.tui.inspect.words import answered, failed, nothing_yet
from workbench.tui.text import Calm
from workbench.tui.widgets.picture_drawing import PictureDrawing


class InsideLook(Vertical, can_focus=True):
    """Holds where one is; a thread asks for what is there and draws it.

    `alone` leaves all room to it.
    """

    DEFAULT_CSS = """
    InsideLook {
        & > #said { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & > PictureDrawing { height: 1fr; }
        & > #fault { height: 1fr; display: none; }
        &.-faulty > PictureDrawing { display: none; }
        &.-faulty > #fault { display: block; }
    }
    """
    BINDINGS = keys.bindings("look")

    @dataclass
    class PlaceChanged(Message):
        """Something else is to be seen."""

        place: Place

    @dataclass
    class AloneChanged(Message):
        """The figure is to have all the room there is, or no longer."""

        alone: bool

    @dataclass
    class SampleOpened(Message):
        """A sample is to be looked at."""

        index: int

    def __init__(self) -> None:
        super().__init__(id="look")
        self.place = Place()
        self.reach = Reach()
        self.alone = False
        self._shot = Shot(Place())

    def compose(self) -> ComposeResult:
        yield Calm(id="said")
        yield PictureDrawing()
        yield Calm(id="fault")

    def see(self, place: Place) -> None:
        """Go to a place; its room is what there is."""
        room = self.query_one(PictureDrawing).size
        if self.has_class("-faulty"):
            room = self.query_one("#fault", Calm).size
        place = replace(place, width=room.width, height=room.height)
        if place == self.place:
            return
        before, self.place = self.place, place
        if before.tab != place.tab or (before.number < 0) != (place.number < 0):
            self.refresh_bindings()
        self.post_message(self.PlaceChanged(place))

    def take(self, shot: Shot, reach: Reach) -> None:
        """Show what was drawn, where it is still of what is to be seen."""
        if shot.place.tab != self.place.tab:
            return
        before, self._shot = self._shot, shot
        if reach != self.reach:
            self.reach = reach
            self.refresh_bindings()
        self.set_class(bool(shot.fault), "-faulty")
        if shot.fault:
            self.query_one("#fault", Calm).show(failed(shot.fault, shot.remedy))
            self.query_one("#said", Calm).show(nothing_yet())
            return
        self.query_one("#said", Calm).show(answered(shot.answer, shot.place))
        if shot.strips is not before.strips:
            self.query_one(PictureDrawing).show_figure(shot.strips, shot.pictures)

    def clear(self) -> None:
        """Show nothing until there is something of this tab."""
        self._shot = Shot(self.place)
        self.remove_class("-faulty")
        self.query_one("#said", Calm).show(nothing_yet())
        self.query_one(PictureDrawing).show_figure((), ())

    def forget_pictures(self) -> None:
        """Have the terminal drop the pictures."""
        self.query_one(PictureDrawing).forget()

    def covered(self) -> None:
        """Another screen came above this one, or went away again."""
        self.query_one(PictureDrawing).refresh()

    def on_drawing_room_changed(self) -> None:
        if self.place.tab in LOOKS:
            self.see(self.place)

    def on_hide(self) -> None:
        self._give_room(alone=False)

    def _give_room(self, *, alone: bool) -> None:
        if alone != self.alone:
            self.alone = alone
            self.refresh_bindings()
            self.post_message(self.AloneChanged(alone))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would change nothing are nobody's, or the page's."""
        match action:
            case "leave":
                return self.alone or self.place.number >= 0
            case "open":
                return self.place.tab == "mistakes" and bool(self.reach.samples_shown)
            case "go":
                return self.reach.can(self.place, str(parameters[0]))
        return super().check_action(action, parameters)

    def action_go(self, way: str, by: int) -> None:
        self.see(moved(self.place, self.reach, way, by))

    def action_alone(self) -> None:
        self._give_room(alone=not self.alone)

    def action_leave(self) -> None:
        """Out of the map that is seen alone, then out of the full screen."""
        if self.place.number >= 0:
            self.see(replace(self.place, number=-1))
        else:
            self._give_room(alone=False)

    def action_open(self) -> None:
        """The sample of the mistake that is seen alone, else of the worst one on the page."""
        shown = self.reach.samples_shown
        answer = self._shot.answer
        assert isinstance(answer, View | SampleView)
        first = answer.first if isinstance(answer, View) else 0
        at = max(self.place.number - first, 0)
        self.post_message(self.SampleOpened(shown[min(at, len(shown) - 1)]))
