"""What the footer keeps where there is little room."""

from __future__ import annotations

from textual.binding import Binding

from workbench.tui import keys
from workbench.tui.widgets.key_line import _fitting, footer


def known(*ids: str) -> list[Binding]:
    return [one for one in keys.bindings(*ids) if isinstance(one, Binding)]


def fitting(room: int, *ids: str) -> str:
    return _fitting(known(*ids), room).plain.strip()


def test_the_way_out_stays_and_of_the_others_the_first_ones() -> None:
    ids = ("run.stop", "run.pause", "run.back", "curves.zoom")
    assert fitting(80, *ids) == "s stop  p pause  esc back  z zoom"
    assert fitting(27, *ids) == "s stop  p pause  esc back"
    assert fitting(26, *ids) == "s stop  esc back"
    assert fitting(12, *ids) == "esc back"
    assert fitting(5, *ids) == ""


def test_help_tells_that_keys_are_left_out() -> None:
    ids = known("run.stop", "run.pause", "run.set", "app.help", "app.quit")
    assert footer(ids, 39).plain == "s stop  p pause  e set  ? help  q leave"
    assert footer(ids, 38).plain == "s stop  p pause    ? all keys  q leave"


def test_a_living_run_with_checkpoints_is_offered_for_comparing() -> None:
    here = known("run.stop", "run.pause", "run.set", "run.checkpoint", "run.fork", "run.compare")
    told = footer([*here, *known("run.back", "curves.zoom", "app.help", "app.quit")], 78).plain
    assert told.startswith("s stop  p pause  e set  v compare  f fork  esc back  ")
    assert told.endswith("  ? all keys  q leave")
