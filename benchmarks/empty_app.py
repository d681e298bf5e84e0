"""What the workbench is compared with: Textual apps that show a table, or two pages, and nothing else.

`python -m benchmarks.empty_app` opens the table, with `pages` behind it the pages.
"""

from __future__ import annotations

import sys

from textual.app import App, ComposeResult
from textual.widgets import ContentSwitcher, DataTable, Static

ROWS = [("apples", "12"), ("pears", "7"), ("plums", "31")]


class EmptyApp(App[None]):
    """One table of three rows."""

    def compose(self) -> ComposeResult:
        yield DataTable()

    def on_mount(self) -> None:
        table: DataTable[str] = self.query_one(DataTable)
        table.add_columns("fruit", "number")
        table.add_rows(ROWS)


class EmptyPages(App[None]):
    """Two pages of text, and a line that tells which of them is open."""

    BINDINGS = [("1", "open('one')", "one"), ("3", "open('three')", "three")]

    def compose(self) -> ComposeResult:
        yield Static("[u]one[/u] three", id="tabs")
        with ContentSwitcher(initial="one"):
            for name in ("one", "three"):
                yield Static("\n".join([f"{name} and a line of text"] * 30), id=name)

    def action_open(self, name: str) -> None:
        self.query_one(ContentSwitcher).current = name
        self.query_one("#tabs", Static).update("one three".replace(name, f"[u]{name}[/u]"))


if __name__ == "__main__":
    (EmptyPages() if "pages" in sys.argv else EmptyApp()).run()
