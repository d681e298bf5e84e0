"""The line above a list that chooses what the list shows."""

from __future__ import annotations

from textual.widgets import Input

from workbench.tui import keys


class FilterLine(Input):
    """Its screen has `action_to_list`, which hands over to the list as it is filtered."""

    BINDINGS = keys.bindings("filter")

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder=placeholder, compact=True)
        self.cursor_blink = False
