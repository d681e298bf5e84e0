"""The command line as it is written."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from workbench.cli import main, parser
from workbench.errors import UsageError

CALLS = {
    "list": ["list"],
    "show": ["show", "cnn"],
    "run": ["run", "cnn"],
    "tune": ["tune", "cnn"],
    "runs": ["runs"],
    "watch": ["watch", "1"],
    "inspect": ["inspect", "cnn"],
    "compare": ["compare", "1", "2"],
    "stop": ["stop", "1"],
    "queue": ["queue"],
    "pause": ["pause", "1"],
    "resume": ["resume", "1"],
    "fork": ["fork", "1"],
    "set": ["set", "1", "lr=1"],
    "probe": ["probe", "1", "--last"],
    "rm": ["rm", "1"],
    "new": ["new", "a/b"],
    "config": ["config"],
    "web": ["web"],
    "doctor": ["doctor"],
}


@pytest.mark.parametrize("name", parser.COMMANDS)
def test_each_command_has_a_function_that_takes_the_call(name: str) -> None:
    function = main.command(parser.parse(CALLS[name]))

    assert list(inspect.signature(function).parameters) == ["args"]


@pytest.mark.parametrize("name", parser.COMMANDS)
def test_each_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        parser.parse([name, "--help"])
    assert parser.COMMANDS[name].text in capsys.readouterr().out


def test_places_may_stand_before_and_after_the_command() -> None:
    args = parser.parse(["--recipes", "/a", "--checkpoints", "/x", "list", "--recipes", "/b"])

    assert args.recipes == [Path("/a"), Path("/b")]
    assert args.checkpoints == Path("/x")
    assert parser.parse(["list", "--checkpoints", "/y"]).checkpoints == Path("/y")


def test_a_place_that_was_given_once_does_not_stay_for_the_next_call() -> None:
    parser.parse(["--recipes", "/a", "list"])

    assert parser.parse(["list"]).recipes == []


def test_options_may_stand_between_the_parameters() -> None:
    args = parser.parse(["run", "cnn", "--seed", "3", "width=4", "--detach", "lr=-1"])

    assert args.words == ["cnn", "width=4", "lr=-1"]
    assert (args.seed, args.detach) == (3, True)


def test_what_to_do_about_nan_is_one_of_three() -> None:
    for call in (["run", "cnn"], ["resume", "1"], ["fork", "1"]):
        assert parser.parse([*call, "--on-nan", "skip"]).on_nan == "skip"
        assert parser.parse(call).on_nan is None
        with pytest.raises(UsageError, match="invalid choice: 'panic'"):
            parser.parse([*call, "--on-nan", "panic"])


def test_a_mistyped_command_gets_the_nearest_names() -> None:
    with pytest.raises(UsageError, match="no command 'lst'; did you mean list"):
        parser.parse(["lst"])


@pytest.mark.parametrize(
    "call",
    [
        ["run", "cnn", "--sed", "3"],
        ["run", "cnn", "--seed", "three"],
        ["list", "images", "audio"],
        ["set", "1"],
        ["queue", "sideways", "1"],
        ["--checkpoints", ""],
    ],
)
def test_a_wrong_call_is_refused_with_where_to_look(call: list[str]) -> None:
    with pytest.raises(UsageError, match=r"--help` shows"):
        parser.parse(call)
