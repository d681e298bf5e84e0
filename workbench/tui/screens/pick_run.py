"""A run chosen from the list of all runs, which narrows down while one types."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from workbench import units
from workbench.runs.folder import RunFolder
from workbench.runs.listing import RunSummary
from workbench.tui import keys
from workbench.tui.text import (
    ACCENT,
    MUTED,
    STRONG,
    Calm,
    content,
    cut_middle,
    joined,
    state_sign,
    state_style,
)

MOST_SHOWN = 200  # more lines than anyone looks through; typing finds the others
_NAME = 36


class PickRunScreen(ModalScreen[RunFolder | None]):
    """Letters go to the filter, the arrows to the list."""

    DEFAULT_CSS = """
    PickRunScreen {
        align: center middle;
        & > Vertical {
            width: 76;
            max-width: 96%;
            height: 80%;
            max-height: 24;
            padding: 1 2;
            background: $panel;
        }
        #title, #way { height: 1; }
        Input { background: $background; margin: 1 0; }
        OptionList {
            height: 1fr;
            border: none;
            padding: 0;
            background: $panel;
            text-wrap: nowrap;
            text-overflow: ellipsis;
            scrollbar-size-vertical: 1;
        }
        #way { margin: 1 0 0 0; }
    }
    """
    BINDINGS = keys.bindings("pick")

    def __init__(self, runs: Sequence[RunSummary]) -> None:
        super().__init__()
        self._runs = runs
        self._shown: list[RunSummary] = []

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Calm(Content.styled("Compare with", STRONG), id="title")
            line = Input(placeholder="type a part of a name, recipe or state", compact=True)
            line.cursor_blink = False
            yield line
            found = OptionList(markup=False)
            found.can_focus = False
            yield found
            yield Calm(id="way")

    def on_mount(self) -> None:
        self._fill("")

    def on_input_changed(self, message: Input.Changed) -> None:
        message.stop()
        self._fill(message.value)

    def _fill(self, wanted: str) -> None:
        matching = [run for run in self._runs if _matches(run, wanted)]
        self._shown = matching[:MOST_SHOWN]
        found = self.query_one(OptionList)
        found.set_options([Option(_line(run)) for run in self._shown])
        found.highlighted = 0 if self._shown else None
        self.query_one("#way", Calm).show(_way(len(matching), len(self._runs)))

    def action_move(self, by: int) -> None:
        found = self.query_one(OptionList)
        if self._shown:
            found.highlighted = ((found.highlighted or 0) + by) % len(self._shown)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        chosen = self.query_one(OptionList).highlighted
        if chosen is not None:
            self.dismiss(self._shown[chosen].folder)

    def action_back(self) -> None:
        self.dismiss(None)


def _matches(run: RunSummary, wanted: str) -> bool:
    """Every word typed is somewhere in the run's name, recipe or state."""
    text = f"{run.name} {run.manifest.recipe.id} {run.status.state}".lower()
    return all(word in text for word in wanted.lower().split())


def _line(run: RunSummary) -> Content:
    status = run.status
    best = "" if status.best is None else f"best {units.number(status.best.value)}"
    return joined(
        content(f"{cut_middle(run.name, _NAME):<{_NAME}}  "),
        Content.styled(f"{state_sign(status.state)} {status.state:<10}", state_style(status.state)),
        content(f"  {best}", MUTED),
    )


def _way(matching: int, all_runs: int) -> Content:
    if not matching:
        said = "no run matches    " if all_runs else "there are no further runs    "
        return joined(Content.styled(said, MUTED), *_key("esc", "leaves"))
    count = Content.styled(f"{matching} of {all_runs}    ", MUTED)
    return joined(count, *_key("enter", "adds it    "), *_key("esc", "leaves"))


def _key(key: str, does: str) -> tuple[Content, Content]:
    return Content.styled(f"{key} ", ACCENT), Content.styled(does, MUTED)
