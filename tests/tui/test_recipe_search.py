"""What the filter finds, in which order, and what is emphasised."""

from __future__ import annotations

import time
from pathlib import Path

from textual.pilot import Pilot

from workbench.catalog import RecipeInfo
from workbench.tui.app import WorkbenchApp
from workbench.tui.recipe_search import FOUND, found, line
from workbench.tui.widgets.recipe_list import RecipeList

from .driving import drive, press, screen, sees


def recipe(recipe_id: str, doc: str = "") -> RecipeInfo:
    return RecipeInfo(recipe_id, Path("/x.py"), Path("/"), doc=doc)


CNN = recipe("images/cnn", "Convolutions tell digits apart.\n\nA small network, [b]trained[/b] fast.")
LINES = recipe("lines/regression", "A line through points.\n\nNo network at all.")
LARGE_CNN = recipe("images/cnn_large", "As above.")


def ids(wanted: str) -> list[str]:
    groups = found([LINES, LARGE_CNN, CNN], wanted).values()
    return [one.recipe.id for group in groups for one in group]


def test_names_titles_topics_and_texts_are_searched_and_ranked() -> None:
    assert ids("cnn") == ["images/cnn", "images/cnn_large"]
    assert ids("digits") == ["images/cnn"]
    assert ids("lines") == ["lines/regression"]
    assert ids("network") == ["lines/regression", "images/cnn"]
    assert ids("network images") == ["images/cnn"]
    assert ids("no such thing") == []
    assert ids("") == ["lines/regression", "images/cnn_large", "images/cnn"]


def test_a_word_of_a_text_comes_before_letters_from_the_middle_of_a_name() -> None:
    listener = recipe("audio/spectrogram_cnn", "Sounds.\n\nAs pictures.")
    writer = recipe("audio/speech_recognition", "Speech becomes text.\n\nBy CTC.")
    groups = found([listener, writer], "ctc")
    assert [one.recipe.name for one in groups["audio"]] == ["speech_recognition", "spectrogram_cnn"]
    assert ids("cnl") == ["images/cnn_large"]


def test_what_was_found_is_emphasised_and_never_markup() -> None:
    (by_name,) = found([CNN], "cn")["images"]
    shown = line(by_name)
    assert shown.plain == "  cnn"
    assert [span.start for span in shown.spans if span.style == FOUND] == [2, 3]
    (by_text,) = found([CNN], "trained")["images"]
    assert line(by_text).plain == "  cnn  …ork, [b]trained[/b] fast."


def test_five_hundred_recipes_are_filtered_within_a_blink() -> None:
    many = [
        recipe(f"topic_{n % 9}/recipe_{n}", "A title.\n\n" + "Some words of text. " * 60)
        for n in range(500)
    ]
    began_s = time.process_time()
    for wanted in ("rcp", "words of", "zzz"):
        found(many, wanted)
    assert (time.process_time() - began_s) / 3 < 0.1


def test_the_cursor_goes_to_the_best_and_topics_keep_their_number(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "lessons  4")
        await press(pilot, "slash s h o u t s")  # nowhere
        await sees(pilot, "no recipe matches")
        await press(pilot, "escape escape slash l o g s space w h a t")
        await sees(pilot, "lessons  1")
        assert "…ne to the end and" not in screen(pilot)
        listed = app.screen.query_one(RecipeList)
        assert listed.chosen is not None and listed.chosen.id == "lessons/count"
        await press(pilot, "escape escape slash r a i s")
        await sees(pilot, "Fails when it is imported")
        assert listed.chosen is not None and listed.chosen.id == "lessons/raises"

    drive(app, script)
