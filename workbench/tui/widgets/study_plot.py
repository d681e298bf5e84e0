"""The plot of a study that is open, with its keys."""

from __future__ import annotations

from dataclasses import replace

from textual.message import Message

from workbench.tui import keys
from workbench.tui.study.facts import PlotName, Reach, StudySnapshot, StudyView
from workbench.tui.widgets.drawing import Drawing


class StudyPlot(Drawing, can_focus=True):
    """Holds what is to be seen; a thread draws it. `alone` leaves all room to it."""

    BINDINGS = keys.bindings(
        "study.leave",
        "study.alone",
        "study.across",
        "study.across_back",
        "study.next",
        "study.previous",
        "study.metric",
        "study.log_y",
    )

    class ViewChanged(Message):
        """Something else is to be seen."""

    class AloneChanged(Message):
        """The drawing is to have all the room there is, or no longer."""

    def __init__(self) -> None:
        super().__init__("reading …", id="plot")
        self.view = StudyView()
        self.reach = Reach()
        self.note = ""

    def open(self, plot: PlotName | None) -> None:
        """Another plot is to be seen, from its first page; the metric and the scale stay."""
        if plot != self.view.plot:
            self._see(
                replace(self.view, plot=plot, place=0, alone=self.view.alone and plot is not None)
            )

    def take(self, snapshot: StudySnapshot) -> None:
        """Show the drawing that was made for `view`."""
        self.note = snapshot.note
        if snapshot.reach != self.reach:
            self.reach = snapshot.reach
            self.refresh_bindings()
        self.show(snapshot.drawing)

    def on_resize(self) -> None:
        if self.size:
            self._see(replace(self.view, width=self.size.width, height=self.size.height))

    def _see(self, view: StudyView) -> None:
        if view == self.view:
            return
        before, self.view = self.view, view
        if before.alone != view.alone:
            self.refresh_bindings()
            self.post_message(self.AloneChanged())
        self.post_message(self.ViewChanged())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would change nothing are nobody's, or the page's."""
        match action:
            case "leave":
                return self.view.alone
            case "turn":
                return self.reach.pages > 1 or self.reach.planes > 2
            case "across":
                return self.reach.planes > 2
            case "metric":
                return self.reach.metrics > 1
            case "log_y":
                return self.reach.log_y
        return super().check_action(action, parameters)

    def action_alone(self) -> None:
        self._see(replace(self.view, alone=not self.view.alone, place=0))

    def action_leave(self) -> None:
        self._see(replace(self.view, alone=False, place=0))

    def action_log_y(self) -> None:
        self._see(replace(self.view, log_y=not self.view.log_y))

    def action_metric(self) -> None:
        self._see(replace(self.view, metric=(self.view.metric + 1) % self.reach.metrics))

    def action_across(self, by: int) -> None:
        """Another parameter on the x axis; never the one that is on y."""
        self._see(replace(self.view, across=self._other(self.view.across, self.view.up, by)))

    def action_turn(self, by: int) -> None:
        """Another page of plots or, on a plane, another parameter on y."""
        if self.reach.planes:
            self._see(replace(self.view, up=self._other(self.view.up, self.view.across, by)))
        else:
            self._see(replace(self.view, place=(self.view.place + by) % self.reach.pages))

    def _other(self, place: int, taken: int, by: int) -> int:
        count = self.reach.planes
        place = (place + by) % count
        return (place + by) % count if place == taken % count else place
