"""A recipe's source, layers and past runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from workbench import at_least
from workbench.catalog import RecipeInfo
from workbench.runs import events
from workbench.runs.events import Best
from workbench.runs.folder import Manifest, RecipeReference, RunFolder
from workbench.runs.listing import RunSummary
from workbench.runs.state import Status
from workbench.runs.states import State
from workbench.schema import Schema
from workbench.tui import source
from workbench.tui.app import WorkbenchApp
from workbench.tui.past_runs import past_runs, ranked
from workbench.tui.screens.launch import LaunchScreen
from workbench.tui.source import source_of
from workbench.tui.text import ACCENT
from workbench.tui.widgets.recipe_page import RecipePage, page
from workbench.tui.widgets.recipe_reader import RecipeReader
from workbench.workers.standby import Standby

from .driving import LARGE, SMALL, drive, press, screen, sees, until
from .test_recipes_screen import choose
from .test_rehearsal_screen import NET


def run(name: str, value: float | None, metric: str = "val/accuracy") -> RunSummary:
    best = None if value is None else Best(metric=metric, value=value, step=1)
    manifest = Manifest(name=name, recipe=RecipeReference("a/b", ""), created=1.0)
    return RunSummary(RunFolder(Path(name)), manifest, Status(state=State.FINISHED, best=best))


RUNS = [
    run("b-4", None),
    run("b-3", 0.5),
    run("b-2", float("nan")),
    run("b-1", 0.9),
    run("b-0", 3, "x"),
]


def test_the_best_run_comes_first_whichever_way_is_better() -> None:
    up = [one.name for one in ranked(RUNS, "val/accuracy", "max")]
    assert up == ["b-1", "b-3", "b-4", "b-2", "b-0"]
    assert ranked(RUNS, "val/accuracy", "min")[0].name == "b-3"
    assert ranked(RUNS, "val/accuracy", "") == RUNS


def test_a_recipes_page_tells_what_it_reaches() -> None:
    info = RecipeInfo("a/b", Path("b.py"), Path(), doc="Title.")
    marks = (at_least("test/accuracy", 0.9, values={"model": "lstm"}),)
    told = page(info, Schema(marks=marks, within_s=120), []).plain
    assert "Reaches  in 2m00s on two CPU cores" in told
    assert "\ntest/accuracy at least 0.9 with model=lstm\n" in told
    assert "Reaches" not in page(info, Schema(), []).plain
    assert "Reaches" not in page(info, None, []).plain


def test_past_runs_are_a_table_whose_best_is_marked() -> None:
    schema = Schema(monitor="val/accuracy", monitor_mode="max")
    lines = past_runs(RUNS, schema).plain.split("\n")
    assert lines[0] == "Runs  5  by their best val/accuracy"
    assert lines[1].startswith("★ ✓ b-1  val/accuracy 0.9")
    assert [line[0] for line in lines[2:]] == [" "] * 4
    assert len({line.index("d ago") for line in lines[1:]}) == 1
    assert past_runs([], schema).plain == ""
    many = past_runs([replace(RUNS[0])] * 11, None).plain
    assert "★" not in many and many.endswith("and 3 more")


def test_source_is_numbered_coloured_and_never_obeyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.py"
    file.write_text('import os\n\n\tname = "[b]x[/b] \x1b[2J"\n')
    shown = source_of(file)
    assert shown.plain.split("\n")[1:] == ["1  import os", "2  ", '3      name = "[b]x[/b] ␛[2J"']
    begin = shown.plain.index("import")
    assert any(span.start == begin and span.style == ACCENT for span in shown.spans)
    monkeypatch.setattr(source, "MOST_LINES", 1)
    assert "and 3 lines more" in source_of(file).plain
    assert "cannot be read: No such file" in source_of(tmp_path / "none.py").plain


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_source_is_one_key_away_and_scrolls(app: WorkbenchApp, size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await choose(pilot, "count")
        await sees(pilot, "Counts [b]slowly[/b].")
        await sees(pilot, "text   source")
        assert "v view" in screen(pilot)
        await press(pilot, "v")
        await sees(pilot, ' 2  """Counts [b]slowly[/b].')
        await press(pilot, "space space")
        page = app.screen.query_one(RecipePage)
        assert page.scroll_offset.y == page.max_scroll_y
        await press(pilot, "right")
        assert page.scroll_offset.x == page.max_scroll_x or page.scroll_offset.x > 0
        await press(pilot, "v")
        await sees(pilot, "Goes from one")
        assert page.scroll_offset == (0, 0)

    drive(app, script, size)


def test_layers_are_asked_of_the_warm_worker_once(
    checkpoints: Path, tmp_path: Path, standby: Standby
) -> None:
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "net.py").write_text(NET)
    app = WorkbenchApp(checkpoints, [tmp_path], standby=standby)

    async def script(pilot: Pilot[None]) -> None:
        await choose(pilot, "net")
        await sees(pilot, "text   source   layers")
        await press(pilot, "v v")
        await sees(pilot, "asks the warm worker…")
        await sees(pilot, "64x8")
        assert "weights" in screen(pilot)
        known = dict(app.session.rehearsals)
        assert len(known) == 1
        await press(pilot, "v")
        await sees(pilot, "Learns [b]little[/b].")
        await press(pilot, "v v")
        await sees(pilot, "64x8")
        assert app.session.rehearsals == known
        (tmp_path / "lessons" / "net.py").unlink()
        await press(pilot, "v v v")
        await sees(pilot, "✗ ")
        assert app.is_running

    drive(app, script, LARGE)


def test_a_launch_does_not_wait_for_layers_that_nobody_looks_at(
    checkpoints: Path, tmp_path: Path, standby: Standby
) -> None:
    (tmp_path / "lessons").mkdir()
    slow = NET.replace("time.sleep(self.params.wait_s)", "time.sleep(60)")
    (tmp_path / "lessons" / "slow.py").write_text(slow)
    app = WorkbenchApp(checkpoints, [tmp_path], standby=standby)

    async def script(pilot: Pilot[None]) -> None:
        await choose(pilot, "slow")
        await sees(pilot, "text   source   layers")
        await press(pilot, "v v")
        await until(pilot, lambda: app.screen.query_one(RecipeReader)._asking, "the question")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, LaunchScreen))
        await sees(pilot, "wait_s")

    drive(app, script)


def test_a_plain_recipe_has_no_layers(app: WorkbenchApp, record: Callable[..., RunFolder]) -> None:
    record(events.Finished(time=9.0, step=60))

    async def script(pilot: Pilot[None]) -> None:
        await choose(pilot, "count")
        await sees(pilot, "text   source")
        assert "layers" not in screen(pilot)

    drive(app, script)
