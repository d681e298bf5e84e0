"""The curves of a run by keys: axes, smoothing, zoom, the crosshair, a choice of metrics."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from workbench.runs import events
from workbench.runs.folder import Manifest, Parent, RecipeReference, RunFolder, create
from workbench.runs.recorder import Recorder
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.run import TABS, RunScreen
from workbench.tui.widgets.curves import Curves
from workbench.tui.x_window import seen

from .conftest import LivingRun
from .driving import LARGE, SMALL, drive, press, screen, sees, until

Record = Callable[..., RunFolder]
FINISHED = events.Finished(time=9.0, step=60)
KEYS = "i l l h plus plus minus comma full_stop w w W u u u u x y z right_square_bracket 0 i"


def curves(app: WorkbenchApp) -> Curves:
    return app.screen.query_one(Curves)


def counts(pilot: Pilot[None], name: str) -> bool:
    """Whether the x axis bears that name."""
    return any(re.search(rf" {name}(  [\d.]+)?$", line) for line in screen(pilot).splitlines())


async def unseen(pilot: Pilot[None], text: str) -> None:
    await until(pilot, lambda: text not in screen(pilot), f"the end of {text!r}")


def with_epochs(folder: RunFolder) -> RunFolder:
    recorder = Recorder(folder.events_file)
    for step in (15, 30, 45, 60):
        recorder.record(
            events.Progress(time=9.0, step=step, total=60, epoch=max(step // 15, 1), epochs=4)
        )
    recorder.record(FINISHED)
    recorder.close()
    return folder


def test_the_x_axis_counts_steps_epochs_and_time(app: WorkbenchApp, record: Record) -> None:
    folder = with_epochs(record())

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await until(pilot, lambda: counts(pilot, "step"))
        await press(pilot, "u")
        await until(pilot, lambda: counts(pilot, "epoch"))
        await press(pilot, "u")
        await until(pilot, lambda: re.search(r"\d d\b", screen(pilot)), "days since 1970")
        await press(pilot, "u")
        await until(pilot, lambda: re.search(r"[A-Z][a-z][a-z] \d\d\b", screen(pilot)), "a date")
        await press(pilot, "u")
        await until(pilot, lambda: counts(pilot, "step"))

    drive(app, script, LARGE)


def test_a_run_without_epochs_does_not_offer_them(app: WorkbenchApp, record: Record) -> None:
    folder = record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await until(pilot, lambda: counts(pilot, "step"))
        await press(pilot, "u")
        await until(pilot, lambda: not counts(pilot, "step"))
        assert curves(app).view.axis == "time"

    drive(app, script)


def test_the_crosshair_reads_and_moves_and_gives_the_keys_back(
    app: WorkbenchApp, record: Record
) -> None:
    folder = record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await until(pilot, lambda: counts(pilot, "step"))
        await press(pilot, "i")
        await sees(pilot, "step 30  train/loss 0.03226  val/loss 0.06452  [red]lr[/red] 0.1")
        assert "→ move" in screen(pilot)
        await press(pilot, "L")
        await until(pilot, lambda: "step 30 " not in screen(pilot))
        moved = curves(app).view.crosshair
        await press(pilot, "h h")
        assert curves(app).view.crosshair < moved
        await press(pilot, "escape")
        await unseen(pilot, "train/loss 0.0")
        assert isinstance(app.screen, RunScreen)
        await press(pilot, "right")
        assert app.screen.tab == TABS.index("Figures")

    drive(app, script)


def test_zoom_is_told_and_a_live_run_is_followed(app: WorkbenchApp, living: LivingRun) -> None:
    async def script(pilot: Pilot[None]) -> None:
        app.show_run(living.folder)
        await until(pilot, lambda: counts(pilot, "step"))
        await press(pilot, "plus")
        await sees(pilot, "x 50%")
        await press(pilot, "plus")
        await sees(pilot, "x 25%")
        living.recorder.metrics(600, {"train/loss": 1.0})
        await until(pilot, lambda: curves(app).reach.high == 600)
        assert seen(curves(app).view, curves(app).reach)[1] == 600
        await press(pilot, "0")
        assert curves(app).note == ""

    drive(app, script)


def test_smoothing_is_told_and_goes_both_ways(app: WorkbenchApp, record: Record) -> None:
    folder = record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await until(pilot, lambda: counts(pilot, "step"))
        await press(pilot, "w w")
        await sees(pilot, "smooth 0.8")
        await press(pilot, "W W W")
        await unseen(pilot, "smooth")
        await press(pilot, "w w w w w w w w")
        await sees(pilot, "smooth 0.99")

    drive(app, script)


def test_chosen_metrics_are_drawn_and_remembered_for_the_recipe(
    app: WorkbenchApp, record: Record
) -> None:
    first, second = record(FINISHED), record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(first)
        await sees(pilot, "[red]lr[/red]")
        await press(pilot, "m")
        await sees(pilot, "3 of 3 ticked")
        await pilot.press(*"loss")
        await sees(pilot, "2 match")
        await press(pilot, "asterisk")
        await sees(pilot, "1 of 3 ticked")
        await press(pilot, "down space enter")
        await sees(pilot, "2/3 metrics")
        await unseen(pilot, "train/loss")
        assert "val/loss" in screen(pilot)
        await press(pilot, "escape")
        app.show_run(second)
        await sees(pilot, "2/3 metrics")
        await press(pilot, "m asterisk enter")
        await unseen(pilot, "/3 metrics")
        await sees(pilot, "━━ train")

    drive(app, script)


def test_a_choice_can_be_left_and_nothing_ticked_is_none(app: WorkbenchApp, record: Record) -> None:
    folder = record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "[red]lr[/red]")
        await press(pilot, "m space escape")
        await unseen(pilot, "ticked")
        assert curves(app).view.metrics is None
        await press(pilot, "m asterisk")
        await sees(pilot, "0 of 3 ticked")
        await press(pilot, "enter")
        await unseen(pilot, "ticked")
        assert curves(app).view.metrics is None

    drive(app, script)


def test_thousands_of_metrics_are_paged_and_found(app: WorkbenchApp, living: LivingRun) -> None:
    living.recorder.metrics(61, {f"layer{i:04}/norm": 1.0 for i in range(3000)})

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(living.folder)
        await sees(pilot, "page 1/")
        await press(pilot, "m")
        await sees(pilot, "3,003 of 3,003 ticked")
        await press(pilot, "pagedown")
        await sees(pilot, "layer0005/norm")
        await pilot.press(*"2718")
        await sees(pilot, "✓ layer2718/norm")
        assert "1 match" in screen(pilot)
        await pilot.press(*"zz")
        await sees(pilot, "nothing matches")

    drive(app, script)


@pytest.mark.parametrize("size", [SMALL, LARGE, (40, 12)])
def test_every_key_in_turn_harms_nothing(
    app: WorkbenchApp, record: Record, size: tuple[int, int]
) -> None:
    folder = record()
    recorder = Recorder(folder.events_file)
    recorder.metrics(70, {"train/loss": float("nan"), "\x1b[2J[b]m[/b]": float("inf")})
    recorder.record(FINISHED)
    recorder.close()

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "✓ finished")
        await until(pilot, lambda: len(curves(app).metrics) == 4)
        for key in KEYS.split():
            await press(pilot, key)
            assert isinstance(app.screen, RunScreen)
        await until(pilot, lambda: curves(app).view == app.screen._seen.plots)
        assert "\x1b" not in screen(pilot)

    drive(app, script, size)


def test_a_fork_says_where_it_comes_from_and_changes_say_what_they_were(
    app: WorkbenchApp, checkpoints: Path
) -> None:
    parent = Parent(run="images-cnn-0007", checkpoint="best.pt", step=40)
    recipe = RecipeReference(id="images/cnn", file="")
    folder, _ = create(Manifest(name="", recipe=recipe, parent=parent), checkpoints)
    recorder = Recorder(folder.events_file)
    recorder.record(events.Started(time=2.0, pid=1, host="elsewhere", device="cpu", step=40))
    for step in range(41, 101):
        recorder.metrics(step, {"loss": 1 / step})
    changed = events.ParameterSet(time=3.0, step=70, name="lr", old=0.1, value=0.0123456789)
    recorder.record(changed)
    recorder.record(FINISHED)
    recorder.close()

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "▾forked from images-cnn-0007")
        await sees(pilot, "▾lr=0.01235")

    drive(app, script)


def test_a_checkpoint_is_marked_until_it_is_written_over(app: WorkbenchApp, living: LivingRun) -> None:
    def write(step: int, reason: str) -> None:
        living.recorder.record(events.Checkpoint(time=3.0, step=step, file="last.pt", reason=reason))

    async def script(pilot: Pilot[None]) -> None:
        write(20, "asked")
        app.show_run(living.folder)
        await sees(pilot, "▾last")
        write(60, "last")
        await unseen(pilot, "▾last")

    drive(app, script)
