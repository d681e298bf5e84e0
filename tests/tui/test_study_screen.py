"""The page of a study, driven by keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot

from tests.tuning.written import append, plan_of, trials_of, write_study
from workbench.runs import control, events, marks
from workbench.runs.folder import RunFolder
from workbench.runs.lock import RunLock
from workbench.runs.recorder import Recorder
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.run import RunScreen
from workbench.tui.screens.study import StudyScreen
from workbench.tui.study.facts import StudyView
from workbench.tui.study.reader import StudyReader
from workbench.tui.study.trial_lines import NOTED
from workbench.tui.widgets.trials_table import TrialsTable
from workbench.tuning.study import Objective, StudyFolder
from workbench.tuning.trials import TrialRecord

from .driving import LARGE, SMALL, drive, press, screen, sees, toasts, until

PLAN = plan_of(trials=30)
RECORDS = list(trials_of(PLAN, 24))


@pytest.fixture
def folder(checkpoints: Path) -> StudyFolder:
    return write_study(checkpoints, PLAN, RECORDS)


@pytest.mark.parametrize("size", [(40, 12), SMALL, LARGE])
def test_a_study_in_the_list_opens_its_page_and_every_tab_shows_something(
    app: WorkbenchApp, checkpoints: Path, size: tuple[int, int]
) -> None:
    write_study(checkpoints, PLAN, RECORDS)

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "tune-images")
        await press(pilot, "enter")
        await sees(pilot, "trial 24/24")
        await sees(pilot, "best so far")
        assert isinstance(app.screen, StudyScreen)
        for tab, said in (
            ("3", "best tenth"),
            ("4", "lr"),
            ("5", "width"),
            ("6", "complete"),
            ("7", "trial ▲"),
            ("8", "[b]not bold[/b]"),
            ("9", "Searched"),
        ):
            await press(pilot, tab)
            await sees(pilot, said)
        assert "esc back" in screen(pilot)
        await press(pilot, "escape")
        assert not isinstance(app.screen, StudyScreen)

    drive(app, script, size)


def test_what_is_doubtful_about_the_metric_is_told_with_what_is_searched(
    app: WorkbenchApp, checkpoints: Path
) -> None:
    plan = plan_of(Objective("train/loss", "min"), trials=30)
    folder = write_study(checkpoints, plan, list(trials_of(plan, 4)))

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder.run)
        await sees(pilot, "best so far")
        await press(pilot, "9")
        await sees(pilot, "trials are compared by train/loss, by what they learned from")
        assert screen(pilot).index("compared by") < screen(pilot).index("Searched")

    drive(app, script)


def test_plots_have_the_whole_screen_turn_and_are_exported(
    app: WorkbenchApp, folder: StudyFolder
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder.run)
        await sees(pilot, "best so far")
        await press(pilot, "4 z")
        await until(pilot, lambda: "History" not in screen(pilot) and "lr" in screen(pilot))
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert len(titles) == len(set(titles)), "what has two keys is offered twice"
        assert {"The plot as a PNG in the study's folder", "Out of the full screen"} <= set(titles)
        await press(pilot, "right_square_bracket")
        await sees(pilot, "width")
        await press(pilot, "C")
        await until(pilot, lambda: "plots/slices-width.csv is in the study's folder" in toasts(pilot))
        await press(pilot, "escape 5")
        await sees(pilot, "width ↑")
        await press(pilot, "right_square_bracket")
        await sees(pilot, "activation ↑")
        await press(pilot, "x")
        await until(pilot, (folder.run.path / "plots" / "contour-lr-activation.png").exists)
        await press(pilot, "1 y")
        await until(pilot, lambda: app.screen.query_one("#plot").view.log_y)
        await sees(pilot, "best so far")

    drive(app, script)


def test_a_trial_opens_its_run_and_one_that_is_gone_is_told(
    app: WorkbenchApp, folder: StudyFolder, record: Callable[..., RunFolder]
) -> None:
    run = record(events.Finished(time=9.0, step=60))
    folder.trials_dir.mkdir()
    run.path.rename(folder.trials_dir / "trial-0001")
    append(folder, [TrialRecord(number=2, state="complete", run="../trials/trial-0001", value=0.1)])

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder.run)
        await sees(pilot, "best so far")
        await press(pilot, "7")
        await sees(pilot, "✗ failed")
        await press(pilot, "enter")
        await until(pilot, lambda: "run of trial 0 is not there" in toasts(pilot))
        await press(pilot, "j j enter")
        await until(pilot, lambda: "run of trial 2 is not there" in toasts(pilot))
        await press(pilot, "k enter")
        await sees(pilot, "━━ train")
        assert isinstance(app.screen, RunScreen)
        await press(pilot, "escape o o O")
        await sees(pilot, "val/accuracy ▼")
        assert app.screen.query_one(TrialsTable).chosen.number == 1

    drive(app, script)


def test_a_study_that_died_opens_on_its_post_mortem(app: WorkbenchApp, checkpoints: Path) -> None:
    folder = write_study(checkpoints, PLAN, RECORDS[:3], ends=False)
    append(folder, [TrialRecord(number=3, state="running", run="trial-0003", began=9.0)])
    recorder = Recorder(folder.run.events_file)
    recorder.record(
        events.Failed(time=9.0, step=3, title="all [b]failed[/b]", remedy="mend it", exception="Oh")
    )

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder.run)
        await sees(pilot, "What happened")
        shown = screen(pilot)
        assert shown.count("all [b]failed[/b]") == 1, "said once"
        assert "Oh at trial 3" in shown and "mend it" in shown
        await press(pilot, "1")
        await sees(pilot, "3 complete")
        await sees(pilot, "all [b]failed[/b]")
        await press(pilot, "7 G")
        await sees(pilot, "left behind by its driver: it is tried again when the study goes on")
        await press(pilot, "0")
        await sees(pilot, "What happened")
        recorder.record(events.Started(time=1e10, pid=1, host="elsewhere", device="", attempt=2))
        recorder.record(events.Finished(time=1e10, step=3))
        await until(pilot, lambda: "What happened" not in screen(pilot))
        await press(pilot, "0")
        await sees(pilot, "✓ finished")

    drive(app, script)
    recorder.close()


def test_notes_come_into_the_table_while_it_is_open(
    app: WorkbenchApp, folder: StudyFolder, record: Callable[..., RunFolder]
) -> None:
    run = record(events.Finished(time=9.0, step=60))
    folder.trials_dir.mkdir()
    run.path.rename(folder.trials_dir / "trial-0001")

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder.run)
        await sees(pilot, "best so far")
        await press(pilot, "7 j")
        await sees(pilot, "trial-0001")
        assert NOTED not in screen(pilot)
        marks.annotate(RunFolder(folder.trials_dir / "trial-0001"), "the [b]good[/b] one")
        await sees(pilot, NOTED)
        await sees(pilot, "the [b]good[/b] one")
        marks.annotate(RunFolder(folder.trials_dir / "trial-0001"), "")
        await until(pilot, lambda: NOTED not in screen(pilot))

    drive(app, script)


def test_a_living_study_is_followed_and_asked(app: WorkbenchApp, checkpoints: Path) -> None:
    folder = write_study(checkpoints, PLAN, RECORDS[:3], ends=False)
    lock = RunLock(folder.run.lock_file)
    lock.acquire()
    recorder = Recorder(folder.run.events_file)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder.run)
        await sees(pilot, "● running")
        await sees(pilot, "3 complete")
        append(folder, RECORDS[3:9])
        await sees(pilot, "1 pruned")
        await press(pilot, "6")
        await sees(pilot, "3│")
        await press(pilot, "p")
        requests = control.ControlReader(folder.run.control_file)
        await until(pilot, lambda: any(isinstance(one, control.Pause) for one in requests.read()))

    try:
        drive(app, script)
    finally:
        recorder.close()
        lock.release()


def test_a_study_of_several_metrics_has_a_front(app: WorkbenchApp, checkpoints: Path) -> None:
    plan = plan_of(Objective("val/accuracy", "max"), Objective("params", "min"))
    folder = write_study(checkpoints, plan, list(trials_of(plan, 30)))

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder.run)
        await sees(pilot, "1 Pareto front")
        await sees(pilot, "trials on the Pareto front")
        await press(pilot, "4")
        await sees(pilot, "val/accuracy")
        await press(pilot, "m")
        await sees(pilot, "params")

    drive(app, script)


def test_a_damaged_study_and_one_whose_folder_goes_are_told(
    app: WorkbenchApp, folder: StudyFolder
) -> None:
    folder.plan_file.write_text("{")

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder.run)
        await sees(pilot, "study.json cannot be read")
        await press(pilot, "7 9 1")
        folder.run.path.rename(folder.run.path.with_name("elsewhere"))
        await sees(pilot, "is no more")

    drive(app, script)


def test_nothing_is_handed_on_where_nothing_is_new(folder: StudyFolder) -> None:
    reader = StudyReader(folder.run)
    for plot in ("history", "workers", None):
        view = StudyView(plot, 80, 20)
        assert reader.read(view) is not None
        assert reader.read(view) is None
    append(folder, [msgspec.structs.replace(RECORDS[0], number=24)])
    snapshot = reader.read(view)
    assert snapshot is not None and len(snapshot.facts.trials) == 25
    reader.close()
