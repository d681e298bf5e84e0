"""The checkpoints of a run, one line each, and below them what is to say about the chosen one."""

from __future__ import annotations

import time

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable

from workbench import units
from workbench.runs.saved import Saved
from workbench.tui import keys
from workbench.tui.run_facts import Facts
from workbench.tui.text import ACCENT, MUTED, Calm, content, cut_middle, stacked

# Cells of each column, and from which width of the table on it is shown.
_COLUMNS = {
    "file": (20, 0),
    "step": (12, 0),
    "reason": (9, 0),
    "size": (11, 0),
    "age": (11, 70),
    "metrics": (0, 100),
}
_AT_THE_RIGHT = {"step", "size"}


class CheckpointsTable(DataTable[Content], inherit_bindings=False):
    """The latest step first; the cursor stays on its file while others come and go."""

    DEFAULT_CSS = """
    CheckpointsTable {
        height: auto;
        max-height: 1fr;
        background: $background;
        scrollbar-size: 1 1;
        &:focus { background-tint: $background 0%; }
        & > .datatable--header { background: $background; color: $muted; text-style: none; }
        & > .datatable--even-row, & > .datatable--odd-row { background: $background; }
    }
    """
    BINDINGS = keys.bindings("checkpoints")

    class Moved(Message):
        """The cursor stands on another checkpoint, or on none."""

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=False, cell_padding=0)
        self._shown: tuple[Saved, ...] = ()
        self._width = 0

    @property
    def chosen(self) -> Saved | None:
        """The checkpoint under the cursor."""
        return self._shown[self.cursor_row] if 0 <= self.cursor_row < len(self._shown) else None

    def on_resize(self) -> None:
        if self.size.width and self.size.width != self._width:
            self._width = self.size.width
            self._rebuild(self._shown)

    def fill(self, shown: tuple[Saved, ...]) -> None:
        """Show the checkpoints that are there now."""
        if shown != self._shown:
            self._rebuild(shown)

    def _rebuild(self, shown: tuple[Saved, ...]) -> None:
        before = self.chosen
        self.clear(columns=True)
        self._shown = shown
        columns = self._columns()
        for name, width in columns.items():
            heading = f"{name:>{width - 2}}" if name in _AT_THE_RIGHT else name
            self.add_column(Content(heading), width=width, key=name)  # type: ignore[arg-type]  # a Content is drawn as a Text is
        for one in shown:
            self.add_row(*_row(one, columns), key=one.file)
        files = [one.file for one in shown]
        if before is not None and before.file in files:
            self.move_cursor(row=files.index(before.file), animate=False)
        self.post_message(self.Moved())

    def _columns(self) -> dict[str, int]:
        """Cells of the columns that have room; the metrics take what is left."""
        room = max(self._width - 1, 1)
        columns = {name: width for name, (width, least) in _COLUMNS.items() if room >= least}
        if "metrics" in columns:
            columns["metrics"] = room - sum(columns.values())
        return columns

    def on_data_table_row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        message.stop()
        self.post_message(self.Moved())


class Checkpoints(Vertical):
    """The table, or the sentence that there is none yet."""

    DEFAULT_CSS = """
    Checkpoints {
        & > Calm { height: auto; margin: 1 0 0 0; }
        &.-empty > CheckpointsTable { display: none; }
        &.-empty > Calm { margin: 0; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="checkpoints", classes="-empty")
        self._run = ""
        self._read_only = False

    def compose(self) -> ComposeResult:
        yield CheckpointsTable()
        yield Calm(_hint(None, "", read_only=False))

    @property
    def chosen(self) -> Saved | None:
        """The checkpoint under the cursor."""
        return self.query_one(CheckpointsTable).chosen

    def fill(self, facts: Facts) -> None:
        """Show what is there now."""
        self._run = "" if facts.manifest is None else facts.manifest.name
        self._read_only = facts.read_only
        self.set_class(not facts.checkpoints, "-empty")
        self.query_one(CheckpointsTable).fill(facts.checkpoints)
        self._show_hint()

    def on_checkpoints_table_moved(self) -> None:
        self._show_hint()

    def _show_hint(self) -> None:
        self.query_one(Calm).show(_hint(self.chosen, self._run, read_only=self._read_only))


def latest(checkpoints: tuple[Saved, ...]) -> Saved | None:
    """What a run is forked from unless another is chosen: `last.pt` where it is there."""
    return next((one for one in checkpoints if one.file == "last.pt"), next(iter(checkpoints), None))


def _hint(chosen: Saved | None, run: str, *, read_only: bool) -> Content:
    """All numbers of the chosen checkpoint, and how it is forked from in a shell."""
    if read_only:
        return Content.styled("what another program saved is not shown here", MUTED)
    if chosen is None:
        call = keys.shown_for("run.checkpoint")
        return Content.styled(f"no checkpoint yet; {call} writes one", MUTED)
    call = f"workbench fork {run} --checkpoint {chosen.file}"
    lines = [content(_metrics(chosen)), content(f"in a shell: {call}" if run else "", MUTED)]
    return stacked(*(line for line in lines if line))


def _row(one: Saved, columns: dict[str, int]) -> list[Content]:
    step = "–" if one.step is None else f"{one.step:,}"
    cells = {
        "file": content(cut_middle(one.file, columns["file"] - 2), ACCENT),
        "step": content(f"{step:>{columns['step'] - 2}}"),
        "reason": content(one.reason or "–", MUTED),
        "size": content(f"{units.size(one.size_bytes):>{columns['size'] - 2}}", MUTED),
        "age": content(units.age(time.time() - one.written), MUTED),
        "metrics": content(_metrics(one)),
    }
    return [cells[name] for name in columns]


def _metrics(one: Saved) -> str:
    return "  ".join(f"{name} {_number(value)}" for name, value in one.metrics.items())


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else units.number(value)
