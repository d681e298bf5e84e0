"""Which metrics of a run are drawn."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from workbench.tui import keys
from workbench.tui.key_table import KEYS
from workbench.tui.text import ACCENT, MUTED, STRONG, Calm, joined
from workbench.tui.widgets.metric_list import MetricList

_WAY = (
    ("metrics.toggle", "ticks"),
    ("metrics.toggle_all", "ticks all that match"),
    ("metrics.keep", "draws them"),
    ("metrics.back", "leaves it"),
)


class _Finder(Input):
    """Takes what is typed, but for the keys of the list."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        # Textual asks with the table's keys and puts the user's in their place afterwards.
        of_the_list = any(one.key == key for one in KEYS if one.group == "metrics")
        return not of_the_list and super().check_consume_key(key, character)


class ChooseMetricsScreen(ModalScreen[frozenset[str] | None]):
    """A list that is narrowed down by typing; gives what is ticked, or None to leave it as it was."""

    DEFAULT_CSS = """
    ChooseMetricsScreen {
        align: center middle;
        & > Vertical {
            width: 76;
            max-width: 96%;
            height: 80%;
            padding: 1 2;
            background: $panel;
        }
        Calm { height: auto; }
        Input {
            height: 1;
            margin: 1 0;
            padding: 0 1;
            border: none;
            background: $background;
            &:focus { border: none; }
        }
        #way { margin: 1 0 0 0; text-wrap: nowrap; }
    }
    """
    BINDINGS = keys.bindings("metrics")

    def __init__(self, metrics: Sequence[str], chosen: frozenset[str]) -> None:
        super().__init__()
        self._list = MetricList(metrics, chosen)
        self._all = frozenset(metrics)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Calm(id="title")
            yield _Finder(placeholder="type to find metrics")
            yield self._list
            yield Calm(_way(), id="way")

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._tell()

    def on_input_changed(self, message: Input.Changed) -> None:
        message.stop()
        self._list.narrow(message.value)
        self._tell()

    def action_move(self, by: int) -> None:
        self._list.move(by)

    def action_move_page(self, by: int) -> None:
        self._list.move(by * self._list.size.height)

    def action_tick(self) -> None:
        self._list.toggle()
        self._tell()

    def action_tick_all(self) -> None:
        self._list.toggle_all()
        self._tell()

    def action_keep(self) -> None:
        """Nothing ticked is no choice: there would be nothing to draw."""
        ticked = frozenset(self._list.ticked) & self._all
        self.dismiss(ticked or self._all)

    def action_back(self) -> None:
        self.dismiss(None)

    def _tell(self) -> None:
        ticked, matching = len(self._list.ticked & self._all), len(self._list.matching)
        counts = f"   {ticked:,} of {len(self._all):,} ticked"
        if matching < len(self._all):
            counts += f" · {matching:,} match"
        title = joined(Content.styled("Metrics to draw", STRONG), Content.styled(counts, MUTED))
        self.query_one("#title", Calm).show(title)


def _way() -> Content:
    parts = [
        joined(Content.styled(f"{keys.shown_for(key)} ", ACCENT), Content.styled(f"{what}   ", MUTED))
        for key, what in _WAY
    ]
    return joined(*parts)
