"""`workbench list` and `workbench show`."""

from __future__ import annotations

import json

import pytest

from workbench.cli.main import main


def test_list_shows_topics_titles_and_what_is_broken(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0

    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert "lessons" in lines
    assert "count   Counts, as slowly as it is told." in lines
    assert any(line.startswith("broken  broken: line 1:") for line in lines)
    assert any("no_such_module_anywhere: " in line and "pip install" in line for line in lines)


def test_escapes_in_a_title_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    main(["list", "lessons"])

    out = capsys.readouterr().out
    assert "Needs ␛]0;what␇ nobody has." in out
    assert "\x1b" not in out


def test_list_of_one_topic_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "lessons", "--json"]) == 0

    found = {recipe["id"]: recipe for recipe in json.loads(capsys.readouterr().out)}
    assert set(found) == {f"lessons/{name}" for name in ("broken", "count", "fails", "needs")}
    assert found["lessons/count"]["summary"] == "The second paragraph is the summary."
    assert found["lessons/needs"]["missing"] == ["no_such_module_anywhere"]
    assert found["lessons/broken"]["error"]


def test_an_unknown_topic_gets_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "lesson"]) == 2

    assert "did you mean lessons" in capsys.readouterr().err


def test_show_tells_text_parameters_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "count"]) == 0

    out = capsys.readouterr().out
    assert "The second paragraph is the summary." in out
    assert "lessons/count.py" in out
    pause = next(line for line in out.splitlines() if line.startswith("pause_s"))
    assert pause.split() == ["pause_s", "0", "0", "to", "10", "live", "seconds", "a", "step"]
    assert "calm, keen" in out
    assert "within 1m30s" in out and "train/loss at most 0.05 with mood=keen" in out


def test_show_as_json_has_the_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "lessons/count", "--json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    steps = next(p for p in shown["parameters"] if p["name"] == "steps")
    assert (steps["default"], steps["low"], steps["high"]) == (20, 1, 100_000)
    (mark,) = shown["marks"]
    assert (mark["metric"], mark["better"], mark["bound"]) == ("train/loss", "min", 0.05)
    assert shown["within_s"] == 90


def test_show_of_a_broken_recipe_says_why_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "lessons/broken"]) == 1

    assert "line 1" in capsys.readouterr().err
