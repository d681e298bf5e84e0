"""Changes of limits and space are checked before they hold, and what held is read from the record."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.tuning.conftest import SCHEMA
from workbench.params import Value
from workbench.runs import control, events
from workbench.runs.recorder import Recorder
from workbench.tuning.changing import Changes
from workbench.tuning.standing import Standing, standing
from workbench.tuning.study import StudyFolder

Make = Callable[..., StudyFolder]
WORDS = {"x": "-1..1", "width": "1..16", "mood": "calm,keen,crash", "epochs": "2"}


def ask(changes: Changes, name: str, value: Value) -> tuple[Value, Value]:
    return changes.set(control.SetParameter(name=name, value=value), SCHEMA.parameters)


@pytest.mark.parametrize(
    ("name", "given", "old", "new"),
    [
        ("jobs", "4", 1, 4),
        ("minutes", "1.5", 0.0, 1.5),
        ("trials", 0, 30, 0),
        ("x", "0..0.5", "-1..1", "0..0.5"),
        ("x", "0.123456789..0.5", "-1..1", "0.123456789..0.5"),
        ("x", "0.25", "-1..1", 0.25),
        ("width", "4..64", "1..16:log", "4..64:log"),
        ("width", "4..64:log", "1..16:log", "4..64:log"),
        ("mood", "keen, calm", "calm,keen,crash", "keen,calm"),
        ("mood", "keen", "calm,keen,crash", "keen"),
    ],
)
def test_a_change_holds_and_says_what_was(
    study: Make, name: str, given: Value, old: Value, new: Value
) -> None:
    changes = Changes(study(words=WORDS).plan(), {})
    assert ask(changes, name, given) == (old, new)
    assert changes.now.words(name) == new


@pytest.mark.parametrize(
    ("name", "given", "fault"),
    [
        ("jobs", "0", "jobs=0 is out of bounds"),
        ("x", "0..2", "x=2 is out of bounds"),
        ("x", "3", "x=3 is out of bounds"),
        ("x", "0.5..0.1", "from its lower end to its upper one"),
        ("x", "0,0.5", "give another range, or one value"),
        ("x", "much", "is not a number"),
        ("width", "1..8:linear", "a log scale, which stays"),
        ("width", "32", "lies outside of what is searched, 1..16:log"),
        ("mood", "calm,die", "mood=die: the study searches only calm,keen,crash"),
        ("mood", "a..b", "is a range, and the study searches a list"),
        ("epochs", "3", "epochs is the same in every trial"),
        ("pace_s", "3", "pace_s cannot be set while the study runs; these can: trials, minutes"),
    ],
)
def test_a_change_that_cannot_hold_is_refused(study: Make, name: str, given: Value, fault: str) -> None:
    changes = Changes(study(words=WORDS).plan(), {})
    before = changes.now
    with pytest.raises(ValueError, match=fault):
        ask(changes, name, given)
    assert changes.now == before


def test_samplers_refuse_what_they_cannot_do(study: Make) -> None:
    cloud = Changes(study(words={"x": "-1..1", "width": "1..16"}, sampler="cmaes").plan(), {})
    with pytest.raises(ValueError, match="sampler cmaes has its cloud of points"):
        ask(cloud, "x", "0..0.5")
    assert ask(cloud, "x", "0.5") == ("-1..1", 0.5)
    grid = Changes(study(words={"width": "1..3"}, sampler="grid").plan(), {})
    with pytest.raises(ValueError, match="a grid is laid out when its study begins"):
        ask(grid, "width", "2")
    assert ask(grid, "trials", 99) == (3, 3)  # no more than it has points


def test_what_held_is_read_from_the_record_in_the_order_of_time(study: Make) -> None:
    folder = study(words=WORDS)
    recorder = Recorder(folder.run.events_file)

    def begin(attempt: int, time: float) -> None:
        recorder.record(
            events.Started(time=time, pid=1, host="box", device="", attempt=attempt, step=3)
        )

    def said(time: float, name: str, value: Value) -> None:
        recorder.record(events.ParameterSet(time=time, step=3, name=name, old="", value=value))

    begin(1, 10)
    for time, name, value in [
        (11, "jobs", 4),
        (12, "x", "0..0.5"),
        (13, "mood", "calm,keen"),
        (14, "trials", 50),
        (15, "x", 0.25),
    ]:
        said(time, name, value)
    control.ask(folder.run.control_file, control.Launch(parameters={"trials": 60, "jobs": 2}))
    begin(2, 20)
    said(21, "jobs", 3)

    def held() -> Standing:
        return standing(folder, folder.plan())

    now = held()
    assert (now.trials, now.jobs) == (60, 3)
    assert now.frozen == {"x": 0.25}
    assert now.dimension("mood").values == ("calm", "keen")
    said(22, "x", "0..1")
    assert held().frozen == {}
    assert held().words("x") == "0..1"
