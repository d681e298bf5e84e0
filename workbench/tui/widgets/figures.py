"""The figures of a run: their names at the left, the newest of the chosen one at the right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from workbench.tui.run_facts import FigureView, Snapshot
from workbench.tui.text import MUTED, content, joined
from workbench.tui.widgets.drawing import Drawing


class Figures(Horizontal):
    """A list and a drawing."""

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
            &:focus { border: none; background-tint: $background 0%; }
        }
        &.-some > OptionList { display: block; }
    }
    """

    @dataclass
    class ViewChanged(Message):
        """Another figure, or another size of it, is to be seen."""

    def __init__(self) -> None:
        super().__init__(id="figures")
        self.view = FigureView()
        self._steps: Mapping[str, int] = {}

    def compose(self) -> ComposeResult:
        yield OptionList(markup=False)
        yield Drawing("no figures yet")

    def take(self, snapshot: Snapshot) -> None:
        """Show the names, and the drawing that was made for `view`."""
        if snapshot.facts.figures != self._steps:
            self._list(snapshot.facts.figures)
        self.query_one(Drawing).show(snapshot.drawing)

    def _list(self, steps: Mapping[str, int]) -> None:
        names = self.query_one(OptionList)
        if list(steps) != list(self._steps):
            before = names.highlighted
            names.set_options([Option(_line(name, step)) for name, step in steps.items()])
            names.highlighted = before or 0
        else:
            for index, (name, step) in enumerate(steps.items()):
                if self._steps[name] != step:
                    names.replace_option_prompt_at_index(index, _line(name, step))
        self._steps = dict(steps)
        self.set_class(bool(steps), "-some")
        self._see()

    def on_option_list_option_highlighted(self, message: OptionList.OptionHighlighted) -> None:
        message.stop()
        self._see()

    def on_drawing_room_changed(self) -> None:
        self._see()

    def _see(self) -> None:
        index = self.query_one(OptionList).highlighted or 0
        name = list(self._steps)[index] if index < len(self._steps) else ""
        room = self.query_one(Drawing).size
        view = FigureView(name, room.width, room.height)
        if view != self.view:
            self.view = view
            self.post_message(self.ViewChanged())


def _line(name: str, step: int) -> Content:
    return joined(content(name), Content.styled(f"  {step:,}", MUTED))
