"""A study is changed from its page: what keys ask is in its control file, and its answer is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot

from tests.tuning.written import append, plan_of, trials_of, write_study
from workbench.params import Parameter, Value
from workbench.runs import control, events, marks
from workbench.runs.folder import RecipeReference, RunFolder
from workbench.runs.lock import RunLock
from workbench.runs.recorder import Recorder
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.again import AgainScreen
from workbench.tui.screens.fork import ForkScreen
from workbench.tui.screens.study import StudyScreen
from workbench.tui.study.asking import settable, wanted
from workbench.tui.study.facts import StudyFacts
from workbench.tui.study.words import plan_words
from workbench.tui.widgets.parameter_form import ParameterForm
from workbench.tuning.space import Dimension, Space
from workbench.tuning.standing import after
from workbench.tuning.study import StudyFolder
from workbench.tuning.trials import TrialRecord

from .driving import drive, press, screen, sees, toasts, until

PLAN = plan_of(trials=30)
RECORDS = list(trials_of(PLAN, 6))
NARROWED: dict[str, Value] = {"lr": "0.001..0.01:log", "activation": "gelu", "jobs": 3}
BOUNDS = [Parameter(name="lr", kind="float", default=0.1, low=1e-6, high=1, log=True)]


def fields_of(changed: dict[str, Value]) -> dict[str, Parameter]:
    fields, _ = settable(PLAN, after(PLAN, changed), BOUNDS)
    return {field.name: field for field in fields}


@pytest.mark.parametrize(
    ("name", "typed", "fault"),
    [
        ("jobs", "0", "jobs=0 is out of bounds"),
        ("lr", "1e-3..2", "lr=2 is out of bounds"),
        ("lr", "0.1..0.01", "from its lower end to its upper one"),
        ("lr", "0.05", "lies outside of what is searched, 0.001..0.01:log: widen that first"),
        ("lr", "", "is not a number"),
        ("activation", "silu", "the study searches only"),
        ("lr", "1e-3..1e-1", ""),
        ("lr", "0.002", ""),
        ("activation", "relu,gelu", ""),
        ("norm", "no", ""),
    ],
)
def test_what_the_driver_would_refuse_is_told_while_it_is_typed(
    name: str, typed: str, fault: str
) -> None:
    field = fields_of(NARROWED)[name]
    if fault:
        with pytest.raises(ValueError, match=fault):
            field.parse(typed)
    else:
        assert field.parse(f" {typed} ") == typed


def test_only_what_a_sampler_takes_can_be_set() -> None:
    grid = msgspec.structs.replace(PLAN, sampler="grid")
    assert [one.name for one in settable(grid, after(grid, {}), ())[0]] == ["jobs", "minutes", "trials"]
    search = msgspec.structs.replace(PLAN, search="random", trials=30)
    assert [one.name for one in settable(search, after(search, {}), ())[0]] == ["jobs", "minutes"]
    cloud = msgspec.structs.replace(PLAN, sampler="cmaes")
    width = settable(cloud, after(cloud, {}), ())[0][4]
    with pytest.raises(ValueError, match="cloud of points"):
        width.parse("4..8")


def test_a_trial_begins_with_the_values_given_and_what_is_frozen() -> None:
    fields = {one.name: one for one in wanted(PLAN, after(PLAN, NARROWED), RECORDS[0].parameters)}
    assert fields["lr"].default == RECORDS[0].parameters["lr"]
    assert fields["activation"].default == "gelu"
    assert fields["norm"].default == "no"
    assert fields["norm"].parse("yes") is True
    assert fields["width"].parse(" ") == ""
    for typed, fault in (("1..2", "one value"), ("0.5", "widen that first")):
        with pytest.raises(ValueError, match=fault):
            fields["lr"].parse(typed)


def test_what_is_searched_now_is_told_beside_what_was_at_first() -> None:
    told = plan_words(StudyFacts(PLAN, after(PLAN, NARROWED))).plain
    assert "lr          0.001..0.01:log   at first 0.0001..0.1:log" in told
    assert "activation  gelu   frozen   at first relu,[b]tanh[/b],gelu" in told
    assert "jobs         3" in told


@dataclass
class LivingStudy:
    """A study whose driver is this test."""

    folder: StudyFolder
    recorder: Recorder

    def asked(self) -> list[control.AnyRequest]:
        """The requests so far."""
        return control.ControlReader(self.folder.run.control_file).read()


@pytest.fixture
def study(checkpoints: Path) -> Iterator[LivingStudy]:
    """Six trials have ended, and one is at work."""
    running = TrialRecord(number=6, state="running", run="trial-0006", began=1.0)
    folder = write_study(checkpoints, PLAN, [*RECORDS, running], ends=False)
    lock = RunLock(folder.run.lock_file)
    lock.acquire()
    recorder = Recorder(folder.run.events_file)
    yield LivingStudy(folder, recorder)
    recorder.close()
    lock.release()


def test_jobs_and_space_are_changed_and_the_answers_are_told(
    app: WorkbenchApp, study: LivingStudy
) -> None:
    async def script(pilot: Pilot[None]) -> None:
        app.show_run(study.folder.run)
        await sees(pilot, "b run best")
        assert "- " not in screen(pilot).splitlines()[-1], "there is one job already"
        await press(pilot, "plus plus")
        await until(pilot, lambda: len(study.asked()) == 2)
        first, second = study.asked()
        assert isinstance(first, control.SetParameter) and isinstance(second, control.SetParameter)
        assert [(one.name, one.value) for one in (first, second)] == [("jobs", 2), ("jobs", 3)]
        for old, request in enumerate((first, second), 1):
            study.recorder.record(
                events.ParameterSet(
                    time=5.0, step=6, name="jobs", old=old, value=old + 1, request=request.id
                )
            )
        await until(pilot, lambda: "jobs=3: done" in toasts(pilot))
        await press(pilot, "minus")
        await until(pilot, lambda: len(study.asked()) == 3)
        fewer = study.asked()[-1]
        assert isinstance(fewer, control.SetParameter) and fewer.value == 2
        study.recorder.record(events.Answered(time=5.5, request=fewer.id, refused="no"))
        await until(pilot, lambda: "jobs=2: refused no" in toasts(pilot))
        await press(pilot, "plus")
        await until(pilot, lambda: len(study.asked()) == 4)
        assert study.asked()[-1].value == 4, "counted from what holds"

        await press(pilot, "e")
        await sees(pilot, "one value, which freezes it")
        await press(pilot, "down down down x")
        await sees(pilot, "is not a number")
        await press(pilot, "enter")
        assert len(study.asked()) == 4, "nothing faulty is asked"
        await press(pilot, "backspace 0 . 0 1 enter")
        await until(pilot, lambda: len(study.asked()) == 5)
        asked = study.asked()[-1]
        assert isinstance(asked, control.SetParameter) and (asked.name, asked.value) == ("lr", "0.01")
        study.recorder.record(events.Answered(time=6.0, request=asked.id, refused="not [b]now"))
        await until(pilot, lambda: "lr=0.01: refused not [b]now" in toasts(pilot))

    drive(app, script)


def test_trials_are_queued_and_pruned_and_the_study_stops_after_them(
    app: WorkbenchApp, study: LivingStudy
) -> None:
    best = max(RECORDS, key=lambda one: one.value or 0.0)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(study.folder.run)
        await sees(pilot, "b run best")
        await press(pilot, "a")
        await sees(pilot, f"as {best.run}")
        await press(pilot, "down backspace enter")  # the width is to be drawn
        await until(pilot, lambda: len(study.asked()) == 1)
        queued = study.asked()[0]
        assert isinstance(queued, control.Enqueue)
        left = {name: best.parameters[name] for name in ("lr", "activation", "norm")}
        assert queued.values == left

        await press(pilot, "7")
        await sees(pilot, "● running")
        assert "K prune" not in screen(pilot), "the first trial has ended"
        await press(pilot, "G")
        await sees(pilot, "K prune")
        await press(pilot, "K y")
        await until(pilot, lambda: len(study.asked()) == 2)
        pruned = study.asked()[1]
        assert isinstance(pruned, control.Prune) and pruned.run == "trial-0006"
        append(study.folder, [TrialRecord(number=6, state="pruned", run="trial-0006")])
        await until(pilot, lambda: "K prune" not in screen(pilot))

        await press(pilot, "s")
        await sees(pilot, "e after the running trials")
        await press(pilot, "e")
        await sees(pilot, "asked to stop after the running trials")
        stop = study.asked()[2]
        assert isinstance(stop, control.Stop) and stop.when == "epoch"

    drive(app, script)


def test_an_ended_study_takes_no_changes_and_its_trials_become_runs(
    warm_app: WorkbenchApp, checkpoints: Path, recipes: Path, record: Callable[..., RunFolder]
) -> None:
    reference = RecipeReference(id="lessons/count", file=str(recipes / "lessons" / "count.py"))
    space = Space((Dimension("steps", "int", 10, 500),), {"mood": "keen"})
    plan = msgspec.structs.replace(plan_of(space=space), recipe=reference)
    values: dict[str, Value] = {"steps": 123, "pause_s": 0.25, "mood": "keen", "loud": True}
    trials = [
        TrialRecord(number=at, state="complete", run=f"trial-{at:04d}", parameters=values, value=at / 9)
        for at in range(3)
    ]
    folder = write_study(checkpoints, plan, trials)
    folder.trials_dir.mkdir()
    record(events.Finished(time=9.0, step=60)).path.rename(folder.trials_dir / "trial-0000")
    run = RunFolder(folder.trials_dir / "trial-0000")

    async def script(pilot: Pilot[None]) -> None:
        app = warm_app
        app.show_run(folder.run)
        await sees(pilot, "b run best")
        active = {one.binding.id for one in app.screen.active_bindings.values() if one.enabled}
        assert not active & {"run.set", "steer.enqueue", "steer.more", "steer.fewer", "run.stop"}
        await press(pilot, "b")
        assert isinstance(app.screen, AgainScreen)
        await sees(pilot, f"as {folder.name}/trial-0002")
        await until(pilot, lambda: not app.screen.query("#reading"))
        assert app.screen.query_one(ParameterForm).values == values
        await press(pilot, "escape 7")
        await sees(pilot, "B launch")
        await press(pilot, "f")
        await until(pilot, lambda: "no checkpoint to train on from" in toasts(pilot))
        (run.path / "last.pt").write_bytes(b"weights")
        await press(pilot, "f")
        await until(pilot, lambda: isinstance(app.screen, ForkScreen))
        await press(pilot, "escape n")
        await sees(pilot, "A note on trial-0000")
        await press(pilot, "w e l l enter")
        await until(pilot, lambda: "trial-0000: noted" in toasts(pilot))
        assert marks.read(run).note == "well"
        await press(pilot, "B")
        await sees(pilot, f"launch as {folder.name}/trial-0000")
        await until(pilot, lambda: not app.screen.query("#reading"))
        assert app.screen.query_one(ParameterForm).values["mood"] == "calm", "what that trial ran"
        await press(pilot, "escape j n")
        await until(pilot, lambda: "run of trial 1 is not there" in toasts(pilot))
        assert isinstance(app.screen, StudyScreen)

    drive(warm_app, script)
