"""The page of a run: what it shows, and steering from it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from workbench.runs import control, events
from workbench.runs.folder import RunFolder
from workbench.tui.app import WorkbenchApp
from workbench.tui.run_facts import Snapshot, View
from workbench.tui.screens.run import RunScreen
from workbench.tui.widgets.log_view import LogView

from .conftest import LivingRun
from .driving import LARGE, SMALL, drive, press, screen, sees, toasts, until

Record = Callable[..., RunFolder]
FINISHED = events.Finished(time=9.0, step=60)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_head_and_curves(app: WorkbenchApp, record: Record, size: tuple[int, int]) -> None:
    folder = record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "✓ finished")
        await sees(pilot, "loss")
        await sees(pilot, "train")
        shown = screen(pilot)
        assert "100%" in shown
        assert "step 60/100" in shown
        assert "best val/loss 0.033 at step 59" in shown
        assert "[red]lr[/red]" in shown
        assert "val" in shown
        assert any("\u2801" <= char <= "\u28ff" for char in shown), "no curve is drawn"
        assert "esc back" in shown

    drive(app, script, size)


def test_a_growing_run_is_followed(app: WorkbenchApp, living: LivingRun) -> None:
    async def script(pilot: Pilot[None]) -> None:
        app.show_run(living.folder)
        await sees(pilot, "step 60/100")
        living.recorder.metrics(61, {"new/metric": 3.0})
        living.recorder.record(events.Progress(time=10.0, step=61, total=100))
        await sees(pilot, "step 61/100")
        await sees(pilot, "new/metric")

    drive(app, script, LARGE)


def test_a_failed_run_shows_reason_and_remedy_as_text(app: WorkbenchApp, record: Record) -> None:
    folder = record(events.Failed(time=9.0, step=60, title="no [b]luck\x1b[2J", remedy="try again"))

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "no [b]luck␛[2J")
        await sees(pilot, "try again")
        await sees(pilot, "r continue")

    drive(app, script)


def test_a_preempted_run_says_how_it_goes_on(app: WorkbenchApp, record: Record) -> None:
    folder = record(events.Stopped(time=9.0, step=60, by="SIGTERM"))

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "↻ preempted")
        await sees(pilot, "preempted (SIGTERM) at step 60")
        await sees(pilot, f"workbench resume {folder.name}")
        await sees(pilot, "r continue")

    drive(app, script)


def test_a_damaged_line_is_named_and_the_rest_is_shown(app: WorkbenchApp, record: Record) -> None:
    folder = record()
    text = folder.events_file.read_bytes().split(b"\n")
    text[3] = b'{"type":"metrics","step":'
    folder.events_file.write_bytes(
        b"\n".join([*text[:-1], b'{"type":"finished","time":9.0,"step":60}', b""])
    )

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "events.jsonl, line 4")
        await sees(pilot, "✓ finished")
        await sees(pilot, "train")

    drive(app, script)


def test_the_log_is_followed_and_its_escapes_and_markup_are_text(
    app: WorkbenchApp, record: Record
) -> None:
    folder = record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "✓ finished")
        await press(pilot, "3")
        await sees(pilot, "last line")
        with folder.output_file.open("a") as log:
            log.write("even later\n")
        await sees(pilot, "even later")
        await press(pilot, "g")
        await sees(pilot, "[b]not bold[/b] ␛[2J")
        with folder.output_file.open("a") as log:
            log.write("latest\n")
        await until(pilot, lambda: "latest" in app.screen.query_one(LogView).lines)
        assert "first line" in screen(pilot), "reading further up is disturbed"
        await press(pilot, "G")
        await sees(pilot, "latest")

    drive(app, script)


def test_figures_are_drawn_one_at_a_time(app: WorkbenchApp, record: Record) -> None:
    folder = record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "✓ finished")
        await press(pilot, "2")
        await sees(pilot, "Tally  50")
        await press(pilot, "j")
        await sees(pilot, "once ␛[2J upon")

    drive(app, script)


def test_a_figure_that_cannot_be_read_says_why(app: WorkbenchApp, living: LivingRun) -> None:
    shown = events.FigureShown(time=4.0, step=50, name="Tally", file="../run.json")
    living.recorder.record(shown)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(living.folder)
        await sees(pilot, "● running")
        await press(pilot, "2")
        await sees(pilot, "the figure cannot be read")

    drive(app, script)


def test_parameters_name_the_seed_and_checkpoints_their_steps(
    app: WorkbenchApp, record: Record
) -> None:
    folder = record(FINISHED)
    (folder.path / "best.pt").write_bytes(bytes(1_200_000))
    (folder.path / "step-00000020.pt").write_bytes(bytes(10))

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "✓ finished")
        await press(pilot, "4")
        await sees(pilot, "pause_s  0.5")
        assert "seed     7" in screen(pilot)
        await press(pilot, "right")
        await sees(pilot, "best.pt")
        lines = screen(pilot).splitlines()
        assert "file step reason size age" in " ".join(screen(pilot).split())
        (best,) = [line.split() for line in lines if line.strip().startswith("best.pt")]
        assert best[:5] == ["best.pt", "40", "best", "1.2", "MB"]
        (kept,) = [line.split() for line in lines if line.strip().startswith("step-00000020.pt")]
        assert kept[1:5] == ["20", "–", "10", "B"]
        assert f"workbench fork {folder.name} --checkpoint best.pt" in screen(pilot)
        await press(pilot, "j")
        await sees(pilot, f"workbench fork {folder.name} --checkpoint step-00000020.pt")
        (folder.path / "step-00000020.pt").unlink()
        await until(pilot, lambda: "step-00000020.pt" not in screen(pilot), "its removal")

    drive(app, script)


def test_zoom_shows_one_plot_and_log_scales_are_named(app: WorkbenchApp, record: Record) -> None:
    folder = record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "[red]lr[/red]")
        await press(pilot, "z")
        await sees(pilot, "plot 1/2")
        assert "[red]lr[/red]" not in screen(pilot)
        await press(pilot, "right_square_bracket")
        await sees(pilot, "[red]lr[/red]")
        await press(pilot, "z x y")
        await sees(pilot, "log x · log y")

    drive(app, script)


def test_pause_checkpoint_and_resume_reach_the_worker_and_its_answers_are_told(
    app: WorkbenchApp, living: LivingRun
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        app.show_run(living.folder)
        await sees(pilot, "● running")
        await press(pilot, "c")
        await until(pilot, living.requests)
        (saving,) = living.requests()
        assert isinstance(saving, control.SaveCheckpoint)
        living.recorder.record(events.Answered(time=10.0, request=saving.id, refused="disk [b]full"))
        await until(pilot, lambda: "checkpoint: refused disk [b]full" in toasts(pilot))
        await press(pilot, "p")
        await until(pilot, lambda: len(living.requests()) == 2)
        assert isinstance(living.requests()[1], control.Pause)
        living.recorder.record(events.Paused(time=11.0, step=60))
        living.recorder.record(events.Answered(time=11.0, request=living.requests()[1].id))
        await sees(pilot, "‖ paused")
        await until(pilot, lambda: "pause: done" in toasts(pilot))
        await press(pilot, "p")
        await until(pilot, lambda: len(living.requests()) == 3)
        assert isinstance(living.requests()[2], control.Resume)

    drive(app, script)


def test_a_run_without_known_live_parameters_says_so(app: WorkbenchApp, living: LivingRun) -> None:
    async def script(pilot: Pilot[None]) -> None:
        app.show_run(living.folder)
        await sees(pilot, "● running")
        await press(pilot, "e")
        await until(pilot, lambda: "no parameter that can be set" in toasts(pilot))

    drive(app, script)


def test_leaving_the_page_goes_back_to_where_one_was(app: WorkbenchApp, record: Record) -> None:
    record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "lessons-count-0001")
        await press(pilot, "enter")
        await sees(pilot, "1 Curves")
        await press(pilot, "escape")
        await sees(pilot, "2 Runs")
        assert not isinstance(app.screen, RunScreen)

    drive(app, script)


def test_a_deleted_run_closes_its_page(app: WorkbenchApp, record: Record) -> None:
    folder = record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "✓ finished")
        await press(pilot, "d y")
        await until(pilot, lambda: not isinstance(app.screen, RunScreen))
        assert not folder.path.exists()

    drive(app, script)


def test_what_was_read_for_another_tab_leaves_the_curves_as_they_are(
    app: WorkbenchApp, record: Record
) -> None:
    folder = record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "━━ train")
        page = app.screen
        assert isinstance(page, RunScreen)
        page.post_message(RunScreen.Read(View(), Snapshot(page.facts)))
        await pilot.pause()
        assert "━━ train" in screen(pilot)

    drive(app, script)


def test_a_run_that_changes_nothing_is_not_drawn_again(
    app: WorkbenchApp, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = record(FINISHED)
    drawn: list[object] = []

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "best val/loss")
        await pilot.pause(0.6)
        original = app._display
        monkeypatch.setattr(app, "_display", lambda *given: (drawn.append(given), original(*given)))
        await pilot.pause(1.5)

    drive(app, script)
    assert drawn == []
