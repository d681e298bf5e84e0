"""The parameters of a run as a text: what differs, the others, origin and environment."""

from __future__ import annotations

from workbench.params import Parameter, Value
from workbench.runs import events
from workbench.runs.folder import Manifest, Parent, RecipeReference
from workbench.runs.forks import Child
from workbench.runs.state import Status
from workbench.schema import Schema
from workbench.tui.run_facts import Facts
from workbench.tui.widgets.run_header import header
from workbench.tui.widgets.run_tables import MOST_CHILDREN, MOST_MESSAGES, parameters_text

MANIFEST = Manifest(
    name="images-cnn-0007",
    recipe=RecipeReference(id="images/cnn", file=""),
    seed=3,
    host="box",
    versions={"torch": "2.9", "numpy": "2.1"},
    parent=Parent(run="images-cnn-0001", checkpoint="best.pt", step=1200),
)
SCHEMA = Schema(
    parameters=(
        Parameter("width", "int", 16),
        Parameter("lr", "float", 0.1, live=True),
        Parameter("norm", "bool", default=True),
    )
)
VALUES: dict[str, Value] = {"width": 16, "lr": 0.05, "norm": False, "removed": "[b]x\x1b[2J"}


def facts(**fields: object) -> Facts:
    given = {
        "manifest": MANIFEST,
        "schema": SCHEMA,
        "values": VALUES,
        "status": Status(device="cuda:0"),
    }
    return Facts(**{**given, **fields})


def sections(shown: Facts) -> dict[str, list[str]]:
    """The lines below each heading."""
    text = parameters_text(shown).plain
    return {lines[0]: lines[1:] for part in text.split("\n\n") if (lines := part.split("\n"))}


def test_what_differs_stands_first_and_says_what_the_default_is() -> None:
    told = sections(facts())
    assert list(told) == ["Differs from the defaults   2 of 4", "The others", "Origin", "Environment"]
    differs, others, *_ = told.values()
    assert [line.split() for line in differs] == [
        ["lr", "0.05", "default", "0.1", "live:", "e", "sets", "it"],
        ["norm", "no", "default", "yes"],
    ]
    assert [line.split() for line in others] == [["width", "16"], ["removed", "[b]x␛[2J"]]


def test_all_that_the_run_said_is_told_whole_and_its_head_counts_it() -> None:
    said = ("60 pictures are scaled", "all become [b]grey[/b] " + "x" * 200, "late")
    told = facts(messages=tuple(events.Message(time=0.0, text=text) for text in said))
    assert sections(told)["Messages"] == list(said)
    assert header("a", told, 80).plain.endswith("3 messages, the last: late")
    alone = facts(messages=(events.Message(time=0.0, text="late"),))
    assert header("a", alone, 80).plain.splitlines()[-1] == "late"
    many = facts(
        messages=tuple(events.Message(time=0.0, text=str(n)) for n in range(MOST_MESSAGES + 5))
    )
    assert sections(many)["Messages   the last 100"][0] == "5"


def test_all_as_by_default_and_unknown_defaults_are_told_apart() -> None:
    values = {"width": 16, "lr": 0.1, "norm": True}
    assert "Differs from the defaults   no parameter does" in sections(facts(values=values))
    unknown = sections(facts(schema=None))
    assert "Parameters   the defaults are not known: the recipe cannot be read here" in unknown
    assert "this run has no parameters" in sections(facts(values={}))


def test_origin_and_environment_are_named() -> None:
    told = sections(facts(children=(Child(40, "images-cnn-0008"), Child(1500, "images-cnn-0009"))))
    assert "forked from  images-cnn-0001 at step 1,200" in told["Origin"]
    assert "forked into  images-cnn-0008 at step 40, images-cnn-0009 at step 1,500" in told["Origin"]
    assert [line.split() for line in told["Environment"]] == [
        ["host", "box"],
        ["device", "cuda:0,", "by", "auto"],
        ["torch", "2.9"],
        ["numpy", "2.1"],
    ]


def test_of_many_forks_some_are_named() -> None:
    many = tuple(Child(step, f"run-{step}") for step in range(50))
    (line,) = [line for line in sections(facts(children=many))["Origin"] if "into" in line]
    assert line.count("at step") == MOST_CHILDREN
    assert line.endswith(" and 44 more")
