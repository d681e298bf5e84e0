"""What the footer keeps where there is little room."""

from __future__ import annotations

from textual.binding import Binding

from workbench.tui import keys
from workbench.tui.widgets.key_line import _fitting


def footer(room: int, *ids: str) -> str:
    known = [one for one in keys.bindings(*ids) if isinstance(one, Binding)]
    return _fitting(known, room).plain.strip()


def test_the_way_out_stays_and_of_the_others_the_first_ones() -> None:
    ids = ("run.stop", "run.pause", "run.back", "curves.zoom")
    assert footer(80, *ids) == "s stop  p pause  esc back  z zoom"
    assert footer(27, *ids) == "s stop  p pause  esc back"
    assert footer(26, *ids) == "s stop  esc back"
    assert footer(12, *ids) == "esc back"
    assert footer(5, *ids) == ""
