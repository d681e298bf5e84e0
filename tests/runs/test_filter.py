"""The words that choose runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import UsageError
from workbench.params import Value
from workbench.runs import events
from workbench.runs.filter import parse
from workbench.runs.folder import Manifest, RecipeReference, RunFolder
from workbench.runs.listing import RunSummary
from workbench.runs.marks import NO_MARKS, Marks
from workbench.runs.state import Status
from workbench.runs.states import State


def run(
    name: str,
    recipe: str,
    state: State,
    parameters: dict[str, Value],
    *,
    best: float | None = None,
    marks: Marks = NO_MARKS,
) -> RunSummary:
    manifest = Manifest(
        name=name, recipe=RecipeReference(id=recipe, file=""), parameters=parameters, host="box"
    )
    found = None if best is None else events.Best(metric="val/loss", value=best, step=1)
    device = "cuda:0" if state is State.RUNNING else "cpu"
    status = Status(state=state, best=found, device=device)
    return RunSummary(RunFolder(Path(name)), manifest, status, marks=marks)


RUNS = (
    run(
        "images-cnn-0001",
        "images/cnn",
        State.FAILED,
        {"lr": 0.1, "width": 32, "mood": "Calm"},
        best=0.5,
    ),
    run(
        "images-cnn-0002",
        "images/cnn",
        State.RUNNING,
        {"lr": 0.01, "width": 64, "loud": True},
        best=0.05,
    ),
    run("fun-mlp-0001", "fun/mlp", State.LOST, {"lr": 0.001}, marks=Marks(True, "Good [b]seed")),
)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("", "012"),
        ("cnn", "01"),
        ("CNN 0002", "1"),
        ("seed", "2"),
        ("recipe:cnn", "01"),
        ("name:0001", "02"),
        ("state:failed", "0"),
        ("state:f", "0"),
        ("failed lost", "02"),
        ("failed mlp", ""),
        ("device:cuda", "1"),
        ("host:box", "012"),
        ("star", "2"),
        ("is:star", "2"),
        ("-star", "01"),
        ("-failed", "12"),
        ("is:alive", "1"),
        ("note:good", "2"),
        ("lr>0.01", "0"),
        ("lr>=1e-2", "01"),
        ("lr=0.1", "0"),
        ("width>=32 width<64", "0"),
        ("width!=32", "1"),
        ("-width=32", "12"),
        ("best<0.1", "1"),
        ("mood=calm", "0"),
        ("mood>1", ""),
        ("loud=true", "1"),
        ("cnn -state:failed lr<1", "1"),
    ],
)
def test_terms_are_joined_by_and(text: str, places: str) -> None:
    assert parse(text, RUNS).keep(RUNS) == tuple(RUNS[int(place)] for place in places)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stat:failed", "did you mean state"),
        ("state:fialed", "did you mean failed"),
        ("is:stra", "did you mean star"),
        ("widht>3", "did you mean width"),
        ("lr>fast", "'fast' is not a number"),
        ("lr>", "lr> lacks the value"),
        ("-lr>", "lr> lacks the value"),
        ("x=1", "there are: best, loud, lr, mood, width"),
    ],
)
def test_what_cannot_be_read_names_what_is_known(text: str, said: str) -> None:
    with pytest.raises(UsageError) as fault:
        parse(f"cnn {text}", RUNS)
    assert said in fault.value.title


@pytest.mark.parametrize("text", [":", "-", "--", "=", "<>", "[b]", "\x1b[2J", "a:b:c", "=1", "-=:"])
def test_nothing_typed_is_a_crash(text: str) -> None:
    try:
        parse(text, RUNS).keep(RUNS)
    except UsageError as fault:
        assert fault.title
