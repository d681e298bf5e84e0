"""The curves of a run: a grid of plots with its own keys."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual.message import Message

from workbench.tui import keys
from workbench.tui.run_facts import PlotView, Snapshot
from workbench.tui.widgets.drawing import Drawing


class Curves(Drawing, can_focus=True):
    """Holds what is to be seen of the curves; a thread draws it."""

    BINDINGS = keys.bindings("curves")

    @dataclass
    class ViewChanged(Message):
        """Something else of the curves is to be seen."""

    def __init__(self) -> None:
        super().__init__("no metrics yet", id="curves")
        self.view = PlotView()
        self.pages = 1

    def take(self, snapshot: Snapshot) -> None:
        """Show the drawing that was made for `view`."""
        if (self.pages > 1) != (snapshot.pages > 1):
            self.refresh_bindings()
        self.pages = snapshot.pages
        self.show(snapshot.drawing)

    @property
    def note(self) -> str:
        """What of the view is not as usual."""
        scales = [name for name, on in (("log x", self.view.log_x), ("log y", self.view.log_y)) if on]
        page = min(self.view.place, self.pages - 1) + 1
        kind = "plot" if self.view.zoomed else "page"
        return " · ".join(scales + ([f"{kind} {page}/{self.pages}"] if self.pages > 1 else []))

    def on_resize(self) -> None:
        self._see(replace(self.view, width=self.size.width, height=self.size.height))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to turn to where all plots are on one page."""
        if action == "turn":
            return self.pages > 1
        return super().check_action(action, parameters)

    def action_log_x(self) -> None:
        self._see(replace(self.view, log_x=not self.view.log_x))

    def action_log_y(self) -> None:
        self._see(replace(self.view, log_y=not self.view.log_y))

    def action_zoom(self) -> None:
        self._see(replace(self.view, zoomed=not self.view.zoomed, place=0))

    def action_turn(self, by: int) -> None:
        self._see(replace(self.view, place=(min(self.view.place, self.pages - 1) + by) % self.pages))

    def _see(self, view: PlotView) -> None:
        self.view = view
        self.post_message(self.ViewChanged())
