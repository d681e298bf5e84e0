"""What the workbench's start is compared with: a Textual app that shows a table and nothing else."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import DataTable

ROWS = [("apples", "12"), ("pears", "7"), ("plums", "31")]


class EmptyApp(App[None]):
    """One table of three rows."""

    def compose(self) -> ComposeResult:
        yield DataTable()

    def on_mount(self) -> None:
        table: DataTable[str] = self.query_one(DataTable)
        table.add_columns("fruit", "number")
        table.add_rows(ROWS)


if __name__ == "__main__":
    EmptyApp().run()
