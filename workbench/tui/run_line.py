"""A run as one line of the list: its columns, as wide as the table has room for."""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual.content import Content

from workbench import units
from workbench.figures.plot import sparkline
from workbench.runs.listing import RunSummary
from workbench.runs.order import Order
from workbench.tui.text import (
    ACCENT,
    MUTED,
    WARNING,
    bar,
    content,
    cut_middle,
    joined,
    state_sign,
    state_style,
)

_GUTTER = 3  # marked, starred, a blank
_MARGIN = Content(" ")
_WIDTHS = {"state": 12, "done": 7, "to go": 7, "best": 9, "device": 7, "started": 9}
_WIDE = {"done": 24, "best": 30}
_LEAST_NAME = 20
_MOST_NAME = 44
_WIDE_FROM = 120
_TREND = {"started": 11, "trend": 24}
_TREND_FROM = 150


class RunLines:
    """Draws runs in columns that fit a table of `width` cells."""

    def __init__(self, width: int) -> None:
        self._wide = width >= _WIDE_FROM
        self.has_trends = width >= _TREND_FROM
        widths = _WIDTHS | (_WIDE if self._wide else {}) | (_TREND if self.has_trends else {})
        left = width - 3 - _GUTTER - sum(widths.values())
        name = min(max(left, _LEAST_NAME), _MOST_NAME)
        self._widths = {"marks": _GUTTER, "name": name, **widths}
        self.length = _MARGIN.cell_length + sum(self._widths.values())

    def heading(self, order: Order) -> Content:
        """The names of the columns, and which of them the runs are sorted by."""
        arrow = "▼" if order.falling else "▲"
        texts = {name: f"{name} {arrow}" if name == order.column else name for name in self._widths}
        return self._line([Content(text) for text in (texts | {"marks": ""}).values()])

    def line(self, run: RunSummary, *, marked: bool, trend: Sequence[float]) -> Content:
        """All that the list tells of a run."""
        status = run.status
        style = state_style(status.state)
        eta = "" if status.state.ended else units.duration(status.eta_s)
        cells = {
            "marks": _signs(run, marked=marked),
            "name": content(cut_middle(run.name, self._widths["name"] - 2)),
            "state": Content.styled(f"{state_sign(status.state)} {status.state}", style),
            "done": _progress(run, self._widths["done"] - 8, style),
            "to go": Content.styled(eta, MUTED),
            "best": content(self._best(run)[: self._widths["best"] - 2]),
            "device": content(status.device[: self._widths["device"] - 1], MUTED),
            "started": Content.styled(_age(run), MUTED),
        }
        if self.has_trends:
            cells["trend"] = Content.styled(sparkline(trend, self._widths["trend"]), style)
        return self._line(list(cells.values()))

    def _best(self, run: RunSummary) -> str:
        best = run.status.best
        if best is None:
            return ""
        value = units.number(best.value)
        return f"{value}  {best.metric}" if self._wide else value

    def _line(self, cells: Sequence[Content]) -> Content:
        widths = self._widths.values()
        padded = [cell.truncate(width, pad=True) for cell, width in zip(cells, widths, strict=True)]
        return joined(_MARGIN, *padded)


def _signs(run: RunSummary, *, marked: bool) -> Content:
    return joined(
        Content.styled("┃" if marked else " ", ACCENT),
        Content.styled("★" if run.marks.starred else " ", WARNING),
    )


def _age(run: RunSummary) -> str:
    return units.age(time.time() - run.manifest.created) if run.manifest.created else ""


def _step(step: int, room: int) -> str:
    """The step within `room` cells: a number that is cut would be another one."""
    texts = (f"step {step:,}", f"{step:,}", f"{step / 1e3:,.0f}k", f"{step / 1e6:,.0f}M")
    return next((text for text in texts if len(text) <= room), texts[-1]) if step else ""


def _progress(run: RunSummary, room: int, style: str) -> Content:
    fraction = run.status.fraction
    if fraction is None:
        return Content.styled(_step(run.status.step, room + 7), MUTED)
    percent = Content.styled(f"{fraction:>4.0%}", MUTED)
    return joined(bar(fraction, room, style), Content(" "), percent) if room > 0 else percent
