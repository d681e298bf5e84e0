"""The curves of a run: a grid of plots with its own keys."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual.message import Message

from workbench.tui import keys, x_window
from workbench.tui.run_facts import PlotView, Reach, Snapshot
from workbench.tui.widgets.drawing import Drawing

SMOOTHING = (0.0, 0.6, 0.8, 0.9, 0.95, 0.98, 0.99)


class Curves(Drawing, can_focus=True):
    """Holds what is to be seen of the curves; a thread draws it."""

    BINDINGS = keys.bindings("curves")

    @dataclass
    class ViewChanged(Message):
        """Something else of the curves is to be seen."""

    @dataclass
    class ChoiceAsked(Message):
        """The user wants to choose which metrics are drawn."""

        metrics: tuple[str, ...]
        chosen: frozenset[str]

    def __init__(self) -> None:
        super().__init__("no metrics yet", id="curves")
        self.view = PlotView()
        self.pages = 1
        self.reach = Reach()
        self.metrics: tuple[str, ...] = ()

    def take(self, snapshot: Snapshot) -> None:
        """Show the drawing that was made for `view`."""
        if (self.pages > 1, bool(self.metrics)) != (snapshot.pages > 1, bool(snapshot.metrics)):
            self.refresh_bindings()
        self.pages, self.metrics = snapshot.pages, snapshot.metrics
        if snapshot.reach.axes != self.reach.axes:
            self.refresh_bindings()
        self.reach = snapshot.reach
        self.show(snapshot.drawing)

    @property
    def note(self) -> str:
        """What of the view is not as usual."""
        view = self.view
        page = min(view.place, self.pages - 1) + 1
        kind = "plot" if view.zoomed else "page"
        said = [
            (self.pages > 1, f"{kind} {page}/{self.pages}"),
            (view.metrics is not None, f"{self._drawn}/{len(self.metrics)} metrics"),
            (view.log_x and view.axis != "clock", "log x"),
            (view.log_y, "log y"),
            (view.smoothing > 0, f"smooth {view.smoothing:g}"),
            (view.span > 0, f"x {100 * x_window.share(view, self.reach):.2g}%"),
        ]
        return " · ".join(text for holds, text in said if holds)

    @property
    def _drawn(self) -> int:
        return sum(name in (self.view.metrics or ()) for name in self.metrics)

    def on_resize(self) -> None:
        self._see(replace(self.view, width=self.size.width, height=self.size.height))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would change nothing are nobody's, or the page's."""
        match action:
            case "turn":
                return self.pages > 1
            case "point" | "leave":
                return self.view.crosshair is not None
            case "whole" | "pan":
                return self.view.span > 0
            case "axis" | "metrics" | "magnify":
                return bool(self.metrics)
        return super().check_action(action, parameters)

    def action_log_x(self) -> None:
        self._see(replace(self.view, log_x=not self.view.log_x, span=0.0, end=None))

    def action_log_y(self) -> None:
        self._see(replace(self.view, log_y=not self.view.log_y))

    def action_zoom(self) -> None:
        self._see(replace(self.view, zoomed=not self.view.zoomed, place=0))

    def action_turn(self, by: int) -> None:
        self._see(replace(self.view, place=(min(self.view.place, self.pages - 1) + by) % self.pages))

    def action_axis(self) -> None:
        axes = self.reach.axes
        place = axes.index(self.view.axis) if self.view.axis in axes else 0
        following = axes[(place + 1) % len(axes)]
        self._see(replace(self.view, axis=following, span=0.0, end=None, crosshair=None))

    def action_smooth(self, by: int) -> None:
        place = SMOOTHING.index(self.view.smoothing) + by
        self._see(replace(self.view, smoothing=SMOOTHING[min(max(place, 0), len(SMOOTHING) - 1)]))

    def action_magnify(self, by: int) -> None:
        self._see(x_window.zoomed(self.view, self.reach, x_window.ZOOM**-by))

    def action_pan(self, by: int) -> None:
        self._see(x_window.panned(self.view, self.reach, by))

    def action_whole(self) -> None:
        self._see(replace(self.view, span=0.0, end=None))

    def action_crosshair(self) -> None:
        if self.view.crosshair is None:
            self._see(x_window.pointed(self.view, self.reach, 0))
        else:
            self.action_leave()

    def action_leave(self) -> None:
        self._see(replace(self.view, crosshair=None))

    def action_point(self, by: int) -> None:
        self._see(x_window.pointed(self.view, self.reach, by))

    def action_metrics(self) -> None:
        drawn = self.view.metrics
        chosen = frozenset(self.metrics) if drawn is None else drawn
        self.post_message(self.ChoiceAsked(self.metrics, chosen))

    def choose(self, metrics: frozenset[str] | None) -> None:
        """Draw only these; None for all."""
        if metrics != self.view.metrics:
            self._see(replace(self.view, metrics=metrics, place=0))

    def _see(self, view: PlotView) -> None:
        if view == self.view:
            return
        before, self.view = self.view, view
        if (before.crosshair is None, before.span) != (view.crosshair is None, view.span):
            self.refresh_bindings()
        self.post_message(self.ViewChanged())
