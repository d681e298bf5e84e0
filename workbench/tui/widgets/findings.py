"""What is wrong with a network, the worst first, each with what speaks for it and what to try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from workbench.debugging.findings import Finding
from workbench.debugging.protocol import Examined
from workbench.tui import keys
from workbench.tui.inspect.words import failed, finding, verdict
from workbench.tui.text import MUTED, Calm


class FindingList(OptionList):
    """One entry a finding; its keys are in the table."""

    BINDINGS = keys.bindings("findings")


class Findings(Vertical):
    """The verdict, and below it the findings with a cursor."""

    DEFAULT_CSS = """
    Findings {
        & > Calm { height: auto; margin: 0 0 1 0; }
        FindingList {
            height: 1fr;
            border: none;
            padding: 0;
            background: $background;
            scrollbar-size-vertical: 1;
            & > .option-list--option { padding: 0; }
            & > .option-list--option-highlighted {
                background: $panel;
                color: $foreground;
                text-style: none;
            }
            &:focus { border: none; background-tint: $foreground 0%; }
        }
    }
    """

    @dataclass
    class LayerAsked(Message):
        """The layer of a finding is to be seen."""

        layer: str

    def __init__(self) -> None:
        super().__init__(id="findings")
        self._findings: Sequence[Finding] = ()

    def compose(self) -> ComposeResult:
        yield Calm()
        yield FindingList(markup=False)

    @property
    def chosen(self) -> Finding | None:
        """The finding under the cursor."""
        at = self.query_one(FindingList).highlighted
        return None if at is None or at >= len(self._findings) else self._findings[at]

    def wait(self, sentence: str) -> None:
        """Say what is waited for."""
        self._list(())
        self.query_one(Calm).show(Content.styled(sentence, MUTED))

    def refuse(self, title: str, remedy: str) -> None:
        """Say why the network cannot be examined."""
        self._list(())
        self.query_one(Calm).show(failed(title, remedy))

    def fill(self, examined: Examined) -> None:
        """Show what was found."""
        self._list(examined.findings)
        self.query_one(Calm).show(verdict(examined.findings, examined.fault))

    def _list(self, findings: Sequence[Finding]) -> None:
        self._findings = findings
        shown = self.query_one(FindingList)
        shown.set_options([Option(finding(one, at)) for at, one in enumerate(findings, 1)])
        shown.highlighted = 0 if findings else None
        self.call_after_refresh(
            shown.scroll_home, animate=False
        )  # the first may be longer than its room

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        if self.chosen is not None:
            self.post_message(self.LayerAsked(self.chosen.layer))
