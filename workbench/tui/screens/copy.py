"""Copying: through the terminal (OSC 52), and, since many ignore that, shown and saved as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from workbench.errors import WorkbenchError
from workbench.tui import keys
from workbench.tui.copies import Copy
from workbench.tui.screens.base import WorkbenchScreen
from workbench.tui.text import ACCENT, BAD, GOOD, MUTED, STRONG, Calm, content, joined, stacked
from workbench.units import plain

_LONGEST_SHOWN = 2_000


class CopyList(OptionList):
    """What there is to copy, one line each."""

    BINDINGS = keys.bindings("copy.take")


class CopyScreen(WorkbenchScreen[None], ModalScreen[None]):
    """Enter copies what is under the cursor, and says it; another key asks for a file to save it to."""

    DEFAULT_CSS = """
    CopyScreen {
        align: center middle;
        & > Vertical {
            width: 84;
            max-width: 96%;
            height: auto;
            max-height: 92%;
            padding: 1 2;
            background: $panel;
        }
        Calm { height: auto; }
        CopyList {
            height: auto;
            max-height: 12;
            margin: 1 0;
            padding: 0;
            border: none;
            background: $panel;
            text-wrap: nowrap;
            text-overflow: ellipsis;
            scrollbar-size-vertical: 1;
            &:focus { border: none; background-tint: $foreground 0%; }
        }
        Input { display: none; background: $background; margin: 0 0 1 0; }
        &.-saving Input { display: block; }
        #said { max-height: 8; }
        &.-low > Vertical { padding: 0 2; }
        &.-low CopyList { max-height: 4; margin: 0; }
        &.-low Input { margin: 0; }
        &.-low #said { max-height: 4; }
    }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-high")]
    BINDINGS = [*keys.bindings("copy.save", "copy.back"), *keys.bindings("move")]

    @dataclass
    class Saved(Message):
        """The text is in a file now."""

        file: Path

    def __init__(self, copies: Sequence[Copy]) -> None:
        super().__init__()
        self._copies = copies

    def compose(self) -> ComposeResult:
        width = max(len(plain(copy.label)) for copy in self._copies)
        with Vertical():
            yield Calm(Content.styled("Copy", STRONG))
            yield CopyList(*(Option(_line(copy, width)) for copy in self._copies), markup=False)
            name = Input(placeholder="a file that is not there yet", compact=True)
            name.cursor_blink = False
            yield name
            yield Calm(id="said")
            yield Calm(_ways(), id="ways")

    def on_mount(self) -> None:
        self.query_one(CopyList).focus()

    @property
    def chosen(self) -> Copy:
        """What is under the cursor."""
        return self._copies[self.query_one(CopyList).highlighted or 0]

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self.app.copy_to_clipboard(self.chosen.text)
        shown = content(self.chosen.text[:_LONGEST_SHOWN], ACCENT, lines=True)
        said = "copied, where the terminal allows it; if it does not, take it from here:"
        self._say(stacked(content(said, MUTED), shown))

    def action_save(self) -> None:
        self.add_class("-saving")
        self.query_one(Input).focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        if message.value.strip():
            file, text = Path(message.value.strip()).expanduser().absolute(), self.chosen.text
            self.in_thread(lambda: self.Saved(_save(file, text)), "save")

    def on_copy_screen_saved(self, message: Saved) -> None:
        self._leave_input()
        self._say(content(f"saved to {message.file}", GOOD))

    def on_workbench_screen_refused(self, message: WorkbenchScreen.Refused) -> None:
        error = message.error
        self._say(stacked(content(error.title, BAD), content(error.remedy, MUTED)))

    def action_back(self) -> None:
        """Out of the name of a file first, then out of the page."""
        if self.has_class("-saving"):
            self._leave_input()
        else:
            self.dismiss()

    def _leave_input(self) -> None:
        self.remove_class("-saving")
        self.query_one(CopyList).focus()

    def _say(self, said: Content) -> None:
        self.query_one("#said", Calm).show(stacked(said, Content("")))


def _line(copy: Copy, width: int) -> Content:
    return joined(content(f"{plain(copy.label):<{width}}  ", MUTED), content(copy.text))


def _ways() -> Content:
    ways = {"copy.take": "copies", "copy.save": "saves to a file", "copy.back": "back"}
    entries = [
        joined(Content.styled(f"{keys.shown_for(key)} ", ACCENT), Content.styled(way, MUTED))
        for key, way in ways.items()
    ]
    return Content("    ").join(entries)


def _save(file: Path, text: str) -> Path:
    """Write a new file.

    Raises:
        WorkbenchError: when it is there already, or cannot be written.
    """
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text + "\n")
    except FileExistsError:
        raise WorkbenchError(
            f"{file} is there already", "nothing is overwritten: name another"
        ) from None
    except (OSError, ValueError) as fault:
        raise WorkbenchError(f"{file} cannot be written: {fault}", "name another file") from None
    return file
