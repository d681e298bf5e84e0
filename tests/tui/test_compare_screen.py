"""Comparing runs: curves over one another, differing parameters, results, from the page of a run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot

from workbench.runs import events
from workbench.runs.folder import Parent, RunFolder
from workbench.runs.listing import Listing
from workbench.runs.recorder import Recorder
from workbench.tui.app import WorkbenchApp
from workbench.tui.compare_facts import companions, letter
from workbench.tui.screens.compare import CompareScreen
from workbench.tui.screens.run import RunScreen

from .conftest import LivingRun
from .driving import LARGE, SMALL, drive, press, screen, sees, until

Record = Callable[..., RunFolder]
FINISHED = events.Finished(time=9.0, step=60)


def test_letters_go_on_after_z() -> None:
    assert [letter(index) for index in (0, 1, 25, 26, 52)] == ["a", "b", "z", "a2", "a3"]


def test_a_fork_is_compared_with_its_parent_and_others_with_their_like(
    record: Record, checkpoints: Path
) -> None:
    first, second, other = record(FINISHED), record(FINISHED), record(FINISHED, "lessons/raises")
    child = fork_of(first, record(FINISHED), step=40)
    known = Listing(checkpoints).read()
    assert companions(child, child.manifest(), known) == [first, child]
    alone = companions(second, second.manifest(), known)
    assert (alone[0], set(alone)) == (second, {first, second, child})
    assert companions(other, other.manifest(), known) == [other]
    shutil.rmtree(first.path)
    assert companions(child, child.manifest(), Listing(checkpoints).read()) == [child, second]


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_each_metric_has_a_plot_with_a_line_a_run(
    app: WorkbenchApp, record: Record, size: tuple[int, int]
) -> None:
    first = record(FINISHED)
    child = fork_of(first, record(FINISHED), step=30)

    async def script(pilot: Pilot[None]) -> None:
        app.show_compare([first, child])
        await sees(pilot, "━━ a")
        await sees(pilot, child.name)
        shown = screen(pilot)
        assert "train/loss" in shown
        assert "━━ a  ━━ b" in shown
        assert "b forks" in shown or size == SMALL
        assert f"▸ a  {first.name}" in shown
        (line,) = [line for line in shown.splitlines() if child.name in line]
        assert line.split()[:4] == ["b", child.name, "✓", "finished"]
        assert "fork of a at 30" in line
        assert "a add" in shown
        assert "esc back" in shown
        await press(pilot, "z")
        await sees(pilot, "plot 1/3")

    drive(app, script, size)


def test_parameters_that_differ_then_all_then_results(app: WorkbenchApp, record: Record) -> None:
    first, second = record(FINISHED), record(FINISHED)
    change(second, pause_s=0.25)
    recorder = Recorder(second.events_file)
    recorder.metrics(61, {"train/loss": 0.5, "only": 1.0})
    recorder.close()

    async def script(pilot: Pilot[None]) -> None:
        app.show_compare([first, second])
        await sees(pilot, "train/loss")
        await press(pilot, "2")
        await sees(pilot, "pause_s")
        assert row(pilot, "pause_s") == ["pause_s", "0.5", "0.25"]
        assert "steps" not in screen(pilot)
        await press(pilot, "e")
        await sees(pilot, "mood")
        assert row(pilot, "steps") == ["steps", "100", "100"]
        await press(pilot, "right")
        await sees(pilot, "lowest")
        assert row(pilot, "train/loss") == ["train/loss", "0.01667", "0.5"]
        assert row(pilot, "only") == ["only", "–", "1"]
        assert row(pilot, "lowest") == ["lowest", "0.01667", "@", "59", "0.01667", "@", "59"]

    drive(app, script)


def test_runs_are_added_by_typing_and_taken_away(app: WorkbenchApp, record: Record) -> None:
    first, second, third = record(FINISHED), record(FINISHED), record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: len(app.session.runs) == 3)
        app.show_compare([first])
        await sees(pilot, "1 run; a adds another")
        await press(pilot, "a")
        await sees(pilot, "2 of 2")
        assert first.name not in screen(pilot).partition("Compare with")[2]
        await press(pilot, "0 0 0 2")
        await sees(pilot, "1 of 2")
        await press(pilot, "enter")
        await sees(pilot, f"▸ b  {second.name}")
        await press(pilot, "a enter")
        await sees(pilot, f"▸ c  {third.name}")
        await press(pilot, "n")
        await sees(pilot, f"▸ a  {first.name}")
        await press(pilot, "d")
        await sees(pilot, f"▸ a  {second.name}")
        assert first.name not in screen(pilot)
        await press(pilot, "o")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        assert app.screen.folder == second

    drive(app, script)


def test_v_on_a_run_opens_its_comparison_and_escape_leads_back(
    app: WorkbenchApp, record: Record
) -> None:
    first, second = record(FINISHED), record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: len(app.session.runs) == 2)
        app.show_run(first)
        await sees(pilot, "✓ finished")
        await press(pilot, "v")
        await sees(pilot, f"b  {second.name}")
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))

    drive(app, script)


def test_a_living_run_is_followed_and_a_deleted_one_is_said_and_stays(
    app: WorkbenchApp, living: LivingRun, record: Record
) -> None:
    other = record(FINISHED)

    async def script(pilot: Pilot[None]) -> None:
        app.show_compare([living.folder, other])
        await sees(pilot, "● running")
        living.recorder.metrics(61, {"new/metric": 3.0})
        living.recorder.record(events.Progress(time=10.0, step=61, total=100))
        await sees(pilot, "step 61")
        await sees(pilot, "a/new/metric")
        shutil.rmtree(other.path)
        await sees(pilot, f"{other.name}: deleted meanwhile")
        await sees(pilot, "✗ deleted")
        living.recorder.record(events.Progress(time=11.0, step=62, total=100))
        await sees(pilot, "step 62")
        assert "━━ a  ━━ b" in screen(pilot)
        assert isinstance(app.screen, CompareScreen)

    drive(app, script, LARGE)


def test_runs_of_which_nothing_changes_are_not_drawn_again(
    app: WorkbenchApp, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [record(FINISHED), record(FINISHED)]
    drawn: list[object] = []

    async def script(pilot: Pilot[None]) -> None:
        app.show_compare(folders)
        await sees(pilot, "train/loss")
        await pilot.pause(0.6)
        original = app._display
        monkeypatch.setattr(app, "_display", lambda *given: (drawn.append(given), original(*given)))
        await pilot.pause(1.0)

    drive(app, script)
    assert drawn == []


def fork_of(parent: RunFolder, child: RunFolder, step: int) -> RunFolder:
    change_manifest(child, parent=Parent(run=parent.name, checkpoint="last.pt", step=step))
    return child


def change(folder: RunFolder, **values: float) -> None:
    change_manifest(folder, parameters={**folder.manifest().parameters, **values})


def change_manifest(folder: RunFolder, **fields: object) -> None:
    changed = msgspec.structs.replace(folder.manifest(), **fields)
    folder.manifest_file.write_bytes(msgspec.json.encode(changed))


def row(pilot: Pilot[None], name: str) -> list[str]:
    return next(cells for line in screen(pilot).splitlines() if (cells := line.split())[:1] == [name])


def test_the_keys_of_curves_read_values_choose_metrics_and_change_the_axis(
    app: WorkbenchApp, record: Record
) -> None:
    folders = [record(FINISHED), record(FINISHED)]

    async def script(pilot: Pilot[None]) -> None:
        app.show_compare(folders)
        await sees(pilot, "train/loss")
        await press(pilot, "x")
        await sees(pilot, "log x")
        await press(pilot, "x i")
        await sees(pilot, "b/train/loss 0.0")
        await press(pilot, "escape")
        await press(pilot, "m v a l space enter")
        await until(pilot, lambda: "val/loss" not in screen(pilot), "its curve to go")
        assert "train/loss" in screen(pilot)
        assert "2/3 metrics" in screen(pilot)

    drive(app, script, LARGE)
