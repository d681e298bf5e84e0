"""What a run uses of its machine: numbers now, and curves over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from workbench import units
from workbench.tui import keys
from workbench.tui.run_facts import PlotView, Snapshot
from workbench.tui.text import MUTED, STRONG, Calm, content, joined, stacked
from workbench.tui.widgets.drawing import Drawing

_GAP = "   "
_COLUMN = 10  # cells; `CPU 12.5 %`


class SystemCurves(Drawing, can_focus=True):
    """Curves over the seconds since the first sample; a thread draws them."""

    BINDINGS = keys.bindings("curves.next", "curves.previous")

    @dataclass
    class ViewChanged(Message):
        """There is other room, or another page is to be seen."""

    def __init__(self, empty: str) -> None:
        super().__init__(empty)
        self.view = PlotView()
        self.pages = 1

    def take(self, snapshot: Snapshot) -> None:
        """Show the drawing that was made for `view`."""
        changed, self.pages = self.pages != snapshot.pages, snapshot.pages
        if changed:
            self.refresh_bindings()
        self.show(snapshot.drawing)

    @property
    def note(self) -> str:
        """Which page this is, where there are several."""
        page = min(self.view.place, self.pages - 1) + 1
        return f"page {page}/{self.pages}" if self.pages > 1 else ""

    def on_resize(self) -> None:
        self._see(replace(self.view, width=self.size.width, height=self.size.height))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to turn to where all plots are on one page."""
        if action == "turn":
            return self.pages > 1
        return super().check_action(action, parameters)

    def action_turn(self, by: int) -> None:
        self._see(replace(self.view, place=(min(self.view.place, self.pages - 1) + by) % self.pages))

    def _see(self, view: PlotView) -> None:
        self.view = view
        self.post_message(self.ViewChanged())


class System(Vertical):
    """The newest sample in words, and all of them as curves."""

    DEFAULT_CSS = """
    System > Calm { height: auto; margin: 0 0 1 0; }
    """

    def __init__(self, empty: str) -> None:
        super().__init__(id="system")
        self._empty = empty

    def compose(self) -> ComposeResult:
        yield Calm()
        yield SystemCurves(self._empty)

    @property
    def curves(self) -> SystemCurves:
        return self.query_one(SystemCurves)

    def fill(self, latest: Mapping[str, float], *, alive: bool) -> None:
        """Show the newest sample."""
        self.query_one(Calm).show(system_text(latest, alive=alive))


def system_text(latest: Mapping[str, float], *, alive: bool) -> Content:
    """A line each for worker, machine, graphics processor and pace."""
    rows: dict[str, list[Content]] = {}
    for name, value in latest.items():
        whose, what, unit = _parts(name)
        shown = joined(
            content(f"{what} " if what else "", MUTED),
            content(f"{units.number(value, 3)} {unit}", STRONG),
        )
        room = Content(" " * max(_COLUMN - shown.cell_length, 0))
        rows.setdefault(whose, []).append(joined(shown, room))
    lines = [
        joined(content(f"{whose:<9}", MUTED), Content(_GAP).join(numbers))
        for whose, numbers in rows.items()
    ]
    if lines and not alive:
        lines.append(content("as it was at the last sample", MUTED))
    return stacked(*lines)


def _parts(name: str) -> tuple[str, str, str]:
    """Whose number it is, what it counts and its unit: `GPU`, `power`, `W`."""
    what, _, unit = name.rpartition(" ")
    if not what:
        return "pace", "", unit
    whose, _, rest = what.partition("/" if "/" in what else " ")
    return whose, rest, unit
