"""Figures as runs recorded them."""

from __future__ import annotations

from typing import TypeVar

from workbench.figures import data
from workbench.runs.history import History

Kind = TypeVar("Kind", bound=data.Figure)


def shown(history: History, name: str, kind: type[Kind], index: int = -1) -> Kind:
    """A figure of that kind; the last of its series unless another is asked for."""
    recorded = history.figures[name][index]
    file = history.folder.figures_dir / recorded.file if recorded.file else None
    found = data.decode(file.read_bytes() if file else bytes(recorded.figure))
    assert isinstance(found, kind), found
    return found


def rows(history: History, name: str) -> list[list[data.Cell]]:
    """The rows of a table."""
    return [list(row) for row in shown(history, name, data.Table).rows]
