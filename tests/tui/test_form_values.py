"""Defaults and the newest run's values, one key apart; marks, hints, paths."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from workbench.params import Parameter
from workbench.runs.folder import Manifest, RecipeReference, RunFolder
from workbench.tui.app import WorkbenchApp
from workbench.tui.value_sets import ValueSet, ValueSets, following
from workbench.tui.widgets.path_field import what_is_at
from workbench.tui.widgets.recipe_page import value_text
from workbench.workers.standby import Standby

from .driving import LARGE, drive, press, screen, sees, until
from .test_launch_screen import field, open_form

LR = Parameter(name="lr", kind="float", default=0.1, high=1)
MOOD = Parameter(name="mood", kind="choice", default="calm", choices=("calm", "keen"))
SEED = Parameter(name="seed", kind="int", default=0)
DEVICE = Parameter(name="device", kind="choice", default="auto", choices=("auto", "cpu"))

READS = '''
"""Reads a file."""
from workbench import Recipe, path

class Reads(Recipe):
    class Params(Recipe.Params):
        source: str = path(help="what is read")
'''


def test_a_run_gives_what_the_recipe_still_takes_and_defaults_for_the_rest() -> None:
    given = {"lr": 5.0, "mood": "keen", "gone": 1}
    manifest = Manifest(
        name="a-1", recipe=RecipeReference("a", ""), parameters=given, seed=7, device="cuda:9"
    )
    shown = ValueSets([LR, MOOD], [SEED, DEVICE]).of_run(manifest)
    assert shown.values == {"lr": 0.1, "mood": "keen"}
    assert shown.run_values == {"seed": 7, "device": "auto"}
    assert shown.label == "as a-1"


def test_sets_that_look_alike_are_one_and_the_last_is_followed_by_the_first() -> None:
    start = ValueSets([LR], [SEED]).defaults()
    same = ValueSet("as a-1", {"lr": 0.1}, {"seed": 0})
    other = ValueSet("as a-2", {"lr": 0.5}, {"seed": 0})
    assert following(start, [same, other]) is other
    assert following(other, [same, other]) is same
    assert following(ValueSet("", {"lr": 0.7}, {"seed": 0}), [same, other]) is same


def test_what_was_typed_comes_back_after_the_others() -> None:
    sets = ValueSets([LR, MOOD], [SEED])
    typed = {"lr": 0.3, "mood": "calm"}
    newest = ValueSet("as a-1", {"lr": 0.5, "mood": "keen"}, {"seed": 1})
    run = {"seed": 0, "wait": False}
    assert sets.whose(typed, run, newest) == "1 differs from the defaults"
    first = sets.turned(typed, run, newest)
    assert first is newest
    second = sets.turned(first.values, first.run_values, newest)
    assert sets.whose(second.values, second.run_values, newest) == "the defaults"
    third = sets.turned(second.values, second.run_values, newest)
    assert (third.values, third.run_values) == (typed, {"seed": 0})


def test_a_number_keeps_all_its_digits() -> None:
    assert value_text(0.1 + 0.2) == "0.30000000000000004"
    assert (value_text(1e-7), value_text(0.5)) == ("1e-07", "0.5")


def test_a_path_tells_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("four")
    assert what_is_at(str(tmp_path)).plain == "a folder"
    assert what_is_at(str(tmp_path / "file")).plain == "a file, 4 B"
    assert what_is_at(str(tmp_path / "none")).plain == "nothing is there"
    assert what_is_at(str(tmp_path / "file" / "x")).plain.startswith("cannot be read: Not a dir")
    assert "write out ~" in what_is_at("~/nowhere").plain


def test_one_key_turns_to_the_newest_run_the_defaults_and_what_was_typed(
    warm_app: WorkbenchApp, record: Callable[..., RunFolder]
) -> None:
    record()

    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "count")
        await sees(pilot, "Parameters   the defaults")
        await sees(pilot, "^t other values")
        await press(pilot, "ctrl+t")
        await sees(pilot, "as lessons-count-0001")
        assert [field(pilot, name).value for name in ("steps", "pause_s", "seed")] == [100, 0.5, 7]
        assert "• steps" in screen(pilot)
        assert "• mood" not in screen(pilot)
        assert "default 400" in screen(pilot)
        await press(pilot, "ctrl+t")
        await sees(pilot, "Parameters   the defaults")
        assert field(pilot, "steps").value == 400
        assert "•" not in screen(pilot)
        field(pilot, "steps").query_one(Input).value = "333"
        await sees(pilot, "1 differs from the defaults")
        assert "100 as lessons-count-0001" in screen(pilot)
        await press(pilot, "ctrl+t")
        await sees(pilot, "Parameters   as lessons-count-0001")
        await press(pilot, "ctrl+t ctrl+t")
        await until(pilot, lambda: field(pilot, "steps").value == 333, "what was typed")

    drive(warm_app, script)


def test_all_choices_of_the_field_in_focus_can_be_read(warm_app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "count")
        field(pilot, "mood").control.focus()
        await sees(pilot, "mood: how it feels · one of calm, keen")

    drive(warm_app, script)


def test_the_palette_offers_what_the_form_can_do(
    warm_app: WorkbenchApp, record: Callable[..., RunFolder]
) -> None:
    record()

    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "count")
        await sees(pilot, "^t other values")
        await press(pilot, "ctrl+p")
        await pilot.press(*"newest run")
        await sees(pilot, "The defaults, the values of the newest run")
        await press(pilot, "escape ctrl+p")
        await pilot.press(*"one batch")
        await sees(pilot, "One batch: shapes, memory, time")

    drive(warm_app, script)


@pytest.mark.parametrize("text", ["", "nowhere/at/all"])
def test_a_path_field_says_whether_it_is_there(
    checkpoints: Path, tmp_path: Path, standby: Standby, text: str
) -> None:
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "reads.py").write_text(READS)
    app = WorkbenchApp(checkpoints, [tmp_path], standby=standby)

    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "reads")
        await sees(pilot, "a path; empty for none")
        field(pilot, "source").query_one(Input).value = text or str(tmp_path)
        await sees(pilot, "nothing is there" if text else "a folder")
        field(pilot, "source").query_one(Input).value = ""
        await sees(pilot, "a path; empty for none")

    drive(app, script, LARGE)


def test_other_values_are_offered_only_where_there_are_some(warm_app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await open_form(pilot, "count")
        await sees(pilot, "Parameters   the defaults")
        assert "other values" not in screen(pilot)
        field(pilot, "steps").query_one(Input).value = "333"
        await sees(pilot, "^t other values")
        await press(pilot, "ctrl+t")
        await sees(pilot, "Parameters   the defaults")
        assert "^t other values" in screen(pilot)  # what was typed

    drive(warm_app, script)
